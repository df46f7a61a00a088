# audit: once a day every candle bucket that should exist is accounted for, in the table gaps, and
# what was never requested is requested through ingest. What stays unexplained raises an alarm.

module "audit" {
  source = "./modules/function"

  stack           = local.function_stack
  stage           = "audit"
  description     = "Accounts for every candle that should exist and refills holes"
  policy          = data.aws_iam_policy_document.audit.json
  memory_mb       = 1024
  timeout_seconds = 600

  asynchronous = {
    retries         = 2
    max_age_seconds = 3600
    on_failure_arn  = module.operations.arn
  }

  environment = {
    LAKE_BUCKET     = module.lake.name
    CONFIG_BUCKET   = module.artifacts.name
    CONFIG_KEY      = aws_s3_object.config.key
    INGEST_FUNCTION = module.ingest.name
  }
}

data "aws_iam_policy_document" "audit" {
  statement {
    sid       = "ListEvidence"
    actions   = ["s3:ListBucket"]
    resources = [local.bucket_arns.lake]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["ledger/*", "trusted/assets/*", "trusted/candles/*", "gaps/*"]
    }
  }

  statement {
    sid       = "ReadEvidence"
    actions   = ["s3:GetObject"]
    resources = [for zone in ["ledger", "trusted/assets", "trusted/candles", "gaps"] : "${local.bucket_arns.lake}/${zone}/*"]
  }

  statement {
    sid       = "WriteGaps"
    actions   = ["s3:PutObject"]
    resources = ["${local.bucket_arns.lake}/gaps/*"]
  }

  statement {
    sid       = "ReadConfiguration"
    actions   = ["s3:GetObject"]
    resources = ["${local.bucket_arns.artifacts}/config/*"]
  }

  statement {
    sid       = "RefillThroughIngest"
    actions   = ["lambda:InvokeFunction"]
    resources = ["arn:${local.account.partition}:lambda:${local.account.region}:${local.account.id}:function:${local.prefix}-ingest"]
  }

  statement {
    sid       = "TellOfFailedRuns"
    actions   = ["sns:Publish"]
    resources = [local.operations_arn]
  }

  dynamic "statement" {
    for_each = local.kms_key_arns

    content {
      sid       = "UseKey"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}

locals {
  # Daily what may still change; on the first of a month all of history, for what was backfilled or lost since.
  audits = {
    audit         = { expression = "cron(20 5 * * ? *)", days = 8 }
    audit-history = { expression = "cron(50 5 1 * ? *)", days = 3660 }
  }
}

module "audit_schedule" {
  source   = "./modules/schedule"
  for_each = local.audits

  scheduler    = local.scheduler
  name         = each.key
  description  = "Accounts for every candle that should exist"
  expression   = each.value.expression
  function_arn = module.audit.arn
  input        = jsonencode({ days = each.value.days })
}
