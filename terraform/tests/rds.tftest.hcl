# The PostgreSQL that create makes: private, encrypted, by IAM tokens, in a network without a way out; and the bell
# of minutes = 0.

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

run "create_makes_a_private_database_whose_one_user_logs_in_by_token" {
  command = plan

  variables {
    load                  = { postgres = { create = true, tables = ["quotes"] } }
    customer_managed_keys = false
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

  assert {
    condition = [
      aws_db_instance.load["postgres"].publicly_accessible, aws_db_instance.load["postgres"].storage_encrypted,
      aws_db_instance.load["postgres"].iam_database_authentication_enabled, aws_db_instance.load["postgres"].manage_master_user_password,
      aws_db_instance.load["postgres"].instance_class, aws_db_instance.load["postgres"].allocated_storage,
    ] == [false, true, true, true, "db.t4g.micro", 20]
    error_message = "Private, encrypted, by token, its administrator's password in Secrets Manager, the smallest."
  }

  assert {
    condition     = aws_db_instance.load["postgres"].password == null && one(aws_db_parameter_group.load["postgres"].parameter[*].name) == "rds.force_ssl"
    error_message = "No password in the state; TLS only."
  }

  assert {
    condition = {
      for s in jsondecode(module.load["postgres"].policy).Statement : s.Sid => [s.Effect, s.Resource] if !contains(["WriteOwnLogs", "ListRefined"], s.Sid)
      } == {
      ReadRefined       = ["Allow", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/refined/*"]
      LogIn             = ["Allow", "arn:aws:rds-db:us-east-1:123456789012:dbuser:db-ABC/coinlake_load"]
      LetLambdaAttachIt = ["Allow", "*"]
      NotTheCodeItself  = ["Deny", "*"]
    }
    error_message = "One user of one database, no parameter; what attaches the function is denied to its code."
  }

  assert {
    condition     = jsonencode(local.load_options["postgres"]) == jsonencode({ address = "postgresql://coinlake-test-lake.abc.us-east-1.rds.amazonaws.com:5432/lake" })
    error_message = "The function is told the address; nothing of it is secret."
  }

  assert {
    condition = [
      length(aws_subnet.load), length(aws_vpc_endpoint.load_s3),
      length(aws_vpc_security_group_ingress_rule.load_database), length(aws_vpc_security_group_egress_rule.load_database) + length(aws_vpc_security_group_egress_rule.load_s3),
    ] == [3, 1, 1, 2]
    error_message = "Only the function reaches the database, and it reaches only that and S3: no NAT, no interface endpoint."
  }

  assert {
    condition     = output.load["postgres"].secret_arn == "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds"
    error_message = "`coinlake load --init` finds the administrator's secret."
  }
}

run "without_minutes_what_refine_writes_rings" {
  command = plan

  variables {
    load = { postgres = { minutes = 0 } }
  }

  assert {
    condition     = aws_sns_topic_subscription.load_bell["postgres"].protocol == "sqs" && aws_lambda_event_source_mapping.load_bell["postgres"].maximum_batching_window_in_seconds == 60
    error_message = "A run a minute at most."
  }

  assert {
    condition = one([
      for s in jsondecode(module.load["postgres"].policy).Statement : [s.Action, s.Resource] if s.Sid == "HearBell"
    ]) == [["sqs:ReceiveMessage", "sqs:GetQueueAttributes", "sqs:DeleteMessage"], "arn:aws:sqs:us-east-1:123456789012:coinlake-test-load-postgres"]
    error_message = "The function empties its own queue."
  }

  assert {
    condition     = module.load_schedule["postgres"].expression == "cron(4 1 * * ? *)" && aws_cloudwatch_metric_alarm.load_late["postgres"].period == 3600
    error_message = "Daily for what no event tells of, and late after two hours."
  }
}
