# Snowflake may fetch exactly the copies that it is handed; the function may write exactly these. The real
# provider renders the policies, offline, as in permissions.tftest.hcl.

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

override_resource {
  target          = aws_iam_role.snowflake
  override_during = plan
  values          = { arn = "arn:aws:iam::123456789012:role/coinlake-test-snowflake" }
}

variables {
  environment  = "test"
  protect_data = false
}

run "nobody_is_trusted_until_snowflakes_user_is_known" {
  command = plan

  variables {
    load = { snowflake = { tables = ["candles", "spreads"] } }
  }

  assert {
    condition = [
      for s in jsondecode(data.aws_iam_policy_document.snowflake_trust["snowflake"].json).Statement : [s.Effect, s.Principal, s.Action]
      ] == [["Deny", "*", "sts:AssumeRole"]] || [
      for s in jsondecode(data.aws_iam_policy_document.snowflake_trust["snowflake"].json).Statement : [s.Effect, s.Principal, s.Action]
    ] == [["Deny", { AWS = "*" }, "sts:AssumeRole"]]
    error_message = "Without user_arn nobody may assume the role."
  }

  assert {
    condition     = toset([for s in jsondecode(module.handoff_topic["snowflake"].policy).Statement : s.Sid]) == toset(["TakeEvents", "DenyPlainHttp"])
    error_message = "Without user_arn nobody else may subscribe to the topic."
  }

  assert {
    condition = {
      for s in jsondecode(data.aws_iam_policy_document.snowflake["snowflake"].json).Statement : s.Sid => concat([s.Effect, s.Action, s.Resource], try([s.Condition], []))
      } == {
      ReadCopies = [
        "Allow", ["s3:GetObjectVersion", "s3:GetObject"],
        "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/handoff/snowflake/*",
      ]
      ListHandoff = [
        "Allow", "s3:ListBucket", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1",
        { StringLike = { "s3:prefix" = ["handoff/snowflake/*", "handoff/reports/snowflake/*"] } },
      ]
      LocateLake = ["Allow", "s3:GetBucketLocation", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1"]
      WriteReport = [
        "Allow", ["s3:PutObject", "s3:GetObject"],
        "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/handoff/reports/snowflake/*",
      ]
    }
    error_message = "Snowflake's permissions changed: say why in docs/decisions."
  }

  assert {
    condition = {
      for s in jsondecode(module.load["snowflake"].policy).Statement : s.Sid => concat([s.Effect, s.Action, s.Resource], try([s.Condition], []))
      } == {
      ReadRefined = ["Allow", "s3:GetObject", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/refined/*"]
      ListRefined = [
        "Allow", "s3:ListBucket", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1",
        { StringLike = { "s3:prefix" = "refined/*" } },
      ]
      WriteCopies = ["Allow", "s3:PutObject", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/handoff/snowflake/*"]
      NumberCopies = [
        "Allow", ["dynamodb:UpdateItem", "dynamodb:Query"],
        "arn:aws:dynamodb:us-east-1:123456789012:table/coinlake-test-state",
        { "ForAllValues:StringEquals" = { "dynamodb:LeadingKeys" = "load#snowflake" } },
      ]
      ReadReport = ["Allow", "s3:GetObject", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/handoff/reports/snowflake/*"]
      ListReports = [
        "Allow", "s3:ListBucket", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1",
        { StringLike = { "s3:prefix" = "handoff/reports/snowflake/*" } },
      ]
      WriteOwnLogs = [
        "Allow",
        ["logs:PutLogEvents", "logs:CreateLogStream"],
        "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/coinlake-test-load-snowflake:*",
      ]
    }
    error_message = "load's permissions changed: say why in docs/decisions."
  }

  assert {
    condition     = [for rule in values(local.handoff_lifecycle) : [rule.prefix, rule.expire_days]] == [["handoff/", 7]]
    error_message = "Copies expire after a week."
  }

  assert {
    condition = contains([
      for topic in aws_s3_bucket_notification.lake.topic : join(" ", concat([topic.topic_arn, topic.filter_prefix], tolist(topic.events)))
    ], "arn:aws:sns:us-east-1:123456789012:coinlake-test-handoff handoff/snowflake/ s3:ObjectCreated:*")
    error_message = "Snowflake's pipes hear of each copy."
  }

  assert {
    condition     = output.load["snowflake"].role_arn == "arn:aws:iam::123456789012:role/coinlake-test-snowflake" && output.load["snowflake"].external_id == "coinlake-test-123456789012" && output.load["snowflake"].topic_arn == "arn:aws:sns:us-east-1:123456789012:coinlake-test-handoff"
    error_message = "`coinlake snowflake sql` reads these."
  }

  assert {
    condition     = module.load_schedule["snowflake"].expression == "cron(4 1 * * ? *)" && length(aws_ssm_parameter.load_url) == 0
    error_message = "Once a day, and no secret."
  }
}

run "snowflakes_user_is_trusted_with_the_external_id" {
  command = plan

  variables {
    load = { snowflake = { user_arn = "arn:aws:iam::210987654321:user/abc-s", subscriber_arn = "arn:aws:iam::210987654321:user/xyz-s" } }
  }

  assert {
    condition = [
      for s in jsondecode(data.aws_iam_policy_document.snowflake_trust["snowflake"].json).Statement : [s.Effect, s.Principal, s.Action, s.Condition]
      ] == [[
        "Allow", { AWS = "arn:aws:iam::210987654321:user/abc-s" }, "sts:AssumeRole",
        { StringEquals = { "sts:ExternalId" = "coinlake-test-123456789012" } },
    ]]
    error_message = "Only Snowflake's own user, with the external id."
  }

  assert {
    condition = [
      for s in jsondecode(module.handoff_topic["snowflake"].policy).Statement : [s.Effect, s.Principal, s.Action, s.Resource] if s.Sid == "SnowflakeListens"
    ] == [["Allow", { AWS = "arn:aws:iam::210987654321:user/xyz-s" }, "sns:Subscribe", "arn:aws:sns:us-east-1:123456789012:coinlake-test-handoff"]]
    error_message = "Snowflake may subscribe, and nothing else."
  }
}
