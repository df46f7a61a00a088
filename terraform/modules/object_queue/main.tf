# Events about new objects, on their way to a function: queue, dead letter queue, mapping.

locals {
  account = var.stack.account
  name    = "${var.stack.prefix}-${var.name}"
  arn     = "arn:${local.account.partition}:sqs:${local.account.region}:${local.account.id}:${local.name}"
  dlq_arn = "${local.arn}-dlq"
}

resource "aws_sqs_queue" "dlq" {
  name                              = "${local.name}-dlq"
  message_retention_seconds         = 14 * 24 * 3600 # a message keeps its age when it moves here
  sqs_managed_sse_enabled           = var.stack.kms_key_arn == null ? true : null
  kms_master_key_id                 = var.stack.kms_key_arn
  kms_data_key_reuse_period_seconds = 300
  policy                            = data.aws_iam_policy_document.dlq.json
}

resource "aws_sqs_queue" "this" {
  name                              = local.name
  message_retention_seconds         = 4 * 24 * 3600
  visibility_timeout_seconds        = 6 * var.timeout_seconds # AWS's rule for queues of functions
  receive_wait_time_seconds         = 20
  sqs_managed_sse_enabled           = var.stack.kms_key_arn == null ? true : null
  kms_master_key_id                 = var.stack.kms_key_arn
  kms_data_key_reuse_period_seconds = 300
  policy                            = data.aws_iam_policy_document.this.json

  redrive_policy = jsonencode({
    deadLetterTargetArn = local.dlq_arn
    maxReceiveCount     = var.stack.max_receive_count
  })

  depends_on = [aws_sqs_queue.dlq]
}

data "aws_iam_policy_document" "this" {
  statement {
    sid       = "TakeEvents"
    actions   = ["sqs:SendMessage"]
    resources = [local.arn]

    principals {
      type        = "Service"
      identifiers = [var.sender.service]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = var.sender.arns
    }

    # A topic's ARN names its account, a bucket's does not; SNS documents only the ARN.
    dynamic "condition" {
      for_each = var.sender.service == "s3.amazonaws.com" ? [local.account.id] : []

      content {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [condition.value]
      }
    }
  }

  statement {
    sid       = "DenyPlainHttp"
    effect    = "Deny"
    actions   = ["sqs:*"]
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

data "aws_iam_policy_document" "dlq" {
  statement {
    sid       = "DenyPlainHttp"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [local.dlq_arn]

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

resource "aws_lambda_event_source_mapping" "this" {
  for_each = var.function_arn == null ? {} : { this = var.function_arn }

  event_source_arn        = aws_sqs_queue.this.arn
  function_name           = each.value
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = var.maximum_concurrency
  }
}

moved {
  from = aws_lambda_event_source_mapping.this
  to   = aws_lambda_event_source_mapping.this["this"]
}
