# backfill: reads a plan of windows from the artifacts bucket, has ingest fetch each, and writes there
# what became of it. `coinlake backfill` plans, starts and follows it. Raw shows what is done already,
# so a backfill that was stopped is started again with the same plan.
#
#   input    {"plan": {"bucket", "key"}, "results": {"bucket", "prefix"}, "concurrency"}; the prefix is
#            backfills/<id>/results, and concurrency how many windows are fetched at the same time
#   plan     a JSON array of ingest's events, {"window": {...}} each
#   results  <prefix>/<run>/manifest.json and the files that it names: of each window the event and
#            the outcome, ingest's answer or {"outcome": "failed", "error", "detail"}

locals {
  backfill     = "${local.prefix}-backfill"
  backfill_arn = "arn:${local.account.partition}:states:${local.account.region}:${local.account.id}:stateMachine:${local.backfill}"

  # An express child may take five minutes: three tries of a minute, what is waited between them,
  # and what is waited for a free function.
  backfill_timeout_seconds = min(var.function_timeout_seconds, 60) + 5

  backfill_retry = [
    { ErrorEquals = ["BadConfiguration", "BadEvent", "BadKey"], MaxAttempts = 0 },
    {
      ErrorEquals     = ["Lambda.TooManyRequestsException"]
      IntervalSeconds = 2
      BackoffRate     = 2
      MaxDelaySeconds = 20
      MaxAttempts     = 6
      JitterStrategy  = "FULL"
    },
    {
      ErrorEquals     = ["States.ALL"]
      IntervalSeconds = 5
      BackoffRate     = 4
      MaxDelaySeconds = 20
      MaxAttempts     = 2
      JitterStrategy  = "FULL"
    },
  ]

  backfill_window = {
    ProcessorConfig = { Mode = "DISTRIBUTED", ExecutionType = "EXPRESS" }
    StartAt         = "Ingest"
    States = {
      Ingest = {
        Type           = "Task"
        Resource       = "arn:${local.account.partition}:states:::lambda:invoke"
        Parameters     = { FunctionName = module.ingest.arn, "Payload.$" = "$" }
        TimeoutSeconds = local.backfill_timeout_seconds
        Retry          = local.backfill_retry
        Catch          = [{ ErrorEquals = ["States.ALL"], Next = "Failed" }]
        OutputPath     = "$.Payload"
        End            = true
      }
      # One window never stops the others.
      Failed = {
        Type       = "Pass"
        Parameters = { outcome = "failed", "error.$" = "$.Error", "detail.$" = "$.Cause" }
        End        = true
      }
    }
  }

  backfill_definition = {
    Comment = "Fetches each window of a plan and writes what became of it"
    StartAt = "Windows"
    States = {
      Windows = {
        Type  = "Map"
        Label = "Windows"
        ItemReader = {
          Resource     = "arn:${local.account.partition}:states:::s3:getObject"
          ReaderConfig = { InputType = "JSON" }
          Parameters   = { "Bucket.$" = "$.plan.bucket", "Key.$" = "$.plan.key" }
        }
        MaxConcurrencyPath         = "$.concurrency"
        ItemProcessor              = local.backfill_window
        ToleratedFailurePercentage = 100
        ResultWriter = {
          Resource   = "arn:${local.account.partition}:states:::s3:putObject"
          Parameters = { "Bucket.$" = "$.results.bucket", "Prefix.$" = "$.results.prefix" }
        }
        End = true
      }
    }
  }
}

# It holds no more than names of markets and outcomes, so AWS's own key encrypts it, and the log of an
# error says which window it was.
resource "aws_sfn_state_machine" "backfill" {
  name       = local.backfill
  type       = "STANDARD"
  role_arn   = aws_iam_role.backfill.arn
  definition = jsonencode(local.backfill_definition)

  logging_configuration {
    level                  = "ERROR"
    include_execution_data = true
    log_destination        = "${aws_cloudwatch_log_group.backfill.arn}:*"
  }

  dynamic "tracing_configuration" {
    for_each = var.detailed_monitoring ? ["this"] : []

    content {
      enabled = true
    }
  }

  depends_on = [aws_iam_role_policy.backfill]
}

# The prefix keeps the group out of the resource policy, whose length CloudWatch limits.
# Source: AWS Step Functions Developer Guide, "Logging in CloudWatch Logs".
resource "aws_cloudwatch_log_group" "backfill" {
  name              = "/aws/vendedlogs/states/${local.backfill}"
  retention_in_days = var.log_retention_days
  kms_key_id        = local.kms_key_arn
}

resource "aws_iam_role" "backfill" {
  name                 = local.backfill
  description          = "What ${local.backfill} may do"
  assume_role_policy   = data.aws_iam_policy_document.backfill_trust.json
  permissions_boundary = var.permissions_boundary
}

resource "aws_iam_role_policy" "backfill" {
  name   = "permissions"
  role   = aws_iam_role.backfill.name
  policy = data.aws_iam_policy_document.backfill.json
}

# The children of a Map have the machine's ARN and its label.
data "aws_iam_policy_document" "backfill_trust" {
  statement {
    sid     = "OurStateMachineRunsAsThisRole"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account.id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = [local.backfill_arn, "${local.backfill_arn}/*"]
    }
  }
}

data "aws_iam_policy_document" "backfill" {
  statement {
    sid       = "FetchWindows"
    actions   = ["lambda:InvokeFunction"]
    resources = ["arn:${local.account.partition}:lambda:${local.account.region}:${local.account.id}:function:${local.prefix}-ingest"]
  }

  statement {
    sid       = "ReadPlans"
    actions   = ["s3:GetObject"]
    resources = ["${local.bucket_arns.artifacts}/backfills/*"]
  }

  # Many windows are written in parts.
  statement {
    sid       = "WriteResults"
    actions   = ["s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"]
    resources = ["${local.bucket_arns.artifacts}/backfills/*/results/*"]
  }

  # A distributed Map starts its children as executions of its own machine. Source: AWS Step Functions
  # Developer Guide, "IAM policies for using Distributed Map states".
  statement {
    sid       = "StartChildren"
    actions   = ["states:StartExecution"]
    resources = [local.backfill_arn]
  }

  statement {
    sid     = "FollowAndStopChildren"
    actions = ["states:DescribeExecution", "states:StopExecution"]
    resources = [
      for children in [":*", "/*"] :
      "arn:${local.account.partition}:states:${local.account.region}:${local.account.id}:execution:${local.backfill}${children}"
    ]
  }

  # AWS offers nothing narrower for the delivery of logs. Source: as for the log group.
  statement {
    sid = "DeliverLogs"
    actions = [
      "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery",
      "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups",
    ]
    resources = ["*"]
  }

  # Source: AWS Step Functions Developer Guide, "X-Ray policies".
  dynamic "statement" {
    for_each = var.detailed_monitoring ? ["this"] : []

    content {
      sid       = "SendTraces"
      actions   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets"]
      resources = ["*"]
    }
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
