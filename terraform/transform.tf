# transform: S3 sends an event for each new raw object to a queue; the object becomes trusted, quarantine and ledger.

locals {
  # What a ledger entry's version stands for: a rerun under the same version has nothing to do.
  code_version = substr(sha256(join("", [
    filesha256("${var.packages}/transform.zip"),
    filesha256(local.layers.coinlake),
    jsonencode(var.assets),
  ])), 0, 16)
}

module "transform" {
  source = "./modules/function"

  stack           = local.function_stack
  stage           = "transform"
  description     = "Turns each raw object into typed Parquet, rejected rows and a ledger entry"
  policy          = data.aws_iam_policy_document.transform.json
  memory_mb       = 1024
  timeout_seconds = var.function_timeout_seconds

  environment = {
    RAW_BUCKET                = module.raw.name
    LAKE_BUCKET               = module.lake.name
    CONFIG_BUCKET             = module.artifacts.name
    CONFIG_KEY                = aws_s3_object.config.key
    CODE_VERSION              = local.code_version
    MAX_RAW_MB                = 64
    ARROW_DEFAULT_MEMORY_POOL = "system" # less memory and time than Arrow's own; see docs/performance.md
  }
}

data "aws_iam_policy_document" "transform" {
  statement {
    sid       = "ReadRaw"
    actions   = ["s3:GetObject"]
    resources = ["${local.bucket_arns.raw}/raw/*"]
  }

  # Without a right to list, S3 answers 403, not 404, for a key that does not exist; the right may
  # be limited to the key's prefix. Source: Amazon S3 API Reference, GetObject; kopia/kopia#3072.
  statement {
    sid       = "KnowThatRawIsGone"
    actions   = ["s3:ListBucket"]
    resources = [local.bucket_arns.raw]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["raw/*"]
    }
  }

  statement {
    sid       = "WriteLake"
    actions   = ["s3:PutObject"]
    resources = [for zone in ["trusted", "quarantine", "ledger"] : "${local.bucket_arns.lake}/${zone}/*"]
  }

  # A rerun under newer code deletes what it no longer produces.
  statement {
    sid       = "DeleteStaleOutputs"
    actions   = ["s3:DeleteObject"]
    resources = [for zone in ["trusted", "quarantine"] : "${local.bucket_arns.lake}/${zone}/*"]
  }

  statement {
    sid       = "ReadLedger"
    actions   = ["s3:GetObject"]
    resources = ["${local.bucket_arns.lake}/ledger/*"]
  }

  statement {
    sid       = "KnowThatLedgerHasNoEntry"
    actions   = ["s3:ListBucket"]
    resources = [local.bucket_arns.lake]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["ledger/*"]
    }
  }

  statement {
    sid       = "ReadConfiguration"
    actions   = ["s3:GetObject"]
    resources = ["${local.bucket_arns.artifacts}/config/*"]
  }

  statement {
    sid       = "TakeFromQueue"
    actions   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
    resources = [local.queue_arns.transform]
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

module "transform_queue" {
  source = "./modules/object_queue"

  stack               = local.stack
  name                = "transform"
  sender              = { service = "s3.amazonaws.com", arns = [local.bucket_arns.raw] }
  function_arn        = module.transform.arn
  timeout_seconds     = var.function_timeout_seconds
  maximum_concurrency = 5
}

resource "aws_s3_bucket_notification" "raw" {
  bucket = module.raw.name

  queue {
    id            = "transform"
    queue_arn     = module.transform_queue.arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = "raw/"
  }
}
