# Keys: the sources' API keys in SSM, and the customer managed KMS key for those who need one
# ($1 a month and a price per request; without it AWS's own keys encrypt all but the topics).

locals {
  key_parameters = {
    for source, version in local.key_versions : source => "/coinlake/${var.environment}/${source}-api-key" if version > 0
  }
  key_parameter_arns = [
    for parameter in values(local.key_parameters) :
    "arn:${local.account.partition}:ssm:${local.account.region}:${local.account.id}:parameter${parameter}"
  ]

  # What whoever uses a table of DynamoDB's needs of its key, to read it too; the first two are what
  # objects and messages need. Source: Amazon DynamoDB Developer Guide, "Encryption at rest".
  table_key_actions = ["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey", "kms:Encrypt", "kms:ReEncrypt*"]

  kms_key_arns = [for key in aws_kms_key.this : key.arn]
  kms_key_arn  = one(local.kms_key_arns)
}

# A parameter's key cannot be changed alone (see below), so a parameter is made anew with it.
resource "terraform_data" "parameter_key" {
  input = local.kms_key_arn
}

# Write-only: the value is in neither state nor plan. Raise the version to write a new one.
resource "aws_ssm_parameter" "api_key" {
  for_each = local.key_parameters

  name             = each.value
  description      = "${local.catalog[each.key].title}'s API key, read by ingest"
  type             = "SecureString"
  key_id           = local.kms_key_arn
  value_wo_version = local.key_versions[each.key]
  value_wo = {
    coingecko = var.coingecko_api_key
    coincap   = var.coincap_api_key
    coindesk  = var.coindesk_api_key
  }[each.key]

  lifecycle {
    # To change anything else of a parameter the provider sends its value again, and without a new
    # version that is empty: SSM refuses it, and the embedded AWS loses the key.
    ignore_changes       = [description]
    replace_triggered_by = [terraform_data.parameter_key]

    # Not a validation of the variable, which would ask for the key to destroy, too.
    precondition {
      condition = length(coalesce({
        coingecko = var.coingecko_api_key
        coincap   = var.coincap_api_key
        coindesk  = var.coindesk_api_key
      }[each.key], "-")) > 1
      error_message = "the plan or the version of ${each.key}'s key says that there is one: export TF_VAR_${each.key}_api_key=<key>, and raise ${each.key}_api_key_version when it changes."
    }
  }
}

moved {
  from = aws_ssm_parameter.coingecko_api_key["this"]
  to   = aws_ssm_parameter.api_key["coingecko"]
}

resource "aws_kms_key" "this" {
  for_each = toset(var.customer_managed_keys ? ["this"] : [])

  description             = "All of ${local.prefix}: buckets, queues, topics, logs, table, environments, schedules"
  enable_key_rotation     = true
  deletion_window_in_days = var.protect_data ? 30 : 7
  policy                  = data.aws_iam_policy_document.key.json
}

resource "aws_kms_alias" "this" {
  for_each = aws_kms_key.this

  name          = "alias/${local.prefix}"
  target_key_id = each.value.key_id
}

# In a key policy "*" means this key.
data "aws_iam_policy_document" "key" {
  # KMS's default: the account's own policies decide who may use the key, so it is never locked out.
  statement {
    sid       = "AccountAdministersKey"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.account.partition}:iam::${local.account.id}:root"]
    }
  }

  # Each service writes to an encrypted queue or topic on behalf of one of ours.
  dynamic "statement" {
    for_each = {
      BucketsSendEvents  = { service = "s3.amazonaws.com", arns = [local.bucket_arns.raw, local.bucket_arns.lake] }
      TopicsSendEvents   = { service = "sns.amazonaws.com", arns = [for zone in local.zone_topics : local.topic_arns[zone]] }
      AlarmsSendMessages = { service = "cloudwatch.amazonaws.com", arns = [local.alarm_arns] }
    }

    content {
      sid       = statement.key
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = ["*"]

      principals {
        type        = "Service"
        identifiers = [statement.value.service]
      }

      condition {
        test     = "ArnLike"
        variable = "aws:SourceArn"
        values   = statement.value.arns
      }

      # A topic's ARN names its account; SNS documents only the ARN.
      dynamic "condition" {
        for_each = statement.value.service == "sns.amazonaws.com" ? [] : [local.account.id]

        content {
          test     = "StringEquals"
          variable = "aws:SourceAccount"
          values   = [condition.value]
        }
      }
    }
  }

  # CloudFront reads the site bucket's objects. Any distribution of the account: the key must not wait
  # for one, which an account that AWS has not verified may not make.
  dynamic "statement" {
    for_each = local.dashboard_public

    content {
      sid       = "DashboardIsShown"
      actions   = ["kms:Decrypt"]
      resources = ["*"]

      principals {
        type        = "Service"
        identifiers = ["cloudfront.amazonaws.com"]
      }

      condition {
        test     = "ArnLike"
        variable = "aws:SourceArn"
        values   = ["arn:${local.account.partition}:cloudfront::${local.account.id}:distribution/*"]
      }

      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [local.account.id]
      }
    }
  }

  statement {
    sid       = "LogGroupsEncrypt"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:DescribeKey"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${local.account.region}.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values = [
        for place in ["ecs", "lambda", "vendedlogs/states"] :
        "arn:${local.account.partition}:logs:${local.account.region}:${local.account.id}:log-group:/aws/${place}/${local.prefix}-*"
      ]
    }
  }
}
