# What a role of the stack may do at most, whatever its own policy says: read and write what is named
# coinlake-<environment>, and nothing of IAM. A new right of a function outside of this is refused by AWS until
# this grants it too; tests/contract/test_github_roles.py compares both.

data "aws_iam_policy_document" "boundary" {
  statement {
    sid = "ReadAndWriteTheLake"
    actions = [
      "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetBucketLocation", "s3:GetObject",
      "s3:GetObjectVersion", "s3:ListBucket", "s3:ListMultipartUploadParts", "s3:PutObject",
      "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem",
      "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage",
      "sns:Publish",
      "lambda:InvokeFunction",
      "states:DescribeExecution", "states:StartExecution", "states:StopExecution",
      "logs:CreateLogStream", "logs:PutLogEvents",
      "ssm:GetParameter",
      "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer",
    ]
    resources = concat(
      ["${local.aws}:s3:::${local.prefix}-*"],
      [
        for resource in [
          "dynamodb:${local.here}:table/${local.prefix}-*",
          "ecr:${local.here}:repository/${local.prefix}-*",
          "lambda:${local.here}:function:${local.prefix}-*",
          "logs:${local.here}:log-group:/aws/*/${local.prefix}-*",
          "sns:${local.here}:${local.prefix}-*",
          "sqs:${local.here}:${local.prefix}-*",
          "ssm:${local.here}:parameter/coinlake/${var.environment}/*",
          "states:${local.here}:*:${local.prefix}-*",
        ] : "${local.aws}:${resource}"
      ],
    )
  }

  # Keys and secrets have no names of ours.
  statement {
    sid = "UseKeysAndSecrets"
    actions = [
      "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncrypt*",
      "secretsmanager:GetSecretValue",
    ]
    resources = ["${local.aws}:kms:${local.here}:key/*", "${local.aws}:secretsmanager:${local.here}:secret:*"]
  }

  # Databases and workgroups have ids, and a warehouse of the account's own any name.
  statement {
    sid = "LogIntoWarehouses"
    actions = [
      "rds-db:connect",
      "redshift-data:BatchExecuteStatement", "redshift-serverless:GetCredentials", "redshift:GetClusterCredentialsWithIAM",
    ]
    resources = [
      "${local.aws}:rds-db:${local.here}:dbuser:*/coinlake_load",
      "${local.aws}:redshift-serverless:${local.here}:workgroup/*",
      "${local.aws}:redshift:${local.here}:cluster:*", "${local.aws}:redshift:${local.here}:dbname:*",
    ]
  }

  # These take no resource.
  statement {
    sid = "LogInPullTraceAndDeliverLogs"
    actions = [
      "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
      "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
      "ecr:GetAuthorizationToken",
      "lakeformation:GetDataAccess",
      "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies",
      "logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
      "redshift-data:DescribeStatement", "redshift-data:GetStatementResult",
      "xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
    ]
    resources = ["*"]
  }
}

resource "aws_iam_policy" "boundary" {
  name        = "${local.own_prefix}-boundary"
  description = "What a role of ${local.prefix} may do at most"
  policy      = data.aws_iam_policy_document.boundary.json
}
