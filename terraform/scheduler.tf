# What all schedules share: their group, and the one role that they invoke functions with.

locals {
  scheduler = {
    group_name  = aws_scheduler_schedule_group.this.name
    role_arn    = aws_iam_role.scheduler.arn
    kms_key_arn = local.kms_key_arn
  }

  scheduled_functions = [
    for stage in concat(["ingest", "refine", "notify", "reconcile", "audit"], [for name in keys(local.load_targets) : "load-${name}"]) :
    "arn:${local.account.partition}:lambda:${local.account.region}:${local.account.id}:function:${local.prefix}-${stage}"
  ]
}

resource "aws_scheduler_schedule_group" "this" {
  name = local.prefix
}

# The source is the group, not the schedule. Source: EventBridge Scheduler User Guide,
# "Confused deputy prevention".
data "aws_iam_policy_document" "scheduler_trust" {
  statement {
    sid     = "OurSchedulesRunAsThisRole"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account.id]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = ["arn:${local.account.partition}:scheduler:${local.account.region}:${local.account.id}:schedule-group/${local.prefix}"]
    }
  }
}

data "aws_iam_policy_document" "scheduler" {
  statement {
    sid       = "InvokeScheduledFunctions"
    actions   = ["lambda:InvokeFunction"]
    resources = local.scheduled_functions
  }

  dynamic "statement" {
    for_each = local.kms_key_arns

    content {
      sid       = "ReadEncryptedInput"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role" "scheduler" {
  name                 = "${local.prefix}-scheduler"
  description          = "What the schedules of ${local.prefix} may do"
  assume_role_policy   = data.aws_iam_policy_document.scheduler_trust.json
  permissions_boundary = var.permissions_boundary
}

resource "aws_iam_role_policy" "scheduler" {
  name   = "permissions"
  role   = aws_iam_role.scheduler.name
  policy = data.aws_iam_policy_document.scheduler.json
}
