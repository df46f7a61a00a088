# What both roles read: the settings of what the stack is made of, and its state. Never a row of the lake.

data "aws_iam_policy_document" "read" {
  statement {
    sid = "ReadSettings"
    actions = concat(
      [
        "athena:GetNamedQuery",
        "athena:GetWorkGroup",
        "athena:ListTagsForResource",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:ListTagsForResource",
        "dynamodb:Describe*",
        "dynamodb:ListTagsOfResource",
        "glue:GetDatabase",
        "glue:GetPartitionIndexes",
        "glue:GetTable",
        "glue:GetTags",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListRolePolicies",
        "lambda:Get*",
        "lambda:List*",
        "logs:DescribeLogGroups",
        "logs:ListTagsForResource",
        "s3:GetBucket*",
        "s3:Get*Configuration",
        "scheduler:Get*",
        "scheduler:ListTagsForResource",
        "sns:Get*",
        "sns:ListTagsForResource",
        "sqs:GetQueueAttributes",
        "sqs:ListQueueTags",
        "ssm:DescribeParameters",
        "ssm:ListTagsForResource",
        "states:DescribeStateMachine",
        "states:ListStateMachineVersions",
        "states:ListTagsForResource",
        "states:ValidateStateMachineDefinition",
      ],
      contains(var.features, "budget") ? ["budgets:ListTagsForResource", "budgets:ViewBudget"] : [],
      contains(var.features, "keys") ? ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListAliases", "kms:ListResourceTags"] : [],
      contains(var.features, "spark") ? ["glue:GetJob"] : [],
      contains(var.features, "stream") ? ["ec2:Describe*", "ecr:DescribeRepositories", "ecr:GetLifecyclePolicy", "ecr:ListTagsForResource", "ecs:Describe*"] : [],
      contains(var.features, "warehouse") ? ["ec2:Describe*", "rds:Describe*", "rds:ListTagsForResource", "redshift-serverless:Get*", "redshift-serverless:List*"] : [],
      contains(var.features, "dashboard") ? ["cloudfront:Get*", "cloudfront:List*"] : [],
      contains(var.features, "orchestrator") ? ["iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions"] : [],
      contains(var.features, "readers") ? ["iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListAttachedUserPolicies", "iam:ListPolicyVersions", "lakeformation:DescribeResource", "lakeformation:List*"] : [],
    )
    resources = ["*"]
  }

  # What Terraform itself put there: the configuration, the layers, the page.
  statement {
    sid       = "ReadOwnObjects"
    actions   = ["s3:GetObject", "s3:GetObjectTagging"]
    resources = [for zone in ["artifacts", "site"] : "${local.aws}:s3:::${local.prefix}-${zone}-*"]
  }

  # A bucket that is gone must answer 404, not 403.
  statement {
    sid       = "KnowWhatIsThere"
    actions   = ["s3:ListBucket"]
    resources = ["${local.aws}:s3:::${local.prefix}-*", local.state_bucket]
  }

  # Terraform compares a parameter by reading it, key and all: so pull requests plan dev, and dev is best keyless.
  statement {
    sid       = "ReadParameters"
    actions   = ["ssm:GetParameter"]
    resources = ["${local.aws}:ssm:${local.here}:parameter/coinlake/${var.environment}/*"]
  }

  statement {
    sid       = "ReadState"
    actions   = ["s3:GetObject"]
    resources = [local.state]
  }
}

data "aws_iam_policy_document" "plan" {
  statement {
    sid       = "HandOverPlans"
    actions   = ["s3:PutObject", "s3:AbortMultipartUpload"]
    resources = ["${local.state_bucket}/plans/${var.environment}/*"]
  }
}

resource "aws_iam_policy" "read" {
  name        = "${local.own_prefix}-read"
  description = "What Terraform compares of ${local.prefix}"
  policy      = data.aws_iam_policy_document.read.json
}

resource "aws_iam_policy" "plan" {
  name        = "${local.own_prefix}-plan"
  description = "Where plans of ${local.prefix} are put"
  policy      = data.aws_iam_policy_document.plan.json
}
