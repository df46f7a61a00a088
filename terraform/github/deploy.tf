# What deploying needs, by name: only what begins with coinlake-<environment>. Buckets, tables and keys are made
# and set, and never deleted: a workflow cannot lose the lake. A person destroys, or switches a feature off.

data "aws_iam_policy_document" "deploy" {
  statement {
    sid       = "TakePlans"
    actions   = ["s3:GetObject"]
    resources = ["${local.state_bucket}/plans/${var.environment}/*"]
  }

  statement {
    sid       = "WriteState"
    actions   = ["s3:PutObject"]
    resources = [local.state, "${local.state}.tflock"]
  }

  statement {
    sid       = "HoldLock"
    actions   = ["s3:GetObject", "s3:DeleteObject"]
    resources = ["${local.state}.tflock"]
  }

  statement {
    sid       = "SetBuckets"
    actions   = ["s3:CreateBucket", "s3:PutBucket*", "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration"]
    resources = [for zone in ["raw", "lake", "artifacts", "site"] : "${local.aws}:s3:::${local.prefix}-${zone}-*"]
  }

  statement {
    sid       = "WriteOwnObjects"
    actions   = ["s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ListBucketVersions"]
    resources = [for zone in ["artifacts", "site"] : "${local.aws}:s3:::${local.prefix}-${zone}-*"]
  }

  statement {
    sid       = "SetTable"
    actions   = ["dynamodb:CreateTable", "dynamodb:UpdateTable", "dynamodb:UpdateTimeToLive", "dynamodb:UpdateContinuousBackups", "dynamodb:TagResource", "dynamodb:UntagResource"]
    resources = ["${local.aws}:dynamodb:${local.here}:table/${local.prefix}-*"]
  }

  statement {
    sid = "SetFunctions"
    actions = [
      "lambda:CreateFunction", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration", "lambda:DeleteFunction",
      "lambda:PutFunctionConcurrency", "lambda:DeleteFunctionConcurrency", "lambda:PutFunctionEventInvokeConfig",
      "lambda:UpdateFunctionEventInvokeConfig", "lambda:DeleteFunctionEventInvokeConfig",
      "lambda:PutFunctionRecursionConfig", "lambda:PublishLayerVersion", "lambda:DeleteLayerVersion",
      "lambda:TagResource", "lambda:UntagResource",
    ]
    resources = [for kind in ["function", "layer"] : "${local.aws}:lambda:${local.here}:${kind}:${local.prefix}-*"]
  }

  statement {
    sid       = "JoinQueuesAndFunctions"
    actions   = ["lambda:CreateEventSourceMapping", "lambda:UpdateEventSourceMapping", "lambda:DeleteEventSourceMapping"]
    resources = ["*"]

    condition {
      test     = "ArnLike"
      variable = "lambda:FunctionArn"
      values   = ["${local.aws}:lambda:${local.here}:function:${local.prefix}-*"]
    }
  }

  statement {
    sid       = "TagTheJoints"
    actions   = ["lambda:TagResource", "lambda:UntagResource"]
    resources = ["${local.aws}:lambda:${local.here}:event-source-mapping:*"]
  }

  statement {
    sid       = "SetQueues"
    actions   = ["sqs:CreateQueue", "sqs:SetQueueAttributes", "sqs:DeleteQueue", "sqs:TagQueue", "sqs:UntagQueue"]
    resources = ["${local.aws}:sqs:${local.here}:${local.prefix}-*"]
  }

  statement {
    sid = "SetTopics"
    actions = [
      "sns:CreateTopic", "sns:SetTopicAttributes", "sns:DeleteTopic", "sns:TagResource", "sns:UntagResource",
      "sns:Subscribe",
    ]
    resources = ["${local.aws}:sns:${local.here}:${local.prefix}-*"]
  }

  # These take no resource. Source: Service Authorization Reference, "Actions defined by Amazon SNS".
  statement {
    sid       = "SetSubscriptions"
    actions   = ["sns:SetSubscriptionAttributes", "sns:Unsubscribe"]
    resources = ["*"]
  }

  statement {
    sid = "SetSchedules"
    actions = [
      "scheduler:CreateSchedule*", "scheduler:UpdateSchedule", "scheduler:DeleteSchedule*", "scheduler:TagResource",
      "scheduler:UntagResource",
    ]
    resources = [
      "${local.aws}:scheduler:${local.here}:schedule/${local.prefix}/*",
      "${local.aws}:scheduler:${local.here}:schedule-group/${local.prefix}",
    ]
  }

  statement {
    sid = "SetStateMachines"
    actions = [
      "states:CreateStateMachine", "states:UpdateStateMachine", "states:DeleteStateMachine", "states:TagResource",
      "states:UntagResource",
    ]
    resources = ["${local.aws}:states:${local.here}:stateMachine:${local.prefix}-*"]
  }

  statement {
    sid = "SetCatalog"
    actions = [
      "glue:CreateDatabase", "glue:UpdateDatabase", "glue:DeleteDatabase", "glue:CreateTable", "glue:UpdateTable",
      "glue:DeleteTable", "glue:TagResource", "glue:UntagResource",
    ]
    resources = [
      for resource in ["catalog", "database/${local.database}", "table/${local.database}/*", "userDefinedFunction/${local.database}/*"] :
      "${local.aws}:glue:${local.here}:${resource}"
    ]
  }

  statement {
    sid = "SetWorkgroup"
    actions = [
      "athena:CreateWorkGroup", "athena:UpdateWorkGroup", "athena:DeleteWorkGroup", "athena:CreateNamedQuery",
      "athena:UpdateNamedQuery", "athena:DeleteNamedQuery", "athena:TagResource", "athena:UntagResource",
    ]
    resources = ["${local.aws}:athena:${local.here}:workgroup/${local.prefix}"]
  }

  statement {
    sid       = "SetAlarms"
    actions   = ["cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms", "cloudwatch:TagResource", "cloudwatch:UntagResource"]
    resources = ["${local.aws}:cloudwatch:${local.here}:alarm:${local.prefix}-*"]
  }

  statement {
    sid = "SetLogGroups"
    actions = [
      "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:PutRetentionPolicy", "logs:AssociateKmsKey",
      "logs:DisassociateKmsKey", "logs:TagResource", "logs:UntagResource",
    ]
    resources = [
      for place in ["ecs", "glue", "lambda", "vendedlogs/states"] :
      "${local.aws}:logs:${local.here}:log-group:/aws/${place}/${local.prefix}-*"
    ]
  }

  # Step Functions sets up its logs with the rights of whoever makes the state machine, and they take no resource.
  statement {
    sid = "LetStepFunctionsLog"
    actions = [
      "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery",
      "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "WriteParameters"
    actions   = ["ssm:PutParameter", "ssm:DeleteParameter", "ssm:AddTagsToResource", "ssm:RemoveTagsFromResource"]
    resources = ["${local.aws}:ssm:${local.here}:parameter/coinlake/${var.environment}/*"]
  }
}

locals {
  database = replace(local.prefix, "-", "_")
  roles    = "${local.aws}:iam::${local.account}:role/${local.prefix}-*"
}

# Roles of the stack, each within the boundary from its making on.
data "aws_iam_policy_document" "identity" {
  statement {
    sid       = "GiveRightsWithinTheBoundary"
    actions   = ["iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"]
    resources = [local.roles]

    condition {
      test     = "StringEquals"
      variable = "iam:PermissionsBoundary"
      values   = [local.boundary_arn]
    }
  }

  statement {
    sid = "KeepRoles"
    actions = [
      "iam:UpdateRole", "iam:UpdateRoleDescription", "iam:UpdateAssumeRolePolicy", "iam:DeleteRole",
      "iam:DeleteRolePolicy", "iam:ListInstanceProfilesForRole", "iam:TagRole", "iam:UntagRole",
    ]
    resources = [local.roles]
  }

  statement {
    sid       = "HandRolesToTheirServices"
    actions   = ["iam:PassRole"]
    resources = [local.roles]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com", "glue.amazonaws.com", "lakeformation.amazonaws.com", "lambda.amazonaws.com", "scheduler.amazonaws.com", "states.amazonaws.com"]
    }
  }
}

resource "aws_iam_policy" "deploy" {
  name        = "${local.own_prefix}-deploy"
  description = "What deploying ${local.prefix} needs"
  policy      = data.aws_iam_policy_document.deploy.json
}

resource "aws_iam_policy" "identity" {
  name        = "${local.own_prefix}-identity"
  description = "Roles of ${local.prefix}, within the boundary"
  policy      = data.aws_iam_policy_document.identity.json
}
