# The Spark job may do exactly this; without enable_spark nothing of it exists: stack.tftest.hcl. The real
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

variables {
  environment  = "test"
  protect_data = false
}

run "the_job_may_do_what_transform_and_refine_do_with_the_buckets" {
  command = plan

  variables {
    enable_spark = true
  }

  assert {
    condition = {
      for s in jsondecode(data.aws_iam_policy_document.spark["this"].json).Statement : s.Sid => concat([s.Effect, s.Action, s.Resource], try([s.Condition], []))
      } == {
      ReadRaw = ["Allow", "s3:GetObject", "arn:aws:s3:::coinlake-test-raw-123456789012-us-east-1/raw/*"]
      ListRaw = [
        "Allow", "s3:ListBucket", "arn:aws:s3:::coinlake-test-raw-123456789012-us-east-1",
        { StringLike = { "s3:prefix" = "raw/*" } },
      ]
      ReadAndWriteLake = [
        "Allow", ["s3:PutObject", "s3:GetObject"],
        [
          "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/trusted/*",
          "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/refined/*",
          "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/quarantine/*",
          "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/ledger/*",
        ],
      ]
      DeleteStaleOutputs = [
        "Allow", "s3:DeleteObject",
        [
          "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/trusted/*",
          "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/quarantine/*",
        ],
      ]
      KeepCopy = [
        "Allow", ["s3:PutObject", "s3:GetObject", "s3:DeleteObject"],
        "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/snappy/*",
      ]
      ListLake = [
        "Allow", "s3:ListBucket", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1",
        { StringLike = { "s3:prefix" = ["trusted/*", "refined/*", "quarantine/*", "ledger/*", "snappy/*"] } },
      ]
      ReadConfigurationAndCode = [
        "Allow", "s3:GetObject",
        [
          "arn:aws:s3:::coinlake-test-artifacts-123456789012-us-east-1/spark/code/*",
          "arn:aws:s3:::coinlake-test-artifacts-123456789012-us-east-1/config/*",
        ],
      ]
      WriteReport = ["Allow", "s3:PutObject", "arn:aws:s3:::coinlake-test-artifacts-123456789012-us-east-1/spark/runs/*"]
      WriteOwnLogs = [
        "Allow", ["logs:PutLogEvents", "logs:CreateLogStream"],
        [
          "arn:aws:logs:us-east-1:123456789012:log-group:/aws/glue/coinlake-test-spark/output:*",
          "arn:aws:logs:us-east-1:123456789012:log-group:/aws/glue/coinlake-test-spark/error:*",
        ],
      ]
    }
    error_message = "The Spark job's permissions changed: say why in docs/decisions."
  }

  assert {
    condition = jsondecode(data.aws_iam_policy_document.spark_trust["this"].json).Statement == [{
      Sid       = "GlueRunsAsThisRole"
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "glue.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } }
    }]
    error_message = "Only Glue, for this account, runs as the job's role."
  }

  assert {
    condition = [
      aws_glue_job.spark["this"].glue_version, aws_glue_job.spark["this"].worker_type,
      tostring(aws_glue_job.spark["this"].number_of_workers), tostring(aws_glue_job.spark["this"].max_retries),
      aws_glue_job.spark["this"].default_arguments["--slots"],
    ] == ["5.1", "G.1X", "11", "0", "40"]
    error_message = "Ten workers of 4 vCPU beside the driver, on Glue 5.1, never repeated."
  }

  assert {
    condition = (
      jsondecode(aws_glue_job.spark["this"].default_arguments["--settings"]).CODE_VERSION == local.code_version &&
      toset(keys(aws_s3_object.spark)) == toset(["script", "code", "wheels"])
    )
    error_message = "The job commits under transform's code version, and brings the layer's packages."
  }

  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.spark : group.retention_in_days == var.log_retention_days]) && length(aws_cloudwatch_log_group.spark) == 2
    error_message = "Glue's two log groups expire as the functions' do."
  }
}

run "workers_of_a_kind_that_flex_lacks_are_refused" {
  command = plan

  variables {
    enable_spark = true
    spark        = { worker_type = "G.8X" }
  }

  expect_failures = [var.spark]
}
