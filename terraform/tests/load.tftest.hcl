# A warehouse's function may do exactly this; without a warehouse nothing of it exists: stack.tftest.hcl. The
# real provider renders the policies, offline, as in permissions.tftest.hcl.

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

override_resource {
  target = aws_sfn_state_machine.backfill
}

variables {
  environment  = "test"
  protect_data = false
}

run "postgres_gets_a_function_that_reads_refined_and_its_url" {
  command = plan

  variables {
    load = { postgres = { ca_parameter = "/coinlake/test/ca", tables = ["quotes", "candles"] } }
  }

  assert {
    condition = {
      for s in jsondecode(module.load["postgres"].policy).Statement : s.Sid => concat([s.Effect, s.Action, s.Resource], try([s.Condition], []))
      } == {
      ReadRefined = ["Allow", "s3:GetObject", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/refined/*"]
      ListRefined = [
        "Allow", "s3:ListBucket", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1",
        { StringLike = { "s3:prefix" = "refined/*" } },
      ]
      ReadUrl = [
        "Allow", "ssm:GetParameter",
        [
          "arn:aws:ssm:us-east-1:123456789012:parameter/coinlake/test/postgres-url",
          "arn:aws:ssm:us-east-1:123456789012:parameter/coinlake/test/ca",
        ],
      ]
      WriteOwnLogs = [
        "Allow",
        ["logs:PutLogEvents", "logs:CreateLogStream"],
        "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/coinlake-test-load-postgres:*",
      ]
    }
    error_message = "load's permissions changed: say why in docs/decisions."
  }

  assert {
    condition     = module.load_schedule["postgres"].expression == "cron(4 * * * ? *)" && module.load_schedule["postgres"].input == "{\"load\":\"<aws.scheduler.scheduled-time>\"}"
    error_message = "Hourly, two minutes after refine."
  }

  assert {
    condition     = contains(local.scheduled_functions, "arn:aws:lambda:us-east-1:123456789012:function:coinlake-test-load-postgres")
    error_message = "The schedules' role may invoke the function."
  }

  assert {
    condition = [
      aws_cloudwatch_metric_alarm.load_late["postgres"].dimensions["service"], aws_cloudwatch_metric_alarm.load_late["postgres"].period,
      aws_cloudwatch_metric_alarm.load_late["postgres"].evaluation_periods, aws_cloudwatch_metric_alarm.load_late["postgres"].treat_missing_data,
    ] == ["load-postgres", 3600, 2, "breaching"]
    error_message = "Two runs that left something behind, or did not come, are alarmed."
  }

  assert {
    condition     = length(aws_ssm_parameter.load_url) == 0 && output.load["postgres"].url_parameter == "/coinlake/test/postgres-url"
    error_message = "Without a version the parameter is the user's own."
  }
}

run "terraform_writes_the_url_where_it_has_a_version_and_all_but_the_live_tables_are_loaded" {
  command = plan

  variables {
    load                  = { postgres = { url_version = 2, minutes = 1440 } }
    load_postgres_url     = "postgresql://u:p@db.example.com/lake"
    customer_managed_keys = false
  }

  assert {
    condition     = aws_ssm_parameter.load_url["postgres"].type == "SecureString" && aws_ssm_parameter.load_url["postgres"].value_wo_version == 2 && aws_ssm_parameter.load_url["postgres"].name == "/coinlake/test/postgres-url"
    error_message = "The URL is encrypted, and written anew with its version."
  }

  assert {
    condition     = module.load_schedule["postgres"].expression == "cron(4 1 * * ? *)"
    error_message = "A daily run comes after the day's last refine."
  }

  assert {
    condition     = join(" ", output.load["postgres"].tables) == "asset_days asset_peaks assets candles latest market_days price_points quotes rates sentiment spreads"
    error_message = "The default tables changed: say so in docs/load.md."
  }
}

run "a_version_of_a_databases_url_without_the_url_is_refused" {
  command = plan

  variables {
    load                  = { postgres = { url_version = 1 } }
    customer_managed_keys = false
  }

  expect_failures = [aws_ssm_parameter.load_url["postgres"]]
}
