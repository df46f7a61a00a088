# What the collector may do, and what Fargate may do to start it.

data "aws_iam_policy_document" "stream_trust" {
  statement {
    sid     = "TasksRunAsThisRole"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    # Source: Amazon ECS Developer Guide, "Confused deputy".
    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${local.account.partition}:ecs:${local.account.region}:${local.account.id}:*"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account.id]
    }
  }
}

resource "aws_iam_role" "stream" {
  for_each = local.stream_on

  name                 = local.stream_name
  description          = "What ${local.stream_name} may do"
  assume_role_policy   = data.aws_iam_policy_document.stream_trust.json
  permissions_boundary = var.permissions_boundary
}

resource "aws_iam_role_policy" "stream" {
  for_each = aws_iam_role.stream

  name   = "permissions"
  role   = each.value.id
  policy = data.aws_iam_policy_document.stream.json
}

data "aws_iam_policy_document" "stream" {
  # Read, too: a batch that is there already must be found to be the same.
  statement {
    sid       = "WriteRaw"
    actions   = ["s3:PutObject", "s3:GetObject"]
    resources = [for source in keys(local.websockets) : "${local.bucket_arns.raw}/raw/source=${source}/*"]
  }

  statement {
    sid       = "ReadConfiguration"
    actions   = ["s3:GetObject"]
    resources = ["${local.bucket_arns.artifacts}/config/*"]
  }

  # Read, too: a new task learns from it where the one before it ended.
  statement {
    sid       = "KeepLatestPrices"
    actions   = ["dynamodb:BatchGetItem", "dynamodb:PutItem"]
    resources = [local.stream_arns.latest]
  }

  dynamic "statement" {
    for_each = var.stream.secret_arn == null ? [] : [var.stream.secret_arn]

    content {
      sid       = "ReadStreams"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [statement.value]
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

resource "aws_iam_role" "stream_start" {
  for_each = local.stream_on

  name                 = "${local.stream_name}-start"
  description          = "What Fargate may do to start ${local.stream_name}"
  assume_role_policy   = data.aws_iam_policy_document.stream_trust.json
  permissions_boundary = var.permissions_boundary
}

resource "aws_iam_role_policy" "stream_start" {
  for_each = aws_iam_role.stream_start

  name   = "permissions"
  role   = each.value.id
  policy = data.aws_iam_policy_document.stream_start.json
}

data "aws_iam_policy_document" "stream_start" {
  # It names no repository. Source: Service Authorization Reference, "Amazon Elastic Container Registry".
  statement {
    sid       = "LogInToRegistry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid       = "PullImage"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [local.stream_arns.images]
  }

  statement {
    sid       = "WriteOwnLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${local.stream_arns.logs}:*"]
  }
}
