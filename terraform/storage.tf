# The buckets, and the topics that announce what is new in the lake.
#
# raw        what the sources answered, written once by ingest
# lake       trusted/, refined/, quarantine/, ledger/ and gaps/, all computed from raw
# artifacts  layers/, config/, backfills/ (plans and results) and athena/ (query results)

locals {
  force_destroy = !var.protect_data
  zone_topics   = toset(["trusted", "refined", "quarantine"])
}

# Immutable: a write without If-None-Match is refused, the parts of an upload excepted, which
# cannot carry it. Source: Amazon S3 User Guide, "Enforce conditional writes on Amazon S3 buckets".
data "aws_iam_policy_document" "raw_is_written_once" {
  statement {
    sid       = "DenyOverwrites"
    effect    = "Deny"
    actions   = ["s3:PutObject"]
    resources = ["${local.bucket_arns.raw}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Null"
      variable = "s3:if-none-match"
      values   = ["true"]
    }

    condition {
      test     = "Bool"
      variable = "s3:ObjectCreationOperation"
      values   = ["true"]
    }
  }
}

module "raw" {
  source = "./modules/bucket"

  stack    = local.stack
  name     = local.buckets.raw
  policies = [data.aws_iam_policy_document.raw_is_written_once.json]

  lifecycle_rules = {
    # Objects below 128 KB stay where they are: S3 does not move them, for they would cost more.
    archive = { prefix = "raw/", archive_days = var.raw_transition_days }
  }
}

module "lake" {
  source = "./modules/bucket"

  stack = local.stack
  name  = local.buckets.lake

  lifecycle_rules = merge(
    {
      # Whatever was replaced can be computed again from raw.
      forget-replaced = { noncurrent_days = 1 }
    },
    local.handoff_lifecycle,
  )
}

module "artifacts" {
  source = "./modules/bucket"

  stack = local.stack
  name  = local.buckets.artifacts

  lifecycle_rules = {
    forget-results   = { prefix = "athena/", expire_days = 7, noncurrent_days = 1 }
    forget-backfills = { prefix = "backfills/", expire_days = 90, noncurrent_days = 1 }
    forget-replaced  = { noncurrent_days = 30 }
  }
}

# One topic per zone, so that any number of consumers can subscribe.
module "zone_topic" {
  source   = "./modules/topic"
  for_each = local.zone_topics

  stack     = local.stack
  name      = each.key
  publisher = { service = "s3.amazonaws.com", arn = local.bucket_arns.lake }
}

resource "aws_s3_bucket_notification" "lake" {
  bucket = module.lake.name

  dynamic "topic" {
    for_each = local.zone_topics

    content {
      id            = topic.key
      topic_arn     = module.zone_topic[topic.key].arn
      events        = ["s3:ObjectCreated:*"]
      filter_prefix = "${topic.key}/"
    }
  }

  dynamic "topic" {
    for_each = module.handoff_topic

    content {
      id            = "handoff-${topic.key}"
      topic_arn     = topic.value.arn
      events        = ["s3:ObjectCreated:*"]
      filter_prefix = "handoff/${topic.key}/"
    }
  }
}
