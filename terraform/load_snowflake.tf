# Snowflake: the role in which it fetches copies and writes its report, and the topic that tells its pipes of new
# ones. `coinlake snowflake sql` renders its side. Nothing without load.snowflake.

locals {
  snowflake = { for name, target in local.load_targets : name => target if name == "snowflake" }

  # Known before the role, so that Snowflake's side can be made first; it is no secret.
  snowflake_external_id = "${local.prefix}-${local.account.id}"

  # Who Snowflake is in AWS is known only once its integration is made: until then nobody is trusted.
  snowflake_users       = { for name, target in local.snowflake : name => target.user_arn if target.user_arn != null }
  snowflake_subscribers = { for name, target in local.snowflake : name => coalesce(target.subscriber_arn, target.user_arn) if target.user_arn != null }
}

data "aws_iam_policy_document" "snowflake_trust" {
  for_each = local.snowflake

  dynamic "statement" {
    for_each = local.snowflake_users

    content {
      sid     = "SnowflakeOfThisAccount"
      actions = ["sts:AssumeRole"]

      principals {
        type        = "AWS"
        identifiers = [statement.value]
      }

      condition {
        test     = "StringEquals"
        variable = "sts:ExternalId"
        values   = [local.snowflake_external_id]
      }
    }
  }

  dynamic "statement" {
    for_each = length(local.snowflake_users) == 0 ? ["nobody"] : []

    content {
      sid     = "NobodyUntilUserArnIsSet"
      effect  = "Deny"
      actions = ["sts:AssumeRole"]

      principals {
        type        = "AWS"
        identifiers = ["*"]
      }
    }
  }
}

# Source: Snowflake documentation, "Configuring a Snowflake storage integration to access Amazon S3".
data "aws_iam_policy_document" "snowflake" {
  for_each = local.snowflake

  statement {
    sid       = "ReadCopies"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["${local.bucket_arns.lake}/handoff/snowflake/*"]
  }

  statement {
    sid       = "ListHandoff"
    actions   = ["s3:ListBucket"]
    resources = [local.bucket_arns.lake]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["handoff/snowflake/*", "handoff/reports/snowflake/*"]
    }
  }

  statement {
    sid       = "LocateLake"
    actions   = ["s3:GetBucketLocation"]
    resources = [local.bucket_arns.lake]
  }

  statement {
    sid       = "WriteReport"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${local.bucket_arns.lake}/handoff/reports/snowflake/*"]
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

resource "aws_iam_role" "snowflake" {
  for_each = local.snowflake

  name                 = "${local.prefix}-snowflake"
  description          = "What Snowflake may read of ${local.prefix}: the copies that it is handed"
  assume_role_policy   = data.aws_iam_policy_document.snowflake_trust[each.key].json
  permissions_boundary = var.permissions_boundary
}

resource "aws_iam_role_policy" "snowflake" {
  for_each = local.snowflake

  name   = "permissions"
  role   = aws_iam_role.snowflake[each.key].name
  policy = data.aws_iam_policy_document.snowflake[each.key].json
}

# Who else may subscribe to the topic: the queue of Snowflake's pipes.
data "aws_iam_policy_document" "snowflake_subscribes" {
  for_each = local.snowflake_subscribers

  statement {
    sid       = "SnowflakeListens"
    actions   = ["sns:Subscribe"]
    resources = [local.topic_arns.handoff]

    principals {
      type        = "AWS"
      identifiers = [each.value]
    }
  }
}

module "handoff_topic" {
  source   = "./modules/topic"
  for_each = local.snowflake

  stack     = local.stack
  name      = "handoff"
  publisher = { service = "s3.amazonaws.com", arn = local.bucket_arns.lake }
  policies  = [for document in data.aws_iam_policy_document.snowflake_subscribes : document.json]
}

# What the function reads of Snowflake's own word.
data "aws_iam_policy_document" "snowflake_report" {
  for_each = local.snowflake

  statement {
    sid       = "ReadReport"
    actions   = ["s3:GetObject"]
    resources = ["${local.bucket_arns.lake}/handoff/reports/snowflake/*"]
  }

  # Where there is none yet, S3 must answer 404.
  statement {
    sid       = "ListReports"
    actions   = ["s3:ListBucket"]
    resources = [local.bucket_arns.lake]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["handoff/reports/snowflake/*"]
    }
  }
}
