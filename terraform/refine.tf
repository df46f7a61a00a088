# refine: what is new in trusted, merged into one file for each partition. On a schedule the function
# empties its queue itself, so that SQS is not polled; at once (refine_batch_minutes = 0) SQS invokes it.

locals {
  refine_timeout_seconds = 300
  refine_at_once         = var.refine_batch_minutes == 0

  # Two minutes after the feeds, so that what was due at the full quarter is in the quarter's run.
  refine_minutes = {
    0  = "*" # never runs: the schedule is off
    1  = "*"
    60 = "2"
  }

  # What the dashboard's files take besides refined: they show gaps, quarantine, feeds, mails and queues.
  refine_publishes = !var.enable_dashboard ? {} : {
    PublishFiles = {
      actions   = ["s3:PutObject"]
      resources = [for site in local.site_bucket_arns : "${site}/data/*"]
    }
    ReadGaps = {
      actions   = ["s3:GetObject"]
      resources = ["${local.bucket_arns.lake}/gaps/*"]
    }
    ReadFeedsAndMails = {
      actions   = ["dynamodb:BatchGetItem", "dynamodb:Query"]
      resources = [local.state_table_arn]
    }
    CountDeadLetters = {
      actions   = ["sqs:GetQueueAttributes"]
      resources = local.dead_letter_queue_arns
    }
  }
}

module "refine" {
  source = "./modules/function"

  stack           = local.function_stack
  stage           = "refine"
  description     = "Merges what is new in trusted into one sorted file for each partition, and derives"
  policy          = data.aws_iam_policy_document.refine.json
  memory_mb       = 2048
  timeout_seconds = local.refine_timeout_seconds

  # What a run leaves undone is still in the queue; only the daily search has no queue behind it.
  asynchronous = { retries = 1, max_age_seconds = 3600 }

  environment = {
    LAKE_BUCKET               = module.lake.name
    QUEUE_URL                 = module.refine_queue.url
    CONFIG_BUCKET             = module.artifacts.name
    CONFIG_KEY                = aws_s3_object.config.key
    BATCH_MINUTES             = max(var.refine_batch_minutes, 1)
    DERIVE_MINUTES            = var.derive_minutes
    SITE_BUCKET               = local.site_bucket
    STATE_TABLE               = aws_dynamodb_table.state.name
    DEAD_LETTER_QUEUES        = jsonencode(local.dead_letter_queues)
    ARROW_DEFAULT_MEMORY_POOL = "system" # gives back what is freed, as in transform.tf
  }
}

data "aws_iam_policy_document" "refine" {
  # Quarantine: an answer with rejected rows does not show which buckets had no trade (decision 11).
  statement {
    sid       = "ReadTrustedPartsAndQuarantine"
    actions   = ["s3:GetObject"]
    resources = [for zone in ["trusted", "refined", "quarantine"] : "${local.bucket_arns.lake}/${zone}/*"]
  }

  statement {
    sid       = "WriteParts"
    actions   = ["s3:PutObject"]
    resources = ["${local.bucket_arns.lake}/refined/*"]
  }

  # Also: a part that is not there yet, or a file that a rerun deleted, must answer 404 (see transform.tf).
  statement {
    sid       = "ListPartsAndTheDaysFiles"
    actions   = ["s3:ListBucket"]
    resources = [local.bucket_arns.lake]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = concat(["trusted/*", "refined/*", "quarantine/*"], var.enable_dashboard ? ["gaps/*"] : [])
    }
  }

  statement {
    sid       = "ReadConfiguration"
    actions   = ["s3:GetObject"]
    resources = ["${local.bucket_arns.artifacts}/config/*"]
  }

  # Lambda, which polls the queue in this role's name, also asks for its attributes.
  statement {
    sid       = "TakeFromQueue"
    actions   = concat(["sqs:DeleteMessage", "sqs:ReceiveMessage"], local.refine_at_once ? ["sqs:GetQueueAttributes"] : [])
    resources = [local.queue_arns.refine]
  }

  dynamic "statement" {
    for_each = local.refine_publishes

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }

  dynamic "statement" {
    for_each = local.site_bucket_arns

    content {
      sid       = "CompareFiles"
      actions   = ["s3:ListBucket"]
      resources = [statement.value]

      condition {
        test     = "StringLike"
        variable = "s3:prefix"
        values   = ["data/*"]
      }
    }
  }

  dynamic "statement" {
    for_each = local.kms_key_arns

    content {
      sid = "UseKey"
      # For the dashboard it reads the state table.
      actions   = var.enable_dashboard ? local.table_key_actions : ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}

module "refine_queue" {
  source = "./modules/object_queue"

  stack               = local.stack
  name                = "refine"
  sender              = { service = "sns.amazonaws.com", arns = [local.topic_arns.trusted] }
  function_arn        = local.refine_at_once ? module.refine.arn : null
  timeout_seconds     = local.refine_timeout_seconds
  maximum_concurrency = 2
}

resource "aws_sns_topic_subscription" "refine" {
  topic_arn            = module.zone_topic["trusted"].arn
  protocol             = "sqs"
  endpoint             = module.refine_queue.arn
  raw_message_delivery = true
}

module "refine_schedule" {
  source = "./modules/schedule"

  scheduler       = local.scheduler
  name            = "refine"
  description     = "Merges what is new in trusted"
  expression      = "cron(${lookup(local.refine_minutes, var.refine_batch_minutes, "2/${var.refine_batch_minutes}")} * * * ? *)"
  enabled         = !local.refine_at_once
  function_arn    = module.refine.arn
  max_age_seconds = 300
  input           = jsonencode({ refine = "<aws.scheduler.scheduled-time>" })
}

# Once a day the last day's files go through again, for events that never came. What refined holds
# already changes nothing and is not written.
module "heal_schedule" {
  source = "./modules/schedule"

  scheduler    = local.scheduler
  name         = "heal"
  description  = "Merges the last day's trusted files once more"
  expression   = "cron(50 5 * * ? *)"
  function_arn = module.refine.arn
  input        = jsonencode({ heal = "<aws.scheduler.scheduled-time>" })
}
