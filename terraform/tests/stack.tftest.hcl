# How the stages are joined: events, queues, schedules, alarms, catalog, configuration.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

# The provider would ask AWS whether the definition is valid; the tests compare it instead, and the
# embedded AWS runs it.
override_resource {
  target = aws_sfn_state_machine.backfill
}

variables {
  environment  = "test"
  protect_data = false
}

run "the_stack_as_it_is_by_default" {
  command = plan

  assert {
    condition = [
      for s in jsondecode(module.raw.policy).Statement : [s.Effect, s.Principal, s.Action, s.Resource, s.Condition] if s.Sid == "DenyOverwrites"
      ] == [[
        "Deny", "*", "s3:PutObject", "arn:aws:s3:::coinlake-test-raw-123456789012-us-east-1/*",
        {
          Null = { "s3:if-none-match" = "true" }
          Bool = { "s3:ObjectCreationOperation" = "true" }
        },
    ]]
    error_message = "Raw objects must only be written with If-None-Match, the parts of an upload excepted."
  }

  assert {
    condition = alltrue([
      for zone, policy in { raw = module.raw.policy, lake = module.lake.policy, artifacts = module.artifacts.policy } :
      [for s in jsondecode(policy).Statement : [s.Effect, s.Principal, s.Action, s.Resource, s.Condition] if s.Sid == "DenyPlainHttp"] == [[
        "Deny", "*", "s3:*",
        [
          "arn:aws:s3:::coinlake-test-${zone}-123456789012-us-east-1/*",
          "arn:aws:s3:::coinlake-test-${zone}-123456789012-us-east-1",
        ],
        { Bool = { "aws:SecureTransport" = "false" } },
      ]]
    ])
    error_message = "Every bucket refuses plain HTTP, for all of its objects and itself."
  }

  assert {
    condition = [
      for queue in aws_s3_bucket_notification.raw.queue : [queue.queue_arn, queue.filter_prefix, tolist(queue.events)]
    ] == [["arn:aws:sqs:us-east-1:123456789012:coinlake-test-transform", "raw/", tolist(["s3:ObjectCreated:*"])]]
    error_message = "New raw objects go to transform's queue."
  }

  assert {
    condition = {
      for topic in aws_s3_bucket_notification.lake.topic : topic.filter_prefix => [topic.topic_arn, tolist(topic.events)]
      } == {
      "trusted/"    = ["arn:aws:sns:us-east-1:123456789012:coinlake-test-trusted", tolist(["s3:ObjectCreated:*"])]
      "refined/"    = ["arn:aws:sns:us-east-1:123456789012:coinlake-test-refined", tolist(["s3:ObjectCreated:*"])]
      "quarantine/" = ["arn:aws:sns:us-east-1:123456789012:coinlake-test-quarantine", tolist(["s3:ObjectCreated:*"])]
    }
    error_message = "New objects of each zone go to its topic."
  }

  assert {
    condition = alltrue([
      for subscription in aws_sns_topic_subscription.notify :
      subscription.raw_message_delivery && subscription.protocol == "sqs" && subscription.endpoint == "arn:aws:sqs:us-east-1:123456789012:coinlake-test-notify"
    ]) && toset(keys(aws_sns_topic_subscription.notify)) == toset(["trusted", "refined", "quarantine"])
    error_message = "notify's queue gets all topics, as S3 wrote the events."
  }

  assert {
    condition = [
      for s in jsondecode(module.transform_queue.policy).Statement : [s.Effect, s.Principal, s.Action, s.Resource, s.Condition] if s.Sid == "TakeEvents"
      ] == [[
        "Allow", { Service = "s3.amazonaws.com" }, "sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:coinlake-test-transform",
        {
          ArnEquals    = { "aws:SourceArn" = "arn:aws:s3:::coinlake-test-raw-123456789012-us-east-1" }
          StringEquals = { "aws:SourceAccount" = "123456789012" }
        },
    ]]
    error_message = "Only S3, for our raw bucket, sends to transform's queue."
  }

  assert {
    condition = [
      for s in jsondecode(module.notify_queue.policy).Statement : [s.Effect, s.Principal, s.Action, s.Condition] if s.Sid == "TakeEvents"
      ] == [[
        "Allow", { Service = "sns.amazonaws.com" }, "sqs:SendMessage",
        {
          ArnEquals = {
            "aws:SourceArn" = [
              "arn:aws:sns:us-east-1:123456789012:coinlake-test-quarantine",
              "arn:aws:sns:us-east-1:123456789012:coinlake-test-refined",
              "arn:aws:sns:us-east-1:123456789012:coinlake-test-trusted",
            ]
          }
        },
    ]]
    error_message = "Only SNS, for our topics, sends to notify's queue."
  }

  assert {
    condition = alltrue([
      for zone, topic in module.zone_topic :
      [for s in jsondecode(topic.policy).Statement : [s.Effect, s.Principal, s.Action, s.Condition] if s.Sid == "TakeEvents"] == [[
        "Allow", { Service = "s3.amazonaws.com" }, "sns:Publish",
        {
          ArnLike      = { "aws:SourceArn" = "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1" }
          StringEquals = { "aws:SourceAccount" = "123456789012" }
        },
      ]]
    ])
    error_message = "Only S3, for our lake bucket, publishes to a zone's topic."
  }

  assert {
    condition = [
      for s in jsondecode(module.operations.policy).Statement : [s.Effect, s.Principal, s.Condition] if s.Sid == "TakeEvents"
      ] == [[
        "Allow", { Service = "cloudwatch.amazonaws.com" },
        {
          ArnLike      = { "aws:SourceArn" = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:coinlake-test-*" }
          StringEquals = { "aws:SourceAccount" = "123456789012" }
        },
    ]]
    error_message = "Only CloudWatch, for our alarms, publishes to the operations topic."
  }

  assert {
    condition = [
      for s in jsondecode(module.alerts.policy).Statement : s.Effect
    ] == ["Deny"]
    error_message = "No service publishes alerts; notify's own role does."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 10
    error_message = "Ten alarms are free; another one needs one to go."
  }

  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.this :
      can(regex("`(coinlake|aws) [^`]+`", alarm.alarm_description)) && length(alarm.alarm_description) <= 1024 &&
      tolist(alarm.alarm_actions) == tolist(["arn:aws:sns:us-east-1:123456789012:coinlake-test-operations"])
    ])
    error_message = "Each alarm mails the operations topic and names a command."
  }

  assert {
    condition = {
      for name, alarm in aws_cloudwatch_metric_alarm.this : name => [
        alarm.namespace, alarm.metric_name, join(",", [for key, value in coalesce(alarm.dimensions, {}) : "${key}=${value}"]),
        alarm.comparison_operator, alarm.threshold, alarm.treat_missing_data,
      ]
      } == {
      ingest-dead-letters    = ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName=coinlake-test-ingest-dlq", "GreaterThanThreshold", 0, "notBreaching"]
      transform-dead-letters = ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName=coinlake-test-transform-dlq", "GreaterThanThreshold", 0, "notBreaching"]
      notify-dead-letters    = ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName=coinlake-test-notify-dlq", "GreaterThanThreshold", 0, "notBreaching"]
      ingest-errors          = ["AWS/Lambda", "Errors", "FunctionName=coinlake-test-ingest", "GreaterThanThreshold", 0, "notBreaching"]
      refine-late            = ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName=coinlake-test-refine", "GreaterThanThreshold", 4500, "notBreaching"]
      throttles              = ["AWS/Lambda", "Throttles", "", "GreaterThanThreshold", 0, "notBreaching"]
      watch-silent           = ["coinlake-test", "WatchCompleted", "service=notify", "LessThanThreshold", 1, "breaching"]
      objects-requeued       = ["coinlake-test", "ObjectsRequeued", "service=reconcile", "GreaterThanThreshold", 0, "notBreaching"]
      gaps-unexplained       = ["coinlake-test", "GapsUnexplained", "service=audit", "GreaterThanThreshold", 0, "notBreaching"]
      markets-unsupported    = ["coinlake-test", "MarketsUnsupported", "service=ingest", "GreaterThanThreshold", 0, "notBreaching"]
    }
    error_message = "The alarms changed; silence of the watch must alarm."
  }

  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.this : name => alarm.period if alarm.period != 300 } == {
      gaps-unexplained    = 86400
      markets-unsupported = 86400
    }
    error_message = "What is found daily, or at each run anew, must mail once, not each time."
  }

  assert {
    condition = { for name, schedule in module.audit_schedule : name => [schedule.expression, schedule.input] } == {
      audit         = ["cron(20 5 * * ? *)", "{\"days\":8}"]
      audit-history = ["cron(50 5 1 * ? *)", "{\"days\":3660}"]
    }
    error_message = "Audits look at the last weeks daily and at all of history monthly."
  }

  assert {
    condition = {
      for key, value in aws_glue_catalog_table.this["trusted_candles"].parameters : key => value if startswith(key, "projection.") || startswith(key, "storage.")
      } == {
      "projection.enabled"             = "true"
      "projection.interval.type"       = "enum"
      "projection.interval.values"     = join(",", one([for p in local.tables.candles.partitions : split(",", p.projection.values) if p.name == "interval"]))
      "projection.month.type"          = "date"
      "projection.month.format"        = "yyyy-MM"
      "projection.month.range"         = "2010-01,NOW+1MONTHS"
      "projection.month.interval"      = "1"
      "projection.month.interval.unit" = "MONTHS"
      "storage.location.template"      = "s3://coinlake-test-lake-123456789012-us-east-1/trusted/candles/interval=$${interval}/month=$${month}"
    }
    error_message = "Athena must find candles by interval and month, without registered partitions."
  }

  assert {
    condition = {
      for key, value in aws_glue_catalog_table.this["tickers"].parameters : key => value if startswith(key, "projection.s") || startswith(key, "storage.")
      } == {
      "projection.stream.type"    = "injected"
      "projection.symbol.type"    = "injected"
      "storage.location.template" = "s3://coinlake-test-lake-123456789012-us-east-1/refined/tickers/stream=$${stream}/symbol=$${symbol}/dt=$${dt}"
    }
    error_message = "Refined tickers lie by stream, symbol and day; without known streams a query names its own."
  }

  assert {
    condition = {
      for name in ["gaps", "quotes", "trusted_quotes"] : name => aws_glue_catalog_table.this[name].storage_descriptor[0].location
      } == {
      gaps           = "s3://coinlake-test-lake-123456789012-us-east-1/gaps"
      quotes         = "s3://coinlake-test-lake-123456789012-us-east-1/refined/quotes"
      trusted_quotes = "s3://coinlake-test-lake-123456789012-us-east-1/trusted/quotes"
    }
    error_message = "The plain name is the refined table, trusted_ the one of every row, but where tables.json names a place."
  }

  assert {
    condition = alltrue([
      for name, table in aws_glue_catalog_table.this :
      { for column in table.storage_descriptor[0].columns : column.name => column.type } == {
        for column in local.tables[name].columns : column.name => replace(replace(column.type, "/^int32$/", "int"), "/^int64$/", "bigint")
      }
    ])
    error_message = "Glue's columns are those of tables.json."
  }

  assert {
    condition = (
      one(aws_athena_workgroup.this.configuration).enforce_workgroup_configuration &&
      one(aws_athena_workgroup.this.configuration).bytes_scanned_cutoff_per_query == 10737418240 &&
      one(one(one(aws_athena_workgroup.this.configuration).result_configuration).encryption_configuration).encryption_option == "SSE_S3"
    )
    error_message = "Queries scan 10 GB at most, and nobody leaves their results unencrypted."
  }

  assert {
    condition = (
      !aws_dynamodb_table.state.deletion_protection_enabled &&
      aws_athena_workgroup.this.force_destroy &&
      local.force_destroy
    )
    error_message = "Without protect_data, destroy must work at once."
  }

  # Without being asked for there is no dashboard.
  assert {
    condition = (
      length(module.site) + length(aws_s3_object.page) + length(aws_cloudfront_distribution.site) == 0
      && local.site_bucket == "" && local.site_bucket_arns == [] && output.site_bucket == null && output.dashboard_url == null
    )
    error_message = "enable_dashboard is false by default and costs nothing."
  }

  assert {
    condition     = length(aws_budgets_budget.this) == 0
    error_message = "There is a budget only where one is set."
  }

  # What a stage writes never wakes a stage before it: raw → transform → trusted → refine → refined → notify.
  assert {
    condition = {
      for stage, policy in { ingest = module.ingest.policy, transform = module.transform.policy, refine = module.refine.policy, notify = module.notify.policy } :
      stage => join(" ", sort(distinct(flatten([
        for s in jsondecode(policy).Statement : [
          for resource in flatten([s.Resource]) : element(split("/", resource), 1) if strcontains(resource, ":s3:::") && strcontains(resource, "/")
        ] if contains(flatten([s.Action]), "s3:PutObject")
      ]))))
      } == {
      ingest    = "raw"
      transform = "ledger quarantine trusted"
      refine    = "refined"
      notify    = ""
    }
    error_message = "A stage that writes where its own events come from would invoke itself for ever."
  }

  # Without a key of your own no KMS is used or paid.
  assert {
    condition     = length(aws_kms_key.this) == 0 && local.kms_key_arn == null && length(aws_ssm_parameter.api_key) == 0
    error_message = "A KMS key costs money while idle, and a keyless plan has no secret."
  }

  # Without readers nothing of Lake Formation exists.
  assert {
    condition = sum([
      for made in [
        aws_iam_role.lake_formation, aws_iam_role_policy.lake_formation, aws_iam_policy.reader, aws_lakeformation_resource.zone,
        aws_lakeformation_permissions.database, aws_lakeformation_permissions.tables,
        aws_lakeformation_opt_in.database, aws_lakeformation_opt_in.tables,
      ] : length(made)
    ]) == 0
    error_message = "Lake Formation is off by default: IAM alone decides."
  }

  # The ten questions are views and saved queries.
  assert {
    condition = [
      for view in [aws_glue_catalog_table.view["movers"]] : [
        view.table_type, view.database_name, view.parameters, view.view_expanded_text,
        startswith(view.view_original_text, "/* Presto View: "), endswith(view.view_original_text, " */"),
      ]
    ] == [["VIRTUAL_VIEW", "coinlake_test", tomap({ presto_view = "true", comment = "Presto View" }), "/* Presto View */", true, true]]
    error_message = "A view has the form that Athena gives its own."
  }

  assert {
    condition = alltrue([
      for view in aws_glue_catalog_table.view : [
        for serde in one(view.storage_descriptor).ser_de_info : [serde.name, serde.serialization_library]
      ] == [["-", "-"]]
    ])
    error_message = "Athena opens no view whose storage descriptor has no SerDe info (HIVE_METASTORE_ERROR)."
  }

  assert {
    condition = jsondecode(base64decode(one(regex("^/\\* Presto View: (.*) \\*/$", aws_glue_catalog_table.view["drawdowns"].view_original_text)))) == {
      originalSql = trimspace(replace(file("./queries/drawdowns.sql"), "/(?m)^--.*\n/", ""))
      catalog     = "awsdatacatalog"
      schema      = "coinlake_test"
      columns = [
        { name = "base", type = "varchar" },
        { name = "quote", type = "varchar" },
        { name = "source", type = "varchar" },
        { name = "dt", type = "varchar" },
        { name = "close", type = "decimal(38,18)" },
        { name = "drawdown_percent", type = "double" },
        { name = "deepest_percent", type = "double" },
        { name = "deepest_dt", type = "varchar" },
      ]
    }
    error_message = "A view's text is the base64 of its SQL, catalog, schema and columns in Trino's types."
  }

  assert {
    condition = [for column in aws_glue_catalog_table.view["latest_prices"].storage_descriptor[0].columns : [column.name, column.type]] == [
      ["base", "string"], ["quote", "string"], ["source", "string"], ["price", "decimal(38,18)"],
      ["change_24h_percent", "double"], ["volume_24h_quote", "decimal(38,18)"], ["market_cap", "decimal(38,18)"],
      ["rank", "int"], ["observed_at", "timestamp"], ["age_minutes", "bigint"],
    ]
    error_message = "A view's own columns are in Hive's types, in the order of the SELECT."
  }

  assert {
    condition = (
      toset(keys(aws_athena_named_query.this)) == toset(keys(aws_glue_catalog_table.view)) &&
      length(aws_athena_named_query.this) == 10 &&
      aws_athena_named_query.this["movers"].query == file("./queries/movers.sql") &&
      length(setintersection(keys(aws_glue_catalog_table.view), keys(aws_glue_catalog_table.this))) == 0
    )
    error_message = "Each of the ten questions is a view and a saved query, and none takes a table's name."
  }

  # The collector that is off makes nothing.
  assert {
    condition = 0 == sum([
      for made in [
        aws_dynamodb_table.latest, aws_ecr_repository.stream, aws_ecs_cluster.stream, aws_ecs_service.stream, aws_ecs_task_definition.stream,
        aws_iam_role.stream, aws_iam_role.stream_start, aws_cloudwatch_log_group.stream, aws_cloudwatch_metric_alarm.stream,
        aws_vpc.stream, aws_subnet.stream, aws_security_group.stream, aws_vpc_security_group_egress_rule.stream,
      ] : length(made)
    ])
    error_message = "A collector that is off must cost nothing."
  }

  assert {
    condition     = output.stream == null
    error_message = "The command must see that it is off."
  }

  # refine empties its queue on a schedule.
  assert {
    condition = [
      module.refine_schedule.expression, module.refine_schedule.state, module.refine_schedule.input,
      module.heal_schedule.expression, module.heal_schedule.input, length(module.refine_queue.mappings),
      ] == [
      "cron(2/15 * * * ? *)", "ENABLED", "{\"refine\":\"<aws.scheduler.scheduled-time>\"}",
      "cron(50 5 * * ? *)", "{\"heal\":\"<aws.scheduler.scheduled-time>\"}", 0,
    ]
    error_message = "refine runs four times an hour, looks for what was lost once a day, and nobody polls its queue."
  }

  assert {
    condition = [
      for s in jsondecode(module.refine_queue.policy).Statement : [s.Effect, s.Principal, s.Action, s.Condition] if s.Sid == "TakeEvents"
      ] == [[
        "Allow", { Service = "sns.amazonaws.com" }, "sqs:SendMessage",
        { ArnEquals = { "aws:SourceArn" = "arn:aws:sns:us-east-1:123456789012:coinlake-test-trusted" } },
      ]] && [aws_sns_topic_subscription.refine.raw_message_delivery, aws_sns_topic_subscription.refine.endpoint] == [
      true, "arn:aws:sqs:us-east-1:123456789012:coinlake-test-refine",
    ]
    error_message = "refine's queue gets what is new in trusted, and nothing from anybody else."
  }

  # Nor is there any other option: no warehouse, Spark or orchestrator.
  assert {
    condition     = length(module.load) + length(module.load_schedule) + length(aws_ssm_parameter.load_url) + length(aws_cloudwatch_metric_alarm.load_late) == 0
    error_message = "load is off unless a warehouse is named."
  }

  assert {
    condition = sum([
      length(aws_vpc.load), length(aws_vpc_endpoint.load_s3), length(aws_db_instance.load), length(aws_redshiftserverless_namespace.load),
      length(aws_iam_role.redshift_copy), length(aws_sqs_queue.load_bell), length(local.handoff_lifecycle),
    ]) == 0
    error_message = "No network, no database, no workgroup, no role, no bell, no copies."
  }

  assert {
    condition     = length([for arn in local.scheduled_functions : arn if strcontains(arn, "load")]) == 0
    error_message = "Without a warehouse no schedule may invoke its function."
  }

  assert {
    condition     = length(aws_iam_role.snowflake) + length(module.handoff_topic) + length(local.handoff_lifecycle) + length(data.aws_iam_policy_document.handoff) == 0
    error_message = "The handoff exists only for a warehouse that fetches copies."
  }

  assert {
    condition = sum([
      length(aws_glue_job.spark), length(aws_s3_object.spark), length(aws_iam_role.spark),
      length(aws_iam_role_policy.spark), length(aws_cloudwatch_log_group.spark),
    ]) == 0 && output.spark == null
    error_message = "Spark is off unless enable_spark."
  }

  assert {
    condition     = length(aws_iam_policy.orchestrator) == 0 && output.orchestrator_policy == null
    error_message = "The orchestrator's policy is off unless enable_orchestrator."
  }
}

run "a_budget_mails_a_queue_invokes_refine_at_once_data_is_protected_and_a_backfill_fetches_its_plan" {
  command = plan

  variables {
    monthly_budget_usd       = 5
    alert_emails             = ["you@example.com"]
    operations_emails        = ["ops@example.com"]
    refine_batch_minutes     = 0
    protect_data             = true
    backfill_concurrency     = 7
    function_timeout_seconds = 30
  }

  assert {
    condition = [
      for budget in aws_budgets_budget.this : [
        budget.budget_type, budget.time_unit, budget.limit_amount, budget.limit_unit,
        { for mail in budget.notification : mail.notification_type => [mail.threshold, tolist(mail.subscriber_email_addresses)] },
      ]
      ] == [[
        "COST", "MONTHLY", "5", "USD",
        { ACTUAL = [80, tolist(["ops@example.com"])], FORECASTED = [100, tolist(["ops@example.com"])] },
    ]]
    error_message = "A budget mails when the forecast passes it, and when four fifths are spent."
  }

  assert {
    condition     = [module.refine_schedule.state, length(module.refine_queue.mappings), module.heal_schedule.state] == ["DISABLED", 1, "ENABLED"]
    error_message = "With 0 minutes the queue invokes refine; the daily search stays."
  }

  assert {
    condition = (
      aws_dynamodb_table.state.deletion_protection_enabled &&
      aws_dynamodb_table.state.point_in_time_recovery[0].enabled &&
      !aws_athena_workgroup.this.force_destroy &&
      !local.force_destroy
    )
    error_message = "protect_data keeps buckets, table and results."
  }

  assert {
    condition = local.backfill_definition.States.Windows == {
      Type  = "Map"
      Label = "Windows"
      ItemReader = {
        Resource     = "arn:aws:states:::s3:getObject"
        ReaderConfig = { InputType = "JSON" }
        Parameters   = { "Bucket.$" = "$.plan.bucket", "Key.$" = "$.plan.key" }
      }
      MaxConcurrencyPath         = "$.concurrency"
      ItemProcessor              = local.backfill_window
      ToleratedFailurePercentage = 100
      ResultWriter = {
        Resource   = "arn:aws:states:::s3:putObject"
        Parameters = { "Bucket.$" = "$.results.bucket", "Prefix.$" = "$.results.prefix" }
      }
      End = true
    }
    error_message = "The plan comes from S3 and the results go there: a payload holds 256 KB."
  }

  assert {
    condition     = output.backfill.concurrency == 7
    error_message = "The command takes less for a slow source, and never more than this."
  }

  assert {
    condition = local.backfill_window == {
      ProcessorConfig = { Mode = "DISTRIBUTED", ExecutionType = "EXPRESS" }
      StartAt         = "Ingest"
      States = {
        Ingest = {
          Type           = "Task"
          Resource       = "arn:aws:states:::lambda:invoke"
          Parameters     = { FunctionName = "arn:aws:lambda:us-east-1:123456789012:function:coinlake-test-ingest", "Payload.$" = "$" }
          TimeoutSeconds = 35
          Retry          = local.backfill_retry
          Catch          = [{ ErrorEquals = ["States.ALL"], Next = "Failed" }]
          OutputPath     = "$.Payload"
          End            = true
        }
        Failed = {
          Type       = "Pass"
          Parameters = { outcome = "failed", "error.$" = "$.Error", "detail.$" = "$.Cause" }
          End        = true
        }
      }
    }
    error_message = "A window is ingest's event, and its failure an outcome."
  }

  assert {
    condition = sum(concat(
      [local.backfill_timeout_seconds * (1 + local.backfill_retry[2].MaxAttempts)],
      flatten([
        for retry in slice(local.backfill_retry, 1, 3) : [
          for i in range(retry.MaxAttempts) : min(retry.MaxDelaySeconds, retry.IntervalSeconds * pow(retry.BackoffRate, i))
        ]
      ]),
    )) <= 295 && local.backfill_timeout_seconds <= 65
    error_message = "All tries of a window must fit the five minutes of an express workflow."
  }

  assert {
    condition     = local.backfill_retry[0] == { ErrorEquals = ["BadConfiguration", "BadEvent", "BadKey"], MaxAttempts = 0 } && local.backfill_retry[2].ErrorEquals == ["States.ALL"]
    error_message = "What a retry may heal is tried again, a mistake is not."
  }

  assert {
    condition = (
      one(aws_sfn_state_machine.backfill.logging_configuration).level == "ERROR" &&
      one(aws_sfn_state_machine.backfill.logging_configuration).include_execution_data &&
      aws_sfn_state_machine.backfill.type == "STANDARD" &&
      aws_cloudwatch_log_group.backfill.retention_in_days == 30
    )
    error_message = "Logs hold errors, each with its window, and end."
  }
}

run "a_bucket_is_private_encrypted_versioned_and_cleans_up" {
  command = plan

  module {
    source = "./modules/bucket"
  }

  variables {
    stack = { account = { partition = "aws" }, force_destroy = false, kms_key_arn = null }
    name  = "a-bucket"
    lifecycle_rules = {
      archive = { prefix = "raw/", archive_days = 90 }
      forget  = { expire_days = 7, noncurrent_days = 1 }
    }
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
      aws_s3_bucket_ownership_controls.this.rule[0].object_ownership == "BucketOwnerEnforced",
      aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled",
      one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256",
      !aws_s3_bucket.this.force_destroy,
    ])
    error_message = "A bucket is private, without ACLs, versioned and encrypted, and kept if it is protected."
  }

  assert {
    condition = [
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule : join(" ", compact([
        rule.id,
        "in ${rule.filter[0].prefix}*",
        join("", [for abort in rule.abort_incomplete_multipart_upload : "aborts ${abort.days_after_initiation}"]),
        join("", [for transition in rule.transition : "${transition.storage_class} ${transition.days}"]),
        join("", [for expiration in rule.expiration : "expires ${expiration.days}"]),
        join("", [for version in rule.noncurrent_version_expiration : "noncurrent ${version.noncurrent_days}"]),
      ]))
    ] == ["abort-uploads in * aborts 7", "archive in raw/* GLACIER_IR 90", "forget in * expires 7 noncurrent 1"]
    error_message = "The lifecycle aborts uploads and does what its rules say."
  }
}

run "a_queue_waits_six_timeouts_and_keeps_what_failed_for_two_weeks" {
  command = plan

  module {
    source = "./modules/object_queue"
  }

  variables {
    stack = {
      account           = { id = "123456789012", region = "us-east-1", partition = "aws" }
      prefix            = "coinlake-test"
      max_receive_count = 5
      kms_key_arn       = null
    }
    name                = "q"
    sender              = { service = "s3.amazonaws.com", arns = ["arn:aws:s3:::b"] }
    function_arn        = "arn:aws:lambda:us-east-1:123456789012:function:f"
    timeout_seconds     = 7
    maximum_concurrency = 2
  }

  assert {
    condition = [
      aws_sqs_queue.this.visibility_timeout_seconds,
      aws_sqs_queue.this.message_retention_seconds,
      aws_sqs_queue.dlq.message_retention_seconds,
      jsondecode(aws_sqs_queue.this.redrive_policy),
      aws_sqs_queue.this.sqs_managed_sse_enabled && aws_sqs_queue.dlq.sqs_managed_sse_enabled,
    ] == [42, 345600, 1209600, { deadLetterTargetArn = "arn:aws:sqs:us-east-1:123456789012:coinlake-test-q-dlq", maxReceiveCount = 5 }, true]
    error_message = "Visibility is six timeouts, retention 4 and 14 days, five tries, encrypted."
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.this["this"].function_response_types == toset(["ReportBatchItemFailures"]) &&
      aws_lambda_event_source_mapping.this["this"].scaling_config[0].maximum_concurrency == 2
    )
    error_message = "A batch fails message by message, and the queue may not take all of Lambda."
  }

  assert {
    condition = alltrue([
      for policy in [aws_sqs_queue.this.policy, aws_sqs_queue.dlq.policy] :
      [for s in jsondecode(policy).Statement : [s.Principal, s.Action, s.Condition] if s.Effect == "Deny"] == [["*", "sqs:*", { Bool = { "aws:SecureTransport" = "false" } }]]
    ])
    error_message = "Neither queue speaks plain HTTP."
  }
}

run "a_function_logs_to_its_own_group_and_a_failed_run_is_kept" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    stack = {
      account              = { id = "123456789012", region = "us-east-1", partition = "aws" }
      prefix               = "coinlake-test"
      runtime              = { name = "python3.13", architecture = "arm64", layers = [] }
      packages             = "tests/packages" # an empty zip has a hash too
      log_retention_days   = 30
      reserved_concurrency = {}
      kms_key_arn          = null
    }
    stage           = "ingest"
    description     = "d"
    memory_mb       = 128
    timeout_seconds = 7
    environment     = { A = "1" }
    policy          = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
    asynchronous    = { retries = 2, max_age_seconds = 3600, on_failure_arn = "arn:aws:sqs:us-east-1:123456789012:d" }
  }

  assert {
    condition     = aws_lambda_function_recursion_config.this.recursive_loop == "Terminate"
    error_message = "Lambda ends what invokes itself."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/aws/lambda/coinlake-test-ingest" && aws_cloudwatch_log_group.this.retention_in_days == 30
    error_message = "The log group is there before the function, and its logs expire."
  }

  assert {
    condition = [
      aws_lambda_function.this.function_name, aws_iam_role.this.name, aws_lambda_function.this.handler,
      aws_lambda_function.this.filename, aws_lambda_function.this.reserved_concurrent_executions,
    ] == ["coinlake-test-ingest", "coinlake-test-ingest", "ingest.handler.handler", "tests/packages/ingest.zip", -1]
    error_message = "A stage has one name in its function, role, handler and zip, and reserves nothing unless told to."
  }

  assert {
    condition = [
      for config in aws_lambda_function_event_invoke_config.this :
      [config.maximum_retry_attempts, config.maximum_event_age_in_seconds, config.destination_config[0].on_failure[0].destination]
    ] == [[2, 3600, "arn:aws:sqs:us-east-1:123456789012:d"]]
    error_message = "A run is retried twice, then kept."
  }

  assert {
    condition = aws_lambda_function.this.environment[0].variables == tomap({
      A                            = "1"
      POWERTOOLS_SERVICE_NAME      = "ingest"
      POWERTOOLS_METRICS_NAMESPACE = "coinlake-test"
      POWERTOOLS_LOG_LEVEL         = "INFO"
    })
    error_message = "A function's environment is its own settings and Powertools' names."
  }
}

run "schedules_carry_the_time_that_a_run_is_due" {
  command = plan

  variables {
    paused_feeds = ["coinbase_candles"]
    feeds = {
      coingecko_quotes = { source = "coingecko", dataset = "quotes", interval = "5m", top = 250 }
      coinbase_candles = { source = "coinbase", dataset = "candles", interval = "1h", assets = ["BTC"] }
      own_schedule     = { source = "coinbase", dataset = "candles", interval = "1h", assets = ["ETH"], schedule = "cron(7 * * * ? *)" }
      off              = { source = "coinbase", dataset = "candles", interval = "1d", assets = ["ETH"], enabled = false }
    }
  }

  # jsonencode would have written the angle brackets as \u003c, which Scheduler does not replace.
  assert {
    condition = [module.feed_schedule["coingecko_quotes"].input, module.watch_schedule.input, module.reconcile_schedule.input] == [
      "{\"feed\":\"coingecko_quotes\",\"scheduled_time\":\"<aws.scheduler.scheduled-time>\"}",
      "{\"watch\":\"<aws.scheduler.scheduled-time>\"}",
      "{\"days\":7}",
    ]
    error_message = "Scheduler's placeholder must stand in the input as it is documented."
  }

  assert {
    condition = { for name, schedule in module.feed_schedule : name => [schedule.name, schedule.expression, schedule.state] } == {
      coingecko_quotes = ["feed-coingecko_quotes", "cron(0/5 * * * ? *)", "ENABLED"]
      coinbase_candles = ["feed-coinbase_candles", "cron(2 * * * ? *)", "DISABLED"]
      own_schedule     = ["feed-own_schedule", "cron(7 * * * ? *)", "ENABLED"]
      off              = ["feed-off", "cron(5 0 * * ? *)", "DISABLED"]
    }
    error_message = "A feed runs as its interval or its own schedule says, unless it is paused or off."
  }

  assert {
    condition     = [module.watch_schedule.expression, module.watch_schedule.state] == ["cron(0/5 * * * ? *)", "ENABLED"]
    error_message = "The watch runs every five minutes, aligned to the clock."
  }
}

run "the_configuration_object_is_what_functions_read" {
  command = plan

  variables {
    environment  = "other"
    assets       = { BTC = { coingecko = "bitcoin", coinbase = "BTC" }, TRX = { coingecko = "tron", coinbase = null } }
    feeds        = { c = { source = "coinbase", dataset = "candles", interval = "1h", assets = ["BTC"] } }
    paused_feeds = ["c"]
    alert_rules  = { high = { asset = "BTC", above = 0.00000001 } }
    source_urls  = { coinbase = "https://127.0.0.1:8443/coinbase" }
    quota_used   = { coinbase = { requests_per_month = 744, weight_per_month = 744, credits_used = 744 } }
  }

  assert {
    condition = merge(jsondecode(local.config), {
      sources = { for source in ["coinbase", "coincap", "coingecko"] : source => jsondecode(local.config).sources[source] }
      }) == {
      assets = { BTC = { coingecko = "bitcoin", coinbase = "BTC" }, TRX = { coingecko = "tron", coinbase = null } }
      sources = {
        coinbase  = { base_url = "https://127.0.0.1:8443/coinbase", requests_per_minute = 480, credits_per_month = null, api_key_header = null, api_key_prefix = "", api_key_parameter = null }
        coincap   = { base_url = "https://rest.coincap.io/v3", requests_per_minute = 480, credits_per_month = 4000, api_key_header = null, api_key_prefix = "Bearer ", api_key_parameter = null }
        coingecko = { base_url = "https://api.coingecko.com/api/v3", requests_per_minute = 5, credits_per_month = null, api_key_header = null, api_key_prefix = "", api_key_parameter = null }
      }
      feeds = {
        c = {
          source   = "coinbase", dataset = "candles", quote = "USD", interval = "1h", assets = ["BTC"], top = null
          lookback = 24, schedule = "cron(2 * * * ? *)", stale_after_minutes = 150, enabled = false, off_reason = null
        }
      }
      alert_rules = {
        high = {
          asset            = "BTC", quote = "USD", source = null, above = 0.00000001, below = null
          change_percent   = null, window_minutes = 60, spread_bps = null, volume_times = null, window_days = 30
          drawdown_percent = null, new_high_days = null, new_low_days = null, cooldown_minutes = 60
        }
      }
      digest          = null
      notices         = { quarantine = true, failures = true, stale = true, cooldown_minutes = 60 }
      private_sources = false
      environment     = "other"
    }
    error_message = "The configuration changed its shape: change layers/coinlake/python/coinlake/config.py with it."
  }

  assert {
    condition     = keys(jsondecode(local.config).sources) == keys(local.sources_json.sources)
    error_message = "Every declared source is in the configuration."
  }

  assert {
    condition = jsonencode([output.quota.coinbase, output.quota.coincap]) == jsonencode([
      { requests_per_minute = 480, requests_per_month = 744, weight_per_month = 744, credits_used = 744, credits_per_month = null },
      { requests_per_minute = 480, requests_per_month = 0, weight_per_month = 0, credits_used = 0, credits_per_month = 4000 },
    ])
    error_message = "The output quota is what the preflight counted, beside what each source grants."
  }

  assert {
    condition     = aws_s3_object.config.key == "config/${sha256(aws_s3_object.config.content)}.json"
    error_message = "A changed configuration must be a new key."
  }
}

run "a_feed_without_its_key_is_in_the_configuration_and_off" {
  command = plan

  variables {
    feeds = { rates = { source = "coincap", dataset = "rates", interval = "1d" } }
  }

  assert {
    condition = [
      module.feed_schedule["rates"].state, jsondecode(local.config).feeds.rates.enabled, jsondecode(local.config).feeds.rates.off_reason
    ] == ["DISABLED", false, "CoinCap has no key: set coincap_api_key_version = 1 and export TF_VAR_coincap_api_key"]
    error_message = "A feed without its key must say so wherever it is looked for."
  }

  expect_failures = [check.every_feed_has_its_key]
}
