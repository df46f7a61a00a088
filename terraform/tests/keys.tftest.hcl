# The API keys, and a customer managed key with every option that uses it.

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

run "the_api_keys_are_encrypted_and_sent_where_the_source_wants_them" {
  command = plan

  variables {
    coingecko_plan            = "basic"
    coingecko_api_key         = "CG-sentinel"
    coingecko_api_key_version = 3
    coincap_api_key           = "CC-sentinel"
    coincap_api_key_version   = 1
    coindesk_api_key          = "CD-sentinel"
    coindesk_api_key_version  = 2
    credits_per_month         = { coindesk = 7000 }
  }

  assert {
    condition = {
      for source, parameter in aws_ssm_parameter.api_key : source => [parameter.name, parameter.type, parameter.value_wo_version]
      } == {
      coincap   = ["/coinlake/test/coincap-api-key", "SecureString", 1]
      coindesk  = ["/coinlake/test/coindesk-api-key", "SecureString", 2]
      coingecko = ["/coinlake/test/coingecko-api-key", "SecureString", 3]
    }
    error_message = "An API key is a SecureString, written by version."
  }

  assert {
    condition = { for source in ["coincap", "coindesk", "coingecko"] : source => jsondecode(local.config).sources[source] } == {
      coincap = {
        base_url            = "https://rest.coincap.io/v3"
        requests_per_minute = 480
        credits_per_month   = 4000
        api_key_header      = "Authorization"
        api_key_prefix      = "Bearer "
        api_key_parameter   = "/coinlake/test/coincap-api-key"
      }
      coindesk = {
        base_url            = "https://data-api.coindesk.com"
        requests_per_minute = 120
        credits_per_month   = 7000
        api_key_header      = "x-api-key"
        api_key_prefix      = ""
        api_key_parameter   = "/coinlake/test/coindesk-api-key"
      }
      coingecko = {
        base_url            = "https://pro-api.coingecko.com/api/v3"
        requests_per_minute = 250
        credits_per_month   = 100000
        api_key_header      = "x-cg-pro-api-key"
        api_key_prefix      = ""
        api_key_parameter   = "/coinlake/test/coingecko-api-key"
      }
    }
    error_message = "Each source has a header of its own; the configuration names the parameter, never the key."
  }
}

run "a_plan_or_a_version_without_its_key_is_refused" {
  command = plan

  variables {
    coingecko_plan           = "demo"
    coincap_api_key_version  = 1
    coindesk_api_key_version = 1
  }

  expect_failures = [aws_ssm_parameter.api_key["coingecko"], aws_ssm_parameter.api_key["coincap"], aws_ssm_parameter.api_key["coindesk"]]
}

run "an_empty_key_is_refused" {
  command = plan

  variables {
    coingecko_plan           = "pro"
    coingecko_api_key        = ""
    coincap_api_key          = ""
    coincap_api_key_version  = 1
    coindesk_api_key         = ""
    coindesk_api_key_version = 1
  }

  expect_failures = [aws_ssm_parameter.api_key["coingecko"], aws_ssm_parameter.api_key["coincap"], aws_ssm_parameter.api_key["coindesk"]]
}

run "one_key_of_your_own_encrypts_everything" {
  command = plan

  variables {
    customer_managed_keys = true
  }

  override_resource {
    target          = aws_kms_key.this
    override_during = plan
    values          = { arn = "arn:aws:kms:us-east-1:123456789012:key/k" }
  }

  assert {
    condition = alltrue([
      for name, policy in { transform = module.transform.policy, reconcile = module.reconcile.policy, audit = module.audit.policy, backfill = aws_iam_role_policy.backfill.policy } :
      [for s in jsondecode(policy).Statement : [s.Effect, s.Action, s.Resource] if s.Sid == "UseKey"] == [["Allow", ["kms:GenerateDataKey", "kms:Decrypt"], "arn:aws:kms:us-east-1:123456789012:key/k"]]
      ]) && alltrue([
      for policy in [module.ingest.policy, module.notify.policy] :
      [for s in jsondecode(policy).Statement : [s.Effect, s.Action, s.Resource] if s.Sid == "UseKey"] == [["Allow", ["kms:ReEncrypt*", "kms:GenerateDataKey", "kms:Encrypt", "kms:DescribeKey", "kms:Decrypt"], "arn:aws:kms:us-east-1:123456789012:key/k"]]
    ])
    error_message = "What functions may do with the key changed: say why in docs/decisions."
  }

  assert {
    condition = [
      for s in jsondecode(aws_iam_role_policy.scheduler.policy).Statement : [s.Action, s.Resource] if s.Sid == "ReadEncryptedInput"
    ] == [["kms:Decrypt", "arn:aws:kms:us-east-1:123456789012:key/k"]]
    error_message = "Schedules must be able to read their own encrypted input, and no more."
  }

  assert {
    condition = {
      for s in jsondecode(aws_kms_key.this["this"].policy).Statement : s.Sid => concat([s.Principal, s.Action], try([s.Condition], []))
      } == {
      AccountAdministersKey = [{ AWS = "arn:aws:iam::123456789012:root" }, "kms:*"]
      BucketsSendEvents = [
        { Service = "s3.amazonaws.com" }, ["kms:GenerateDataKey", "kms:Decrypt"],
        {
          ArnLike = {
            "aws:SourceArn" = [
              "arn:aws:s3:::coinlake-test-raw-123456789012-us-east-1",
              "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1",
            ]
          }
          StringEquals = { "aws:SourceAccount" = "123456789012" }
        },
      ]
      TopicsSendEvents = [
        { Service = "sns.amazonaws.com" }, ["kms:GenerateDataKey", "kms:Decrypt"],
        {
          ArnLike = {
            "aws:SourceArn" = [
              "arn:aws:sns:us-east-1:123456789012:coinlake-test-quarantine",
              "arn:aws:sns:us-east-1:123456789012:coinlake-test-refined",
              "arn:aws:sns:us-east-1:123456789012:coinlake-test-trusted",
            ]
          }
        },
      ]
      AlarmsSendMessages = [
        { Service = "cloudwatch.amazonaws.com" }, ["kms:GenerateDataKey", "kms:Decrypt"],
        {
          ArnLike      = { "aws:SourceArn" = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:coinlake-test-*" }
          StringEquals = { "aws:SourceAccount" = "123456789012" }
        },
      ]
      LogGroupsEncrypt = [
        { Service = "logs.us-east-1.amazonaws.com" },
        ["kms:ReEncryptTo", "kms:ReEncryptFrom", "kms:GenerateDataKey", "kms:Encrypt", "kms:DescribeKey", "kms:Decrypt"],
        {
          ArnLike = {
            "kms:EncryptionContext:aws:logs:arn" = [
              "arn:aws:logs:us-east-1:123456789012:log-group:/aws/ecs/coinlake-test-*",
              "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/coinlake-test-*",
              "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vendedlogs/states/coinlake-test-*",
            ]
          }
        },
      ]
    }
    error_message = "Whom the key admits changed: say why in docs/decisions."
  }

  assert {
    condition = (
      aws_sqs_queue.ingest_dlq.kms_master_key_id == local.kms_key_arn &&
      aws_dynamodb_table.state.server_side_encryption[0].enabled &&
      aws_dynamodb_table.state.server_side_encryption[0].kms_key_arn == local.kms_key_arn &&
      one(one(one(aws_athena_workgroup.this.configuration).result_configuration).encryption_configuration).kms_key_arn == local.kms_key_arn &&
      aws_kms_key.this["this"].enable_key_rotation
    )
    error_message = "Queue, table and query results use the key, and the key rotates."
  }
}

run "with_every_option_each_part_may_use_the_key_as_it_must" {
  command = plan

  variables {
    customer_managed_keys = true
    enable_dashboard      = true
    enable_orchestrator   = true
    readers               = ["arn:aws:iam::123456789012:role/analyst"]
    load                  = { postgres = {}, redshift = { workgroup = "analytics" }, snowflake = {} }
  }

  override_resource {
    target          = aws_kms_key.this
    override_during = plan
    values          = { arn = "arn:aws:kms:us-east-1:123456789012:key/k" }
  }

  override_data {
    target = data.aws_redshiftserverless_workgroup.load
    values = { arn = "arn:aws:redshift-serverless:us-east-1:123456789012:workgroup/0a1b" }
  }

  override_resource {
    target          = aws_iam_role.snowflake
    override_during = plan
    values          = { arn = "arn:aws:iam::123456789012:role/coinlake-test-snowflake" }
  }

  # Known before there is a distribution: an account that may not make one must not lack its key.
  assert {
    condition = [
      for s in jsondecode(aws_kms_key.this["this"].policy).Statement : [s.Principal, s.Action, s.Condition] if s.Sid == "DashboardIsShown"
      ] == [[
        { Service = "cloudfront.amazonaws.com" }, "kms:Decrypt",
        {
          ArnLike      = { "aws:SourceArn" = "arn:aws:cloudfront::123456789012:distribution/*" }
          StringEquals = { "aws:SourceAccount" = "123456789012" }
        },
    ]]
    error_message = "The account's distributions decrypt what they show, and the key waits for none."
  }

  assert {
    condition = [
      for s in jsondecode(module.refine.policy).Statement : s.Action if s.Sid == "UseKey"
    ] == [["kms:ReEncrypt*", "kms:GenerateDataKey", "kms:Encrypt", "kms:DescribeKey", "kms:Decrypt"]]
    error_message = "refine reads the state table for the dashboard: with the key it may do what the table's other users may."
  }

  assert {
    condition = [
      for s in jsondecode(module.load["postgres"].policy).Statement : [s.Effect, s.Action, s.Resource] if s.Sid == "UseKey"
    ] == [["Allow", "kms:Decrypt", "arn:aws:kms:us-east-1:123456789012:key/k"]]
    error_message = "Refined and the URL are encrypted with the key."
  }

  assert {
    condition = [
      for s in jsondecode(data.aws_iam_policy_document.redshift_copy["redshift"].json).Statement : [s.Action, s.Resource] if s.Sid == "UseKey"
    ] == [["kms:Decrypt", "arn:aws:kms:us-east-1:123456789012:key/k"]]
    error_message = "Copies are encrypted with the key."
  }

  assert {
    condition = [
      for s in jsondecode(data.aws_iam_policy_document.snowflake["snowflake"].json).Statement : [s.Action, s.Resource] if s.Sid == "UseKey"
    ] == [[["kms:GenerateDataKey", "kms:Decrypt"], "arn:aws:kms:us-east-1:123456789012:key/k"]]
    error_message = "Copies and the report are encrypted with the key."
  }

  assert {
    condition = [
      for s in jsondecode(module.load["snowflake"].policy).Statement : [s.Action, s.Resource] if contains(["UseKey", "EncryptCopies"], s.Sid)
    ] == [["kms:GenerateDataKey", "arn:aws:kms:us-east-1:123456789012:key/k"], ["kms:Decrypt", "arn:aws:kms:us-east-1:123456789012:key/k"]]
    error_message = "The function reads refined and writes copies under the key."
  }

  assert {
    condition = [
      for s in jsondecode(aws_iam_policy.orchestrator["this"].policy).Statement : [s.Effect, s.Action, s.Resource] if s.Sid == "UseKey"
    ] == [["Allow", ["kms:GenerateDataKey", "kms:Decrypt"], "arn:aws:kms:us-east-1:123456789012:key/k"]]
    error_message = "What it reads and writes is encrypted with the key."
  }

  assert {
    condition = {
      for s in concat(
        jsondecode(data.aws_iam_policy_document.lake_formation.json).Statement,
        jsondecode(aws_iam_policy.reader["this"].policy).Statement,
      ) : s.Sid => [s.Action, s.Resource] if strcontains(jsonencode(s.Action), "kms:")
      } == {
      ReadEncryptedTables = ["kms:Decrypt", "arn:aws:kms:us-east-1:123456789012:key/k"]
      EncryptAnswers      = [["kms:GenerateDataKey", "kms:Decrypt"], "arn:aws:kms:us-east-1:123456789012:key/k"]
    }
    error_message = "Lake Formation decrypts the tables, a reader encrypts its answers, and neither does more."
  }
}

run "a_bucket_uses_the_key_it_is_given" {
  command = plan

  module {
    source = "./modules/bucket"
  }

  variables {
    name            = "a-bucket"
    lifecycle_rules = {}
    stack = {
      account       = { partition = "aws" }
      force_destroy = true
      kms_key_arn   = "arn:aws:kms:us-east-1:123456789012:key/k"
    }
  }

  assert {
    condition = [
      for rule in aws_s3_bucket_server_side_encryption_configuration.this.rule :
      [rule.bucket_key_enabled, one(rule.apply_server_side_encryption_by_default).sse_algorithm, one(rule.apply_server_side_encryption_by_default).kms_master_key_id]
    ] == [[true, "aws:kms", "arn:aws:kms:us-east-1:123456789012:key/k"]]
    error_message = "A bucket key makes one KMS request serve many objects."
  }
}
