# ingest: each feed's schedule invokes it; it requests from the source and keeps the answer in raw.

module "ingest" {
  source = "./modules/function"

  stack           = local.function_stack
  stage           = "ingest"
  description     = "Asks a source what one feed wants and keeps the answer, as received, in raw"
  policy          = data.aws_iam_policy_document.ingest.json
  memory_mb       = 256
  timeout_seconds = var.function_timeout_seconds

  asynchronous = {
    retries         = 2
    max_age_seconds = 3600
    on_failure_arn  = aws_sqs_queue.ingest_dlq.arn
  }

  environment = {
    RAW_BUCKET    = module.raw.name
    CONFIG_BUCKET = module.artifacts.name
    CONFIG_KEY    = aws_s3_object.config.key
    STATE_TABLE   = aws_dynamodb_table.state.name
  }
}

data "aws_iam_policy_document" "ingest" {
  statement {
    sid       = "WriteRaw"
    actions   = ["s3:PutObject"]
    resources = ["${local.bucket_arns.raw}/raw/*"]
  }

  # The revisions that a window has, and the hash of the newest, to write the next one.
  statement {
    sid       = "FindRevisions"
    actions   = ["s3:ListBucket"]
    resources = [local.bucket_arns.raw]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["raw/*"]
    }
  }

  statement {
    sid       = "CompareRevisions"
    actions   = ["s3:GetObject"]
    resources = ["${local.bucket_arns.raw}/raw/*"]
  }

  # The token bucket that all runs of a source share, one item each, and nothing else in the table.
  statement {
    sid       = "ShareLimits"
    actions   = ["dynamodb:UpdateItem"]
    resources = [local.state_table_arn]

    condition {
      test     = "ForAllValues:StringLike"
      variable = "dynamodb:LeadingKeys"
      values   = ["limit#*"]
    }
  }

  # The version that runs reads its own configuration while the next one is deployed.
  statement {
    sid       = "ReadConfiguration"
    actions   = ["s3:GetObject"]
    resources = ["${local.bucket_arns.artifacts}/config/*"]
  }

  statement {
    sid       = "KeepFailedRuns"
    actions   = ["sqs:SendMessage"]
    resources = [local.queue_arns.ingest-dlq]
  }

  dynamic "statement" {
    for_each = length(local.key_parameter_arns) > 0 ? [local.key_parameter_arns] : []

    content {
      sid       = "ReadApiKeys"
      actions   = ["ssm:GetParameter"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = local.kms_key_arns

    content {
      sid       = "UseKey"
      actions   = local.table_key_actions
      resources = [statement.value]
    }
  }
}

# Runs that failed three times, each with its event, for `coinlake redrive ingest`.
resource "aws_sqs_queue" "ingest_dlq" {
  name                              = "${local.prefix}-ingest-dlq"
  message_retention_seconds         = 14 * 24 * 3600
  sqs_managed_sse_enabled           = var.customer_managed_keys ? null : true
  kms_master_key_id                 = local.kms_key_arn
  kms_data_key_reuse_period_seconds = 300
  policy                            = data.aws_iam_policy_document.ingest_dlq.json
}

data "aws_iam_policy_document" "ingest_dlq" {
  statement {
    sid       = "DenyPlainHttp"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [local.queue_arns.ingest-dlq]

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

module "feed_schedule" {
  source   = "./modules/schedule"
  for_each = local.feeds

  scheduler    = local.scheduler
  name         = "feed-${each.key}"
  description  = "Runs the feed ${each.key}"
  expression   = each.value.schedule
  enabled      = each.value.enabled
  function_arn = module.ingest.arn

  input = jsonencode({
    feed           = each.key
    scheduled_time = "<aws.scheduler.scheduled-time>"
  })

  # What lands before S3 sends events would wait for reconcile.
  depends_on = [aws_s3_bucket_notification.raw, aws_s3_bucket_notification.lake]
}
