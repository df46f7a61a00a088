# reconcile: once a day, raw objects without a ledger entry go back to transform's queue. This, not
# the event, is the guarantee that nothing is lost.

module "reconcile" {
  source = "./modules/function"

  stack           = local.function_stack
  stage           = "reconcile"
  description     = "Sends raw objects without a ledger entry back to transform"
  policy          = data.aws_iam_policy_document.reconcile.json
  memory_mb       = 512
  timeout_seconds = var.function_timeout_seconds

  asynchronous = {
    retries         = 2
    max_age_seconds = 3600
    on_failure_arn  = module.operations.arn
  }

  environment = {
    RAW_BUCKET          = module.raw.name
    LAKE_BUCKET         = module.lake.name
    TRANSFORM_QUEUE_URL = module.transform_queue.url
  }
}

data "aws_iam_policy_document" "reconcile" {
  statement {
    sid       = "ListRaw"
    actions   = ["s3:ListBucket"]
    resources = [local.bucket_arns.raw]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["raw/*"]
    }
  }

  statement {
    sid       = "ListLedger"
    actions   = ["s3:ListBucket"]
    resources = [local.bucket_arns.lake]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["ledger/*"]
    }
  }

  statement {
    sid       = "SendBackToTransform"
    actions   = ["sqs:SendMessage"]
    resources = [local.queue_arns.transform]
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

module "reconcile_schedule" {
  source = "./modules/schedule"

  scheduler    = local.scheduler
  name         = "reconcile"
  description  = "Looks for raw objects that were never transformed"
  expression   = "cron(40 4 * * ? *)"
  function_arn = module.reconcile.arn
  input        = jsonencode({ days = var.reconcile_days })
}
