# How many collectors run follows from whether an image was pushed, which is known only beside the
# repository: so these runs apply, to a provider that is made up.

mock_provider "aws" {
  mock_resource "aws_lambda_layer_version" {
    defaults = { arn = "arn:aws:lambda:us-east-1:123456789012:layer:l:1" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/r" }
  }

  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:us-east-1:123456789012:t" }
  }

  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:us-east-1:123456789012:function:f" }
  }

  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:us-east-1:123456789012:q" }
  }

  mock_resource "aws_ecs_cluster" {
    defaults = { arn = "arn:aws:ecs:us-east-1:123456789012:cluster/c" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:us-east-1:123456789012:log-group:l" }
  }

  mock_resource "aws_ecs_task_definition" {
    defaults = { arn = "arn:aws:ecs:us-east-1:123456789012:task-definition/t:1" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Statement\":[]}" }
  }

  mock_data "aws_availability_zones" {
    defaults = { names = ["us-east-1a", "us-east-1b"] }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

variables {
  environment   = "test"
  protect_data  = false
  enable_stream = true
  stream        = { streams = ["btcusdt@trade"], image_tag = "1.0.0" }

  # Terraform's test wants a value for what is ephemeral, to apply. Nothing uses them.
  coingecko_api_key = "sentinel"
  coincap_api_key   = "sentinel"
  coindesk_api_key  = "sentinel"
  load_postgres_url = "sentinel"
}

run "after_destroy_and_deploy_nothing_runs_until_an_image_is_pushed_again" {
  override_data {
    target = data.aws_ecr_repository.stream
    values = { most_recent_image_tags = [] }
  }

  assert {
    condition     = aws_ecs_service.stream["this"].desired_count == 0
    error_message = "With image_tag set and an empty repository the circuit breaker would stop the service for good."
  }
}

run "with_an_image_one_collector_runs" {
  override_data {
    target = data.aws_ecr_repository.stream
    values = { most_recent_image_tags = ["1.0.0"] }
  }

  assert {
    condition     = aws_ecs_service.stream["this"].desired_count == 1
    error_message = "One collector listens once there is an image."
  }
}
