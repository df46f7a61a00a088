# Every role that the stack can have, with all options on: tests/permissions reads the policies of this plan,
# and an option that brings a role or a permission is switched on here.

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
  target = data.aws_redshiftserverless_workgroup.load
  values = { arn = "arn:aws:redshift-serverless:us-east-1:123456789012:workgroup/0a1b" }
}

override_data {
  target = data.aws_availability_zones.load
  values = { names = ["us-east-1a", "us-east-1b", "us-east-1c"] }
}

override_resource {
  target = aws_sfn_state_machine.backfill
}

override_resource {
  target          = aws_db_instance.load
  override_during = plan
  values = {
    resource_id        = "db-ABC"
    endpoint           = "coinlake-test-lake.abc.us-east-1.rds.amazonaws.com:5432"
    master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds" }]
  }
}

# Known before it is made, as the policies that name it must be.
override_resource {
  target          = aws_kms_key.this
  override_during = plan
  values          = { arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
}

# A policy names it, too.
override_resource {
  target          = aws_iam_role.snowflake
  override_during = plan
  values          = { arn = "arn:aws:iam::123456789012:role/coinlake-test-snowflake" }
}

run "all_options" {
  command = plan

  variables {
    environment           = "test"
    protect_data          = false
    customer_managed_keys = true
    enable_dashboard      = true
    detailed_monitoring   = true
    enable_orchestrator   = true
    enable_spark          = true
    readers               = ["arn:aws:iam::123456789012:role/analyst"]

    coingecko_plan    = "demo"
    coingecko_api_key = "not-a-key"
    coincap_api_key   = "not-a-key"
    coindesk_api_key  = "not-a-key"

    coincap_api_key_version  = 1
    coindesk_api_key_version = 1

    enable_stream = true
    stream = {
      streams    = ["btcusdt@trade"]
      coinbase   = { products = ["BTC-USD"] }
      venues     = { kraken = { markets = ["BTCUSD"], channels = ["trade"] } }
      secret_arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:coinlake-test-streams-AbCdEf"
      image_tag  = "1.0.0"
    }

    load = {
      postgres  = { ca_parameter = "/coinlake/test/postgres-ca" }
      redshift  = { workgroup = "analytics" }
      snowflake = { user_arn = "arn:aws:iam::210987654321:user/snowflake" }
    }
  }

  assert {
    condition     = length(module.load) == length(local.load_targets)
    error_message = "Each warehouse has its function."
  }
}

# What an option has instead of another: a database that is made, a cluster, a queue that SQS delivers from.
run "other_options" {
  command = plan

  variables {
    environment          = "test"
    protect_data         = false
    refine_batch_minutes = 0

    load = {
      postgres = { create = true, minutes = 0 }
      redshift = { cluster = "analytics" }
    }
  }

  assert {
    condition     = length(module.load) == length(local.load_targets)
    error_message = "Each warehouse has its function."
  }
}
