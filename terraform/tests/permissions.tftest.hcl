# What each role may do, exactly. The real provider renders the policies, offline: dummy keys, no
# calls, and an overridden caller. tests/contract/test_terraform_tests.py runs them.

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

run "each_role_may_do_exactly_this_and_no_function_triggers_itself" {
  command = plan

  assert {
    condition = {
      for s in jsondecode(module.ingest.policy).Statement : s.Sid => concat([s.Effect, s.Action, s.Resource], try([s.Condition], []))
      } == {
      WriteRaw = ["Allow", "s3:PutObject", "arn:aws:s3:::coinlake-test-raw-123456789012-us-east-1/raw/*"]
      FindRevisions = [
        "Allow", "s3:ListBucket", "arn:aws:s3:::coinlake-test-raw-123456789012-us-east-1",
        { StringLike = { "s3:prefix" = "raw/*" } },
      ]
      CompareRevisions = ["Allow", "s3:GetObject", "arn:aws:s3:::coinlake-test-raw-123456789012-us-east-1/raw/*"]
      ShareLimits = [
        "Allow",
        "dynamodb:UpdateItem",
        "arn:aws:dynamodb:us-east-1:123456789012:table/coinlake-test-state",
        { "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = "limit#*" } },
      ]
      ReadConfiguration = ["Allow", "s3:GetObject", "arn:aws:s3:::coinlake-test-artifacts-123456789012-us-east-1/config/*"]
      KeepFailedRuns    = ["Allow", "sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:coinlake-test-ingest-dlq"]
      WriteOwnLogs = [
        "Allow",
        ["logs:PutLogEvents", "logs:CreateLogStream"],
        "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/coinlake-test-ingest:*",
      ]
    }
    error_message = "ingest's permissions changed: say why in docs/decisions."
  }

  assert {
    condition = {
      for s in jsondecode(module.transform.policy).Statement : s.Sid => concat([s.Effect, s.Action, s.Resource], try([s.Condition], []))
      } == {
      ReadRaw = ["Allow", "s3:GetObject", "arn:aws:s3:::coinlake-test-raw-123456789012-us-east-1/raw/*"]
      KnowThatRawIsGone = [
        "Allow", "s3:ListBucket", "arn:aws:s3:::coinlake-test-raw-123456789012-us-east-1",
        { StringLike = { "s3:prefix" = "raw/*" } },
      ]
      WriteLake = [
        "Allow", "s3:PutObject",
        [
          "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/trusted/*",
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
      ReadLedger = ["Allow", "s3:GetObject", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/ledger/*"]
      KnowThatLedgerHasNoEntry = [
        "Allow", "s3:ListBucket", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1",
        { StringLike = { "s3:prefix" = "ledger/*" } },
      ]
      ReadConfiguration = ["Allow", "s3:GetObject", "arn:aws:s3:::coinlake-test-artifacts-123456789012-us-east-1/config/*"]
      TakeFromQueue = [
        "Allow",
        ["sqs:ReceiveMessage", "sqs:GetQueueAttributes", "sqs:DeleteMessage"],
        "arn:aws:sqs:us-east-1:123456789012:coinlake-test-transform",
      ]
      WriteOwnLogs = [
        "Allow",
        ["logs:PutLogEvents", "logs:CreateLogStream"],
        "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/coinlake-test-transform:*",
      ]
    }
    error_message = "transform's permissions changed: say why in docs/decisions."
  }

  assert {
    condition = {
      for s in jsondecode(module.refine.policy).Statement : s.Sid => concat([s.Effect, s.Action, s.Resource], try([s.Condition], []))
      } == {
      ReadTrustedPartsAndQuarantine = [
        "Allow", "s3:GetObject",
        [
          "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/trusted/*",
          "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/refined/*",
          "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/quarantine/*",
        ],
      ]
      WriteParts = ["Allow", "s3:PutObject", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/refined/*"]
      ListPartsAndTheDaysFiles = [
        "Allow", "s3:ListBucket", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1",
        { StringLike = { "s3:prefix" = ["trusted/*", "refined/*", "quarantine/*"] } },
      ]
      ReadConfiguration = ["Allow", "s3:GetObject", "arn:aws:s3:::coinlake-test-artifacts-123456789012-us-east-1/config/*"]
      TakeFromQueue = [
        "Allow",
        ["sqs:ReceiveMessage", "sqs:DeleteMessage"],
        "arn:aws:sqs:us-east-1:123456789012:coinlake-test-refine",
      ]
      WriteOwnLogs = [
        "Allow",
        ["logs:PutLogEvents", "logs:CreateLogStream"],
        "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/coinlake-test-refine:*",
      ]
    }
    error_message = "refine's permissions changed: say why in docs/decisions."
  }

  assert {
    condition = {
      for s in jsondecode(module.notify.policy).Statement : s.Sid => concat([s.Effect, s.Action, s.Resource], try([s.Condition], []))
      } == {
      ReadLake = [
        "Allow", "s3:GetObject",
        [
          "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/trusted/*",
          "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/refined/*",
          "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/quarantine/*",
        ],
      ]
      KnowWhatIsThere = [
        "Allow", "s3:ListBucket", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1",
        { StringLike = { "s3:prefix" = ["trusted/*", "refined/*", "quarantine/*"] } },
      ]
      ReadConfiguration = ["Allow", "s3:GetObject", "arn:aws:s3:::coinlake-test-artifacts-123456789012-us-east-1/config/*"]
      RememberPricesAndAlerts = [
        "Allow",
        ["dynamodb:UpdateItem", "dynamodb:Query", "dynamodb:PutItem"],
        "arn:aws:dynamodb:us-east-1:123456789012:table/coinlake-test-state",
      ]
      SendAlerts = ["Allow", "sns:Publish", "arn:aws:sns:us-east-1:123456789012:coinlake-test-alerts"]
      CountDeadLetters = [
        "Allow", "sqs:GetQueueAttributes",
        [
          "arn:aws:sqs:us-east-1:123456789012:coinlake-test-transform-dlq",
          "arn:aws:sqs:us-east-1:123456789012:coinlake-test-refine-dlq",
          "arn:aws:sqs:us-east-1:123456789012:coinlake-test-notify-dlq",
          "arn:aws:sqs:us-east-1:123456789012:coinlake-test-ingest-dlq",
        ],
      ]
      TakeFromQueue = [
        "Allow",
        ["sqs:ReceiveMessage", "sqs:GetQueueAttributes", "sqs:DeleteMessage"],
        "arn:aws:sqs:us-east-1:123456789012:coinlake-test-notify",
      ]
      WriteOwnLogs = [
        "Allow",
        ["logs:PutLogEvents", "logs:CreateLogStream"],
        "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/coinlake-test-notify:*",
      ]
    }
    error_message = "notify's permissions changed: say why in docs/decisions."
  }

  assert {
    condition = {
      for s in jsondecode(module.reconcile.policy).Statement : s.Sid => concat([s.Effect, s.Action, s.Resource], try([s.Condition], []))
      } == {
      ListRaw = [
        "Allow", "s3:ListBucket", "arn:aws:s3:::coinlake-test-raw-123456789012-us-east-1",
        { StringLike = { "s3:prefix" = "raw/*" } },
      ]
      ListLedger = [
        "Allow", "s3:ListBucket", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1",
        { StringLike = { "s3:prefix" = "ledger/*" } },
      ]
      SendBackToTransform = ["Allow", "sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:coinlake-test-transform"]
      TellOfFailedRuns    = ["Allow", "sns:Publish", "arn:aws:sns:us-east-1:123456789012:coinlake-test-operations"]
      WriteOwnLogs = [
        "Allow",
        ["logs:PutLogEvents", "logs:CreateLogStream"],
        "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/coinlake-test-reconcile:*",
      ]
    }
    error_message = "reconcile's permissions changed: say why in docs/decisions."
  }

  assert {
    condition = {
      for s in jsondecode(module.audit.policy).Statement : s.Sid => concat([s.Effect, s.Action, s.Resource], try([s.Condition], []))
      } == {
      ListEvidence = [
        "Allow", "s3:ListBucket", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1",
        { StringLike = { "s3:prefix" = ["ledger/*", "trusted/assets/*", "trusted/candles/*", "gaps/*"] } },
      ]
      ReadEvidence = [
        "Allow", "s3:GetObject",
        [
          "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/trusted/candles/*",
          "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/trusted/assets/*",
          "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/ledger/*",
          "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/gaps/*",
        ],
      ]
      WriteGaps           = ["Allow", "s3:PutObject", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/gaps/*"]
      ReadConfiguration   = ["Allow", "s3:GetObject", "arn:aws:s3:::coinlake-test-artifacts-123456789012-us-east-1/config/*"]
      RefillThroughIngest = ["Allow", "lambda:InvokeFunction", "arn:aws:lambda:us-east-1:123456789012:function:coinlake-test-ingest"]
      TellOfFailedRuns    = ["Allow", "sns:Publish", "arn:aws:sns:us-east-1:123456789012:coinlake-test-operations"]
      WriteOwnLogs = [
        "Allow",
        ["logs:PutLogEvents", "logs:CreateLogStream"],
        "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/coinlake-test-audit:*",
      ]
    }
    error_message = "audit's permissions changed: say why in docs/decisions."
  }

  assert {
    condition = [
      for s in jsondecode(aws_iam_role_policy.scheduler.policy).Statement : [s.Effect, s.Action, s.Resource]
      ] == [[
        "Allow", "lambda:InvokeFunction",
        [
          "arn:aws:lambda:us-east-1:123456789012:function:coinlake-test-refine",
          "arn:aws:lambda:us-east-1:123456789012:function:coinlake-test-reconcile",
          "arn:aws:lambda:us-east-1:123456789012:function:coinlake-test-notify",
          "arn:aws:lambda:us-east-1:123456789012:function:coinlake-test-ingest",
          "arn:aws:lambda:us-east-1:123456789012:function:coinlake-test-audit",
        ],
    ]]
    error_message = "What the schedules may do changed: say why in docs/decisions."
  }

  assert {
    condition = [
      for s in jsondecode(aws_iam_role.scheduler.assume_role_policy).Statement : [s.Effect, s.Action, s.Principal, s.Condition]
      ] == [[
        "Allow", "sts:AssumeRole", { Service = "scheduler.amazonaws.com" },
        {
          ArnEquals    = { "aws:SourceArn" = "arn:aws:scheduler:us-east-1:123456789012:schedule-group/coinlake-test" }
          StringEquals = { "aws:SourceAccount" = "123456789012" }
        },
    ]]
    error_message = "Whoever is not our schedule group must not become the schedules' role."
  }

  assert {
    condition = alltrue([
      for trust in [module.ingest.trust, module.transform.trust, module.refine.trust, module.notify.trust, module.reconcile.trust, module.audit.trust] :
      [for s in jsondecode(trust).Statement : [s.Effect, s.Action, s.Principal]] == [["Allow", "sts:AssumeRole", { Service = "lambda.amazonaws.com" }]]
    ])
    error_message = "Only Lambda may run as a function's role."
  }

  # A function whose writes come back to it as events would run for ever.
  assert {
    condition = length([
      for pair in setproduct(
        [for queue in aws_s3_bucket_notification.raw.queue : "${local.bucket_arns.raw}/${queue.filter_prefix}"],
        flatten([
          for s in jsondecode(module.transform.policy).Statement : s.Resource
          if anytrue([for action in flatten([s.Action]) : contains(["s3:PutObject", "s3:*", "*"], action)])
        ]),
      ) : pair if startswith(pair[1], pair[0]) || startswith(pair[0], trimsuffix(pair[1], "*"))
    ]) == 0
    error_message = "transform writes where its own trigger listens."
  }

  # Of the lake's zones refine hears of trusted alone, and writes refined alone.
  assert {
    condition = length([
      for s in jsondecode(module.refine.policy).Statement : s
      if contains(flatten([s.Action]), "s3:PutObject") && !alltrue([for r in flatten([s.Resource]) : endswith(r, "/refined/*")])
    ]) == 0
    error_message = "refine writes where its own trigger listens."
  }

  assert {
    condition = length([
      for s in concat(jsondecode(module.notify.policy).Statement, jsondecode(module.reconcile.policy).Statement) :
      s if anytrue([for action in flatten([s.Action]) : startswith(action, "s3:Put") || strcontains(action, "*")])
    ]) == 0
    error_message = "notify and reconcile write no object."
  }

  assert {
    condition = length([
      for s in concat(jsondecode(module.transform.policy).Statement, jsondecode(module.refine.policy).Statement, jsondecode(module.notify.policy).Statement) :
      s if contains(flatten([s.Action]), "sqs:SendMessage")
    ]) == 0
    error_message = "A function that takes from a queue sends to none."
  }

  # A backfill reads plans, fetches windows and writes results.
  assert {
    condition = {
      for s in jsondecode(aws_iam_role_policy.backfill.policy).Statement : s.Sid => [s.Effect, s.Action, s.Resource]
      } == {
      FetchWindows = ["Allow", "lambda:InvokeFunction", "arn:aws:lambda:us-east-1:123456789012:function:coinlake-test-ingest"]
      ReadPlans    = ["Allow", "s3:GetObject", "arn:aws:s3:::coinlake-test-artifacts-123456789012-us-east-1/backfills/*"]
      WriteResults = [
        "Allow",
        ["s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"],
        "arn:aws:s3:::coinlake-test-artifacts-123456789012-us-east-1/backfills/*/results/*",
      ]
      StartChildren = ["Allow", "states:StartExecution", "arn:aws:states:us-east-1:123456789012:stateMachine:coinlake-test-backfill"]
      FollowAndStopChildren = [
        "Allow",
        ["states:StopExecution", "states:DescribeExecution"],
        [
          "arn:aws:states:us-east-1:123456789012:execution:coinlake-test-backfill:*",
          "arn:aws:states:us-east-1:123456789012:execution:coinlake-test-backfill/*",
        ],
      ]
      DeliverLogs = [
        "Allow",
        [
          "logs:UpdateLogDelivery", "logs:PutResourcePolicy", "logs:ListLogDeliveries", "logs:GetLogDelivery",
          "logs:DescribeResourcePolicies", "logs:DescribeLogGroups", "logs:DeleteLogDelivery", "logs:CreateLogDelivery",
        ],
        "*",
      ]
    }
    error_message = "The backfill's permissions changed: say why in docs/decisions."
  }

  assert {
    condition = [
      for s in jsondecode(aws_iam_role.backfill.assume_role_policy).Statement : [s.Effect, s.Action, s.Principal, s.Condition]
      ] == [[
        "Allow", "sts:AssumeRole", { Service = "states.amazonaws.com" },
        {
          ArnLike = {
            "aws:SourceArn" = [
              "arn:aws:states:us-east-1:123456789012:stateMachine:coinlake-test-backfill",
              "arn:aws:states:us-east-1:123456789012:stateMachine:coinlake-test-backfill/*",
            ]
          }
          StringEquals = { "aws:SourceAccount" = "123456789012" }
        },
    ]]
    error_message = "Whoever is not our state machine must not become its role."
  }
}

run "ingest_reads_the_api_keys_that_there_are" {
  command = plan

  variables {
    coingecko_plan          = "demo"
    coingecko_api_key       = "CG-sentinel"
    coincap_api_key         = "CC-sentinel"
    coincap_api_key_version = 1
  }

  assert {
    condition = [
      for s in jsondecode(module.ingest.policy).Statement : [s.Effect, s.Action, s.Resource] if s.Sid == "ReadApiKeys"
      ] == [[
        "Allow", "ssm:GetParameter",
        [
          "arn:aws:ssm:us-east-1:123456789012:parameter/coinlake/test/coingecko-api-key",
          "arn:aws:ssm:us-east-1:123456789012:parameter/coinlake/test/coincap-api-key",
        ],
    ]]
    error_message = "ingest's right to the API keys changed: say why in docs/decisions."
  }
}

