# load: one function for each warehouse, which lists refined/ and loads what the warehouse lacks. None by
# default; nothing here exists then.

locals {
  # No target without a value: an optional one that is not set is null.
  load_targets = {
    for name, target in var.load : name => merge(target, {
      tables = sort(coalesce(target.tables, local.load_default))
    }) if target != null
  }

  # Those whose URL lies in a parameter.
  load_databases = {
    for name, target in local.load_targets : name => merge(target, {
      url_parameter = coalesce(target.url_parameter, "/coinlake/${var.environment}/${name}-url")
    }) if name == "postgres" && !try(target.create, false)
  }

  # How each warehouse is reached, as functions/load/wiring.py reads it.
  load_options = merge(
    { for name, target in local.load_targets : name => {} },
    { for name, target in local.load_databases : name => { url_parameter = target.url_parameter, ca_parameter = target.ca_parameter } },
    { for name, database in aws_db_instance.load : name => { address = "postgresql://${database.endpoint}/${database.db_name}" } },
    local.redshift_options,
  )

  # How a person reaches it, or sets it up.
  load_access = merge(
    { for name, target in local.load_databases : name => { url_parameter = target.url_parameter } },
    {
      for name, database in aws_db_instance.load : name => {
        address    = "postgresql://${database.endpoint}/${database.db_name}"
        secret_arn = one(database.master_user_secret[*].secret_arn)
      }
    },
    local.redshift_options,
    {
      for name, role in aws_iam_role.snowflake : name => {
        role_arn    = role.arn
        external_id = local.snowflake_external_id
        topic_arn   = module.handoff_topic[name].arn
      }
    },
  )

  # The parameters that each target reads, as ARNs.
  load_parameter_arns = {
    for name, target in local.load_databases : name => [
      for parameter in [target.url_parameter, target.ca_parameter] :
      "arn:${local.account.partition}:ssm:${local.account.region}:${local.account.id}:parameter${parameter}" if parameter != null
    ]
  }

  # The queues that ring for those with minutes = 0, as ARNs.
  load_bells = {
    for name, target in local.load_targets :
    name => "arn:${local.account.partition}:sqs:${local.account.region}:${local.account.id}:${local.prefix}-load-${name}" if target.minutes == 0
  }

  # After refine, whose runs begin at the second minute; a daily one after the day's last.
  load_expressions = {
    for name, target in local.load_targets : name => (
      target.minutes == 0 ? "cron(4 1 * * ? *)" : # what no event tells of: parts that are gone
      target.minutes == 1 ? "cron(* * * * ? *)" :
      target.minutes < 60 ? "cron(4/${target.minutes} * * * ? *)" :
      target.minutes == 60 ? "cron(4 * * * ? *)" :
      target.minutes < 1440 ? "cron(4 0/${target.minutes / 60} * * ? *)" : "cron(4 1 * * ? *)"
    )
  }
}

module "load" {
  source   = "./modules/function"
  for_each = local.load_targets

  stack           = local.function_stack
  stage           = "load"
  name            = "load-${each.key}"
  description     = "Mirrors refined tables into ${each.key}"
  policy          = data.aws_iam_policy_document.load[each.key].json
  memory_mb       = each.value.memory_mb
  timeout_seconds = 900
  network         = contains(keys(local.load_rds_network), each.key) ? local.load_rds_network[each.key] : null

  # A run that fails is not repeated: the next one finds what is left.
  asynchronous = { retries = 0, max_age_seconds = 300 }

  environment = {
    LAKE_BUCKET = module.lake.name
    STATE_TABLE = aws_dynamodb_table.state.name
    TABLES      = join(",", each.value.tables)
    WAREHOUSE   = each.key
    OPTIONS     = jsonencode(local.load_options[each.key])
  }
}

data "aws_iam_policy_document" "load" {
  for_each = local.load_targets

  source_policy_documents = [
    for documents in [
      data.aws_iam_policy_document.handoff, data.aws_iam_policy_document.snowflake_report,
      data.aws_iam_policy_document.load_rds, data.aws_iam_policy_document.redshift,
      data.aws_iam_policy_document.load_bell,
    ] :
    documents[each.key].json if contains(keys(documents), each.key)
  ]

  statement {
    sid       = "ReadRefined"
    actions   = ["s3:GetObject"]
    resources = ["${local.bucket_arns.lake}/refined/*"]
  }

  # A part that was deleted must answer 404, not 403.
  statement {
    sid       = "ListRefined"
    actions   = ["s3:ListBucket"]
    resources = [local.bucket_arns.lake]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["refined/*"]
    }
  }

  dynamic "statement" {
    for_each = contains(keys(local.load_parameter_arns), each.key) ? [local.load_parameter_arns[each.key]] : []

    content {
      sid       = "ReadUrl"
      actions   = ["ssm:GetParameter"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = local.kms_key_arns

    content {
      sid       = "UseKey"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]
    }
  }
}

# Write-only: the value is in neither state nor plan. Raise url_version to write a new one.
resource "aws_ssm_parameter" "load_url" {
  for_each = { for name, target in local.load_databases : name => target if target.url_version > 0 }

  name             = each.value.url_parameter
  description      = "URL of the database, with its password, read by load-${each.key}"
  type             = "SecureString"
  key_id           = local.kms_key_arn
  value_wo_version = each.value.url_version
  value_wo         = { postgres = var.load_postgres_url }[each.key]

  # As the sources' keys in keys.tf.
  lifecycle {
    ignore_changes       = [description]
    replace_triggered_by = [terraform_data.parameter_key]

    precondition {
      condition     = can(regex("^postgres(ql)?://.+/.+$", { postgres = var.load_postgres_url }[each.key]))
      error_message = "load.${each.key}.url_version says that Terraform writes the URL: export TF_VAR_load_${each.key}_url=postgresql://user:password@host:5432/database, or set the version to 0."
    }
  }
}

module "load_schedule" {
  source   = "./modules/schedule"
  for_each = local.load_targets

  scheduler       = local.scheduler
  name            = "load-${each.key}"
  description     = "Loads what is new in refined into ${each.key}"
  expression      = local.load_expressions[each.key]
  function_arn    = module.load[each.key].arn
  max_age_seconds = 300
  input           = jsonencode({ load = "<aws.scheduler.scheduled-time>" })
}

# Beside the ten of alarms.tf, which are free: $0.10 a month for each warehouse.
resource "aws_cloudwatch_metric_alarm" "load_late" {
  for_each = local.load_targets

  alarm_name          = "${local.prefix}-load-${each.key}-late"
  alarm_description   = "Two runs in a row left ${each.key} behind the lake, or none came to its end: `coinlake load --target ${each.key} --env ${var.environment}` loads what is missing and says what fails. A first load that takes several runs mails too."
  namespace           = local.prefix
  metric_name         = "PartsBehind"
  dimensions          = { service = "load-${each.key}" }
  statistic           = "Minimum"
  period              = each.value.minutes == 0 ? 3600 : each.value.minutes * 60
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 2
  treat_missing_data  = "breaching"
  alarm_actions       = [module.operations.arn]
}

# With minutes = 0 what refine writes rings: any message means "list and compare", so none is worth keeping.
resource "aws_sqs_queue" "load_bell" {
  for_each = local.load_bells

  name                              = "${local.prefix}-load-${each.key}"
  message_retention_seconds         = 3600
  visibility_timeout_seconds        = 6 * 900 # AWS's rule for queues of functions
  receive_wait_time_seconds         = 20
  sqs_managed_sse_enabled           = local.kms_key_arn == null ? true : null
  kms_master_key_id                 = local.kms_key_arn
  kms_data_key_reuse_period_seconds = 300
  policy                            = data.aws_iam_policy_document.load_bell_queue[each.key].json
}

data "aws_iam_policy_document" "load_bell_queue" {
  for_each = local.load_bells

  statement {
    sid       = "TakeEvents"
    actions   = ["sqs:SendMessage"]
    resources = [each.value]

    principals {
      type        = "Service"
      identifiers = ["sns.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [local.topic_arns.refined]
    }
  }

  statement {
    sid       = "DenyPlainHttp"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [each.value]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

data "aws_iam_policy_document" "load_bell" {
  for_each = local.load_bells

  statement {
    sid       = "HearBell"
    actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    resources = [each.value]
  }
}

resource "aws_sns_topic_subscription" "load_bell" {
  for_each = local.load_bells

  topic_arn            = module.zone_topic["refined"].arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.load_bell[each.key].arn
  raw_message_delivery = true
}

# A run a minute at most, whatever refine writes in it.
resource "aws_lambda_event_source_mapping" "load_bell" {
  for_each = local.load_bells

  event_source_arn                   = aws_sqs_queue.load_bell[each.key].arn
  function_name                      = module.load[each.key].arn
  batch_size                         = 10000
  maximum_batching_window_in_seconds = 60

  scaling_config {
    maximum_concurrency = 2 # the least
  }
}
