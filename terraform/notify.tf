# notify: what is new in the lake, and every five minutes what is missing, against the rules; mails.

locals {
  dead_letter_queues = {
    ingest    = aws_sqs_queue.ingest_dlq.url
    transform = module.transform_queue.dlq_url
    refine    = module.refine_queue.dlq_url
    notify    = module.notify_queue.dlq_url
  }
  dead_letter_queue_arns = [for stage in ["ingest", "transform", "refine", "notify"] : local.queue_arns["${stage}-dlq"]]
}

module "notify" {
  source = "./modules/function"

  stack           = local.function_stack
  stage           = "notify"
  description     = "Mails when a price, a quarantined row, a failure or a silence asks for it"
  policy          = data.aws_iam_policy_document.notify.json
  memory_mb       = 512
  timeout_seconds = var.function_timeout_seconds

  # A watch that fails is not repeated: the next one comes in five minutes.
  asynchronous = { retries = 0, max_age_seconds = 300 }

  environment = {
    LAKE_BUCKET        = module.lake.name
    CONFIG_BUCKET      = module.artifacts.name
    CONFIG_KEY         = aws_s3_object.config.key
    STATE_TABLE        = aws_dynamodb_table.state.name
    ALERTS_TOPIC_ARN   = module.alerts.arn
    DEAD_LETTER_QUEUES = jsonencode(local.dead_letter_queues)
  }
}

data "aws_iam_policy_document" "notify" {
  statement {
    sid       = "ReadLake"
    actions   = ["s3:GetObject"]
    resources = [for zone in ["trusted", "refined", "quarantine"] : "${local.bucket_arns.lake}/${zone}/*"]
  }

  # An object that a rerun deleted must answer 404, not 403 (see transform.tf); a new high of all days
  # needs the list of months.
  statement {
    sid       = "KnowWhatIsThere"
    actions   = ["s3:ListBucket"]
    resources = [local.bucket_arns.lake]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["trusted/*", "refined/*", "quarantine/*"]
    }
  }

  statement {
    sid       = "ReadConfiguration"
    actions   = ["s3:GetObject"]
    resources = ["${local.bucket_arns.artifacts}/config/*"]
  }

  statement {
    sid       = "RememberPricesAndAlerts"
    actions   = ["dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]
    resources = [local.state_table_arn]
  }

  statement {
    sid       = "SendAlerts"
    actions   = ["sns:Publish"]
    resources = [local.topic_arns.alerts]
  }

  statement {
    sid       = "CountDeadLetters"
    actions   = ["sqs:GetQueueAttributes"]
    resources = local.dead_letter_queue_arns
  }

  statement {
    sid       = "TakeFromQueue"
    actions   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
    resources = [local.queue_arns.notify]
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

module "notify_queue" {
  source = "./modules/object_queue"

  stack               = local.stack
  name                = "notify"
  sender              = { service = "sns.amazonaws.com", arns = [for zone in local.zone_topics : local.topic_arns[zone]] }
  function_arn        = module.notify.arn
  timeout_seconds     = var.function_timeout_seconds
  maximum_concurrency = 2
}

resource "aws_sns_topic_subscription" "notify" {
  for_each = local.zone_topics

  topic_arn            = module.zone_topic[each.key].arn
  protocol             = "sqs"
  endpoint             = module.notify_queue.arn
  raw_message_delivery = true
}

module "watch_schedule" {
  source = "./modules/schedule"

  scheduler       = local.scheduler
  name            = "watch"
  description     = "Looks for what did not arrive"
  expression      = "cron(0/5 * * * ? *)"
  function_arn    = module.notify.arn
  max_age_seconds = 300
  input           = jsonencode({ watch = "<aws.scheduler.scheduled-time>" })
}

# Recent prices for rules over a window, the state of each alert, and what was sent.
resource "aws_dynamodb_table" "state" {
  name                        = "${local.prefix}-state"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  range_key                   = "sk"
  deletion_protection_enabled = var.protect_data

  attribute {
    name = "pk"
    type = "S"
  }

  attribute {
    name = "sk"
    type = "S"
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = var.protect_data
  }

  # Disabled means encrypted with a key that DynamoDB owns.
  server_side_encryption {
    enabled     = var.customer_managed_keys
    kms_key_arn = local.kms_key_arn
  }
}

locals {
  state_table_arn = "arn:${local.account.partition}:dynamodb:${local.account.region}:${local.account.id}:table/${local.prefix}-state"
}

# Where alerts are published.
module "alerts" {
  source = "./modules/topic"

  stack        = local.stack
  name         = "alerts"
  display_name = "coinlake ${var.environment}"
  emails       = toset(var.alert_emails)
}

# What whoever runs the lake must know: the alarms of alarms.tf, and daily runs that failed in the end.
locals {
  operations_emails = length(coalesce(var.operations_emails, [])) > 0 ? var.operations_emails : var.alert_emails

  operations_arn = "arn:${local.account.partition}:sns:${local.account.region}:${local.account.id}:${local.prefix}-operations"
}

module "operations" {
  source = "./modules/topic"

  stack        = local.stack
  name         = "operations"
  display_name = "coinlake ${var.environment} operations"
  publisher    = { service = "cloudwatch.amazonaws.com", arn = local.alarm_arns }
  emails       = toset(local.operations_emails)
}
