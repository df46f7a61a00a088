# An orchestrator's worker may do exactly this; without one nothing of it exists: stack.tftest.hcl. The real
# provider renders the policy, offline, as in permissions.tftest.hcl.

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

run "an_orchestrator_may_do_exactly_this" {
  command = plan

  variables {
    enable_orchestrator = true
    load                = { postgres = {} }
  }

  assert {
    condition = {
      for s in jsondecode(aws_iam_policy.orchestrator["this"].policy).Statement : s.Sid => concat([s.Effect, s.Action, s.Resource], try([s.Condition], []))
      } == {
      StartBackfills = ["Allow", "states:StartExecution", "arn:aws:states:us-east-1:123456789012:stateMachine:coinlake-test-backfill"]
      FollowAndStopBackfills = [
        "Allow", ["states:StopExecution", "states:DescribeExecution"],
        "arn:aws:states:us-east-1:123456789012:execution:coinlake-test-backfill:*",
      ]
      InvokeStages = [
        "Allow", "lambda:InvokeFunction",
        [for stage in ["refine", "reconcile", "load-postgres", "ingest", "audit"] : "arn:aws:lambda:us-east-1:123456789012:function:coinlake-test-${stage}"],
      ]
      RebuildOnSpark = [
        "Allow", ["glue:StartJobRun", "glue:GetJobRuns", "glue:GetJobRun", "glue:GetJob", "glue:BatchStopJobRun"],
        "arn:aws:glue:us-east-1:123456789012:job/coinlake-test-spark",
      ]
      ReadReports       = ["Allow", "s3:GetObject", "arn:aws:s3:::coinlake-test-artifacts-123456789012-us-east-1/spark/runs/*"]
      ReadConfiguration = ["Allow", "s3:GetObject", "arn:aws:s3:::coinlake-test-artifacts-123456789012-us-east-1/config/*"]
      WritePlans        = ["Allow", "s3:PutObject", "arn:aws:s3:::coinlake-test-artifacts-123456789012-us-east-1/backfills/*/plan.json"]
      ReadResults       = ["Allow", "s3:GetObject", "arn:aws:s3:::coinlake-test-artifacts-123456789012-us-east-1/backfills/*/results/*"]
      ListRaw = [
        "Allow", "s3:ListBucket", "arn:aws:s3:::coinlake-test-raw-123456789012-us-east-1",
        { StringLike = { "s3:prefix" = "raw/*" } },
      ]
      ListLedger = [
        "Allow", "s3:ListBucket", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1",
        { StringLike = { "s3:prefix" = "ledger/*" } },
      ]
      WaitForLedger = ["Allow", "s3:GetObject", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/ledger/*"]
      AskAthena = [
        "Allow", ["athena:StopQueryExecution", "athena:StartQueryExecution", "athena:GetQueryResults", "athena:GetQueryExecution"],
        "arn:aws:athena:us-east-1:123456789012:workgroup/coinlake-test",
      ]
      SeeCatalog = [
        "Allow", ["glue:GetTables", "glue:GetTable", "glue:GetPartitions", "glue:GetPartition", "glue:GetDatabase"],
        [for name in ["table/coinlake_test/*", "database/default", "database/coinlake_test", "catalog"] : "arn:aws:glue:us-east-1:123456789012:${name}"],
      ]
      ReadRefined = ["Allow", "s3:GetObject", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/refined/*"]
      ListRefined = [
        "Allow", "s3:ListBucket", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1",
        { StringLike = { "s3:prefix" = "refined/*" } },
      ]
      KeepAnswers = [
        "Allow", ["s3:PutObject", "s3:ListMultipartUploadParts", "s3:GetObject", "s3:AbortMultipartUpload"],
        "arn:aws:s3:::coinlake-test-artifacts-123456789012-us-east-1/athena/*",
      ]
      FindAnswers = ["Allow", "s3:GetBucketLocation", "arn:aws:s3:::coinlake-test-artifacts-123456789012-us-east-1"]
    }
    error_message = "An orchestrator's permissions changed: say why in orchestration/README.md."
  }
}
