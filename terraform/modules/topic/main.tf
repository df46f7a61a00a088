# One topic: TLS only, with the AWS service that may publish, if any, and its e-mail addresses.

locals {
  account = var.stack.account
  name    = "${var.stack.prefix}-${var.name}"
  arn     = "arn:${local.account.partition}:sns:${local.account.region}:${local.account.id}:${local.name}"
}

# Without a customer managed key the topic is not encrypted at rest by KMS: AWS's own key
# (alias/aws/sns) admits neither S3 nor CloudWatch, which must publish here.
resource "aws_sns_topic" "this" {
  name              = local.name
  display_name      = var.display_name
  kms_master_key_id = var.stack.kms_key_arn
}

data "aws_iam_policy_document" "this" {
  source_policy_documents = var.policies

  dynamic "statement" {
    for_each = var.publisher == null ? [] : [var.publisher]

    content {
      sid       = "TakeEvents"
      actions   = ["sns:Publish"]
      resources = [local.arn]

      principals {
        type        = "Service"
        identifiers = [statement.value.service]
      }

      condition {
        test     = "ArnLike"
        variable = "aws:SourceArn"
        values   = [statement.value.arn]
      }

      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [local.account.id]
      }
    }
  }

  statement {
    sid       = "DenyPlainHttp"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [local.arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sns_topic_policy" "this" {
  arn    = aws_sns_topic.this.arn
  policy = data.aws_iam_policy_document.this.json
}

resource "aws_sns_topic_subscription" "email" {
  for_each = var.emails

  topic_arn = aws_sns_topic.this.arn
  protocol  = "email"
  endpoint  = each.value
}
