# coinlake: one stack, the same on AWS and on the embedded AWS of the laptop.
# Each stage has a file of its own; what they share is here and in storage.tf.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # The bucket, the key and use_lockfile come from `coinlake`, so that no account is written here.
  backend "s3" {}
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      project     = "coinlake"
      environment = var.environment
      managed-by  = "terraform"
    }
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# Names and ARNs are spelled here, not taken from resources: so every policy is known at plan
# time, where a reviewer reads it and the tests pin it.
locals {
  prefix = "coinlake-${var.environment}"

  account = {
    id        = data.aws_caller_identity.current.account_id
    region    = var.region
    partition = data.aws_partition.current.partition
  }

  # Bucket names are unique in the world: the account and the region make them ours.
  buckets = {
    for zone in ["raw", "lake", "artifacts", "site"] : zone => "${local.prefix}-${zone}-${local.account.id}-${local.account.region}"
  }
  bucket_arns = { for zone, name in local.buckets : zone => "arn:${local.account.partition}:s3:::${name}" }

  queue_arns = {
    for queue in ["ingest-dlq", "transform", "transform-dlq", "refine", "refine-dlq", "notify", "notify-dlq"] :
    queue => "arn:${local.account.partition}:sqs:${local.account.region}:${local.account.id}:${local.prefix}-${queue}"
  }
  topic_arns = {
    for topic in ["trusted", "refined", "quarantine", "alerts", "operations", "handoff"] :
    topic => "arn:${local.account.partition}:sns:${local.account.region}:${local.account.id}:${local.prefix}-${topic}"
  }

  # What every bucket, queue and topic is given.
  stack = {
    account           = local.account
    prefix            = local.prefix
    kms_key_arn       = local.kms_key_arn
    force_destroy     = local.force_destroy
    max_receive_count = var.max_receive_count
    access_log_bucket = var.access_log_bucket
  }

  # What every function is given: that, and what only functions need. It waits for the layers to be
  # uploaded; buckets, queues and topics do not.
  function_stack = merge(local.stack, {
    packages             = var.packages
    log_retention_days   = var.log_retention_days
    reserved_concurrency = var.reserved_concurrency
    permissions_boundary = var.permissions_boundary
    detailed_monitoring  = var.detailed_monitoring
    runtime = {
      name         = var.python_runtime
      architecture = var.architecture
      layers       = [for layer in aws_lambda_layer_version.this : layer.arn]
    }
  })
}
