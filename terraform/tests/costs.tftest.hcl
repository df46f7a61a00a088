# What `make cost` prices: these plans, of an environment's file, by ops/cost. Nothing is asserted here
# but that nothing costs while it rests.

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

override_data {
  target = data.aws_availability_zones.stream
  values = { names = ["us-east-1a", "us-east-1b"] }
}

override_data {
  target = data.aws_availability_zones.load
  values = { names = ["us-east-1a", "us-east-1b", "us-east-1c"] }
}

override_resource {
  target = aws_sfn_state_machine.backfill
}

variables {
  environment  = "test"
  protect_data = false
}

run "as_it_is" {
  command = plan

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) <= 10 && length(aws_kms_key.this) == 0 && length(aws_ecs_service.stream) == 0
    error_message = "Ten alarms are free; keys and a running collector are not."
  }
}

run "enable_stream" {
  command = plan

  variables {
    enable_stream = true
    stream        = { streams = ["btcusdt@miniTicker", "btcusdt@trade"], image_tag = "1.0.0" }
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.stream) == 2
    error_message = "Two alarms beside the free ten."
  }
}

run "enable_dashboard" {
  command = plan

  variables {
    enable_dashboard = true
  }

  assert {
    condition     = length(aws_cloudfront_distribution.site) == 1
    error_message = "The dashboard is public."
  }
}

run "customer_managed_keys" {
  command = plan

  variables {
    customer_managed_keys = true
  }

  assert {
    condition     = length(aws_kms_key.this) == 1
    error_message = "One key for everything."
  }
}

run "load_postgres" {
  command = plan

  variables {
    load = { postgres = {} }
  }

  assert {
    condition     = length(module.load) == 1
    error_message = "One warehouse, hourly."
  }
}

run "load_postgres_create" {
  command = plan

  variables {
    load = { postgres = { create = true } }
  }

  assert {
    condition     = length(aws_db_instance.load) == 1
    error_message = "One database."
  }
}

run "load_redshift_create" {
  command = plan

  variables {
    load = { redshift = { create = true } }
  }

  assert {
    condition     = length(aws_redshiftserverless_workgroup.load) == 1
    error_message = "One workgroup, daily."
  }
}

run "load_snowflake" {
  command = plan

  variables {
    load = { snowflake = {} }
  }

  assert {
    condition     = length(aws_iam_role.snowflake) == 1
    error_message = "One warehouse, daily."
  }
}
