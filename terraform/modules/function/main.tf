# One Lambda function with its log group and its role.

locals {
  account   = var.stack.account
  service   = coalesce(var.name, var.stage)
  name      = "${var.stack.prefix}-${local.service}"
  package   = "${var.stack.packages}/${var.stage}.zip"
  log_group = "/aws/lambda/${local.name}"
  attach_actions = [
    "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses",
  ]
  arn     = "arn:${local.account.partition}:lambda:${local.account.region}:${local.account.id}:function:${local.name}"
  log_arn = "arn:${local.account.partition}:logs:${local.account.region}:${local.account.id}:log-group:${local.log_group}"
}

data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "LambdaRunsAsThisRole"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "this" {
  source_policy_documents = [var.policy]

  statement {
    sid       = "WriteOwnLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${local.log_arn}:*"]
  }

  # X-Ray has nothing narrower. Source: AWS Lambda Developer Guide, "Visualize Lambda function invocations
  # using AWS X-Ray".
  dynamic "statement" {
    for_each = var.stack.detailed_monitoring ? ["this"] : []

    content {
      sid       = "SendTraces"
      actions   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
      resources = ["*"]
    }
  }

  # Lambda attaches the function to its subnets in the function's own role. These take no resource, and code that
  # runs as the function must not use them. Source: AWS Lambda Developer Guide, "Giving Lambda functions access to
  # resources in an Amazon VPC".
  dynamic "statement" {
    for_each = [for network in var.network[*] : local.attach_actions]

    content {
      sid       = "LetLambdaAttachIt"
      actions   = statement.value
      resources = ["*"]
    }
  }

  dynamic "statement" {
    for_each = [for network in var.network[*] : local.attach_actions]

    content {
      sid       = "NotTheCodeItself"
      effect    = "Deny"
      actions   = statement.value
      resources = ["*"]

      condition {
        test     = "ArnEquals"
        variable = "lambda:SourceFunctionArn"
        values   = [local.arn]
      }
    }
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = local.log_group
  retention_in_days = var.stack.log_retention_days
  kms_key_id        = var.stack.kms_key_arn
}

resource "aws_iam_role" "this" {
  name                 = local.name
  description          = "What ${local.name} may do"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.stack.permissions_boundary
}

resource "aws_iam_role_policy" "this" {
  name   = "permissions"
  role   = aws_iam_role.this.name
  policy = data.aws_iam_policy_document.this.json
}

resource "aws_lambda_function" "this" {
  function_name                  = local.name
  description                    = var.description
  role                           = aws_iam_role.this.arn
  handler                        = "${var.stage}.handler.handler"
  filename                       = local.package
  source_code_hash               = filebase64sha256(local.package)
  runtime                        = var.stack.runtime.name
  architectures                  = [var.stack.runtime.architecture]
  layers                         = var.stack.runtime.layers
  memory_size                    = var.memory_mb
  timeout                        = var.timeout_seconds
  reserved_concurrent_executions = lookup(var.stack.reserved_concurrency, var.stage, -1) # -1 reserves nothing
  kms_key_arn                    = var.stack.kms_key_arn

  dynamic "tracing_config" {
    for_each = var.stack.detailed_monitoring ? ["Active"] : []

    content {
      mode = tracing_config.value
    }
  }

  dynamic "vpc_config" {
    for_each = var.network[*]

    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  environment {
    variables = merge(var.environment, {
      POWERTOOLS_SERVICE_NAME      = local.service
      POWERTOOLS_METRICS_NAMESPACE = var.stack.prefix
      POWERTOOLS_LOG_LEVEL         = "INFO"
    })
  }

  # A function that runs before its log group exists makes Lambda create one that never expires.
  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.this]
}

# Lambda ends a loop through S3, SQS or SNS after sixteen rounds. That is its default; here it is said, so
# that nobody's change of it stays.
resource "aws_lambda_function_recursion_config" "this" {
  function_name  = aws_lambda_function.this.function_name
  recursive_loop = "Terminate"
}

# What becomes of an asynchronous invocation (a schedule's) that fails.
resource "aws_lambda_function_event_invoke_config" "this" {
  for_each = var.asynchronous == null ? {} : { this = var.asynchronous }

  function_name                = aws_lambda_function.this.function_name
  maximum_retry_attempts       = each.value.retries
  maximum_event_age_in_seconds = each.value.max_age_seconds

  dynamic "destination_config" {
    for_each = each.value.on_failure_arn == null ? [] : [each.value.on_failure_arn]

    content {
      on_failure {
        destination = destination_config.value
      }
    }
  }
}
