# The live collector may do exactly this; off it makes nothing: stack.tftest.hcl. The real provider
# renders the policies, offline, as in permissions.tftest.hcl.

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

# In the order that AWS happens to answer in.
override_data {
  target = data.aws_availability_zones.stream
  values = { names = ["us-east-1f", "us-east-1c", "us-east-1d"] }
}

variables {
  environment  = "test"
  protect_data = false
}

run "on_it_may_do_exactly_this" {
  command = plan

  variables {
    enable_stream = true
    stream        = { streams = ["btcusdt@trade"], image_tag = "1.0.0" }
  }

  assert {
    condition = {
      for s in jsondecode(data.aws_iam_policy_document.stream.json).Statement : s.Sid => [s.Effect, s.Action, s.Resource]
      } == {
      WriteRaw = [
        "Allow", ["s3:PutObject", "s3:GetObject"],
        # Of every source that is listened to live; the provider sorts them downwards.
        [for source in reverse(keys(local.websockets)) : "arn:aws:s3:::coinlake-test-raw-123456789012-us-east-1/raw/source=${source}/*"],
      ]
      ReadConfiguration = ["Allow", "s3:GetObject", "arn:aws:s3:::coinlake-test-artifacts-123456789012-us-east-1/config/*"]
      KeepLatestPrices  = ["Allow", ["dynamodb:PutItem", "dynamodb:BatchGetItem"], "arn:aws:dynamodb:us-east-1:123456789012:table/coinlake-test-latest"]
    }
    error_message = "stream's permissions changed: say why in docs/decisions."
  }

  assert {
    condition = {
      for s in jsondecode(data.aws_iam_policy_document.stream_start.json).Statement : s.Sid => [s.Effect, s.Action, s.Resource]
      } == {
      LogInToRegistry = ["Allow", "ecr:GetAuthorizationToken", "*"]
      PullImage = [
        "Allow", ["ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability"],
        "arn:aws:ecr:us-east-1:123456789012:repository/coinlake-test-stream",
      ]
      WriteOwnLogs = [
        "Allow", ["logs:PutLogEvents", "logs:CreateLogStream"],
        "arn:aws:logs:us-east-1:123456789012:log-group:/aws/ecs/coinlake-test-stream:*",
      ]
    }
    error_message = "What starts the collector may do something else: say why in docs/decisions."
  }

  assert {
    condition = jsondecode(data.aws_iam_policy_document.stream_trust.json).Statement[0].Condition == {
      ArnLike      = { "aws:SourceArn" = "arn:aws:ecs:us-east-1:123456789012:*" }
      StringEquals = { "aws:SourceAccount" = "123456789012" }
    }
    error_message = "Only tasks of this account run as the collector."
  }

  assert {
    condition = [
      aws_ecs_task_definition.stream["this"].cpu, aws_ecs_task_definition.stream["this"].memory,
      aws_ecs_task_definition.stream["this"].runtime_platform[0].cpu_architecture,
      aws_ecs_service.stream["this"].deployment_circuit_breaker[0].enable, aws_ecs_service.stream["this"].deployment_circuit_breaker[0].rollback,
    ] == ["256", "512", "ARM64", true, true]
    error_message = "A quarter of an arm64 CPU, one task, and a deployment that goes back by itself."
  }

  assert {
    condition = alltrue([
      for rule in aws_vpc_security_group_egress_rule.stream : rule.ip_protocol == "tcp" && contains([443, 9443], rule.from_port) && rule.from_port == rule.to_port
    ])
    error_message = "Only TLS goes out."
  }

  assert {
    condition     = join(" ", sort([for alarm in aws_cloudwatch_metric_alarm.stream : alarm.metric_name])) == "FramesDropped FramesReceived"
    error_message = "Silence and dropped frames are alarmed."
  }

  # It is silent until it has started, so that it is well again must be said, too.
  assert {
    condition = aws_ecs_service.stream["this"].wait_for_steady_state && alltrue([
      for alarm in aws_cloudwatch_metric_alarm.stream : length(alarm.ok_actions) == 1 && length(alarm.alarm_actions) == 1
    ])
    error_message = "The alarms come after a running service, and mail when all is well again."
  }

  assert {
    condition     = { for key, subnet in aws_subnet.stream : key => subnet.availability_zone } == { a = "us-east-1c", b = "us-east-1d" }
    error_message = "The subnets are in zones that this account has."
  }

  assert {
    condition = (
      data.aws_availability_zones.stream["this"].exclude_zone_ids == toset(["apne1-az3", "cac1-az3", "cnn1-az3", "cnn1-az4", "use1-az3", "usw1-az2"])
      && data.aws_availability_zones.stream["this"].state == "available"
    )
    error_message = "Zones without Fargate are left out, by the ids that are the same in every account."
  }

  # A push may be an index, an image and an attestation: three of what the registry counts.
  assert {
    condition     = jsondecode(aws_ecr_lifecycle_policy.stream["this"].policy).rules[0].selection.countNumber == 15
    error_message = "Five pushes are kept."
  }
}

run "without_an_image_nothing_runs_and_nobody_is_alarmed" {
  command = plan

  variables {
    enable_stream = true
    stream        = { streams = ["btcusdt@trade"], venues = { coinbase = { markets = ["BTC-USD"] } } }
  }

  assert {
    condition = jsondecode(local.stream_environment.STREAMS) == {
      streams  = ["btcusdt@trade"]
      host     = "data"
      coinbase = { markets = ["BTC-USD"] }
    }
    error_message = "The collector reads a section of each venue, without what was not set."
  }

  assert {
    condition     = [aws_ecs_service.stream["this"].desired_count, length(aws_cloudwatch_metric_alarm.stream)] == [0, 0]
    error_message = "A service without an image would fail for ever."
  }
}

run "given_subnets_are_used_and_a_secret_may_be_read" {
  command = plan

  variables {
    enable_stream = true
    stream = {
      secret_arn     = "arn:aws:secretsmanager:us-east-1:123456789012:secret:streams-AbCdEf"
      image_tag      = "1.0.0"
      vpc_id         = "vpc-0123456789abcdef0"
      subnet_ids     = ["subnet-0123456789abcdef0"]
      public_address = false
    }
  }

  assert {
    condition = [
      length(aws_vpc.stream), length(aws_subnet.stream), one(aws_ecs_service.stream["this"].network_configuration[0].subnets),
      aws_ecs_service.stream["this"].network_configuration[0].assign_public_ip,
    ] == [0, 0, "subnet-0123456789abcdef0", false]
    error_message = "A network of its own is made only when none is given."
  }

  assert {
    condition = contains(
      [for s in jsondecode(data.aws_iam_policy_document.stream.json).Statement : "${s.Sid} ${try(tostring(s.Action), "")} ${try(tostring(s.Resource), "")}"],
      "ReadStreams secretsmanager:GetSecretValue arn:aws:secretsmanager:us-east-1:123456789012:secret:streams-AbCdEf",
    )
    error_message = "The secret, and no other."
  }
}
