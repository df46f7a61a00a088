# audit: once a day every candle bucket that should exist is accounted for, in the table gaps, and
# what nobody asked for is asked for through ingest. Its metric GapsUnexplained has no alarm: the
# ten free ones are taken, and `coinlake gaps` tells.

module "audit" {
  source = "./modules/function"

  account              = local.account
  name                 = "${local.prefix}-audit"
  stage                = "audit"
  metrics_namespace    = local.prefix
  description          = "Accounts for every candle that should exist and refills holes"
  handler              = "audit.handler.handler"
  package              = "${var.packages}/audit.zip"
  runtime              = local.runtime
  policy               = data.aws_iam_policy_document.audit.json
  memory_mb            = 1024
  timeout_seconds      = 600
  reserved_concurrency = lookup(var.reserved_concurrency, "audit", -1)
  log_retention_days   = var.log_retention_days
  kms_key_arn          = local.kms_key_arn
  asynchronous         = { retries = 2, max_age_seconds = 3600 }

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
      values   = ["ledger/*", "trusted/candles/*", "gaps/*"]
    }
  }

  statement {
    sid       = "ReadEvidence"
    actions   = ["s3:GetObject"]
    resources = [for zone in ["ledger", "trusted/candles", "gaps"] : "${local.bucket_arns.lake}/${zone}/*"]
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

  dynamic "statement" {
    for_each = local.kms_key_arns

    content {
      sid       = "UseKey"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}

module "audit_schedule" {
  source = "./modules/schedule"

  name         = "audit"
  group_name   = aws_scheduler_schedule_group.this.name
  description  = "Accounts for every candle that should exist"
  expression   = "cron(20 5 * * ? *)"
  function_arn = module.audit.arn
  role_arn     = aws_iam_role.scheduler.arn
  kms_key_arn  = local.kms_key_arn
  input        = jsonencode({ days = 35 })
}
