# stream: the live collector, a container on Fargate. It listens to exchange websockets and writes
# batches of frames to raw, from where they go the way of all answers. Off unless enable_stream.

locals {
  stream_on   = toset(var.enable_stream ? ["this"] : [])
  stream_name = "${local.prefix}-stream"
  stream_arns = {
    latest = "arn:${local.account.partition}:dynamodb:${local.account.region}:${local.account.id}:table/${local.prefix}-latest"
    logs   = "arn:${local.account.partition}:logs:${local.account.region}:${local.account.id}:log-group:/aws/ecs/${local.stream_name}"
    images = "arn:${local.account.partition}:ecr:${local.account.region}:${local.account.id}:repository/${local.stream_name}"
  }

  # The container's user owns /spool in the image, and Fargate gives the volume that owner because the
  # Dockerfile declares it. Source: Amazon ECS Developer Guide, "Bind mounts".
  stream_spool = "/spool"
  stream_port  = 8080

  # As functions/stream/config.py reads them.
  stream_sections = merge(
    { streams = var.stream.streams, host = var.stream.host, coinbase = var.stream.coinbase },
    { for venue, section in var.stream.venues : venue => { for name, value in section : name => value if value != null } },
  )

  stream_environment = merge(
    {
      RAW_BUCKET                   = module.raw.name
      CONFIG_BUCKET                = module.artifacts.name
      CONFIG_KEY                   = aws_s3_object.config.key
      LATEST_TABLE                 = "${local.prefix}-latest"
      SPOOL_DIR                    = local.stream_spool
      HEALTH_PORT                  = tostring(local.stream_port)
      LATEST_TTL_SECONDS           = tostring(var.stream.latest_ttl)
      LATEST_SECONDS               = tostring(var.stream.latest_seconds)
      BATCH_FRAMES                 = tostring(var.stream.batch_frames)
      BATCH_SECONDS                = tostring(var.stream.batch_seconds)
      PRIVATE_SOURCES              = tostring(var.private_sources)
      AWS_DEFAULT_REGION           = local.account.region # botocore does not read AWS_REGION
      POWERTOOLS_SERVICE_NAME      = "stream"
      POWERTOOLS_METRICS_NAMESPACE = local.prefix
      POWERTOOLS_LOG_LEVEL         = "INFO"
    },
    var.stream.secret_arn == null ? { STREAMS = jsonencode(local.stream_sections) } : { STREAMS_SECRET_ARN = var.stream.secret_arn },
  )
}

# The newest price of each stream.
resource "aws_dynamodb_table" "latest" {
  for_each = local.stream_on

  name                        = "${local.prefix}-latest"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "stream"
  deletion_protection_enabled = var.protect_data

  attribute {
    name = "stream"
    type = "S"
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = var.protect_data
  }

  server_side_encryption {
    enabled     = var.customer_managed_keys
    kms_key_arn = local.kms_key_arn
  }
}

resource "aws_ecr_repository" "stream" {
  for_each = local.stream_on

  name                 = local.stream_name
  image_tag_mutability = "IMMUTABLE"
  force_delete         = local.force_destroy

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = var.customer_managed_keys ? "KMS" : "AES256"
    kms_key         = local.kms_key_arn
  }
}

resource "aws_ecr_lifecycle_policy" "stream" {
  for_each = aws_ecr_repository.stream

  repository = each.value.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "Five pushes are enough to go back; one may be an index, an image and its attestation"
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 15 }
      action       = { type = "expire" }
    }]
  })
}

resource "aws_cloudwatch_log_group" "stream" {
  for_each = local.stream_on

  name              = "/aws/ecs/${local.stream_name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = local.kms_key_arn
}

resource "aws_ecs_cluster" "stream" {
  for_each = local.stream_on

  name = local.stream_name

  # Container Insights costs more than the collector, whose own metrics show its state.
  setting {
    name  = "containerInsights"
    value = var.detailed_monitoring ? "enabled" : "disabled"
  }
}

resource "aws_ecs_task_definition" "stream" {
  for_each = local.stream_on

  family                   = local.stream_name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.stream.cpu
  memory                   = var.stream.memory_mb
  execution_role_arn       = aws_iam_role.stream_start[each.key].arn
  task_role_arn            = aws_iam_role.stream[each.key].arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "ARM64"
  }

  # It outlives the process, not the task: what it holds is sent after a restart of the container.
  volume {
    name = "spool"
  }

  container_definitions = jsonencode([{
    name                   = "stream"
    image                  = "${aws_ecr_repository.stream[each.key].repository_url}:${coalesce(var.stream.image_tag, "none")}"
    essential              = true
    user                   = "10001:10001"
    readonlyRootFilesystem = true
    stopTimeout            = 60
    restartPolicy          = { enabled = true, restartAttemptPeriod = 60 }
    linuxParameters        = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
    environment            = [for name in sort(keys(local.stream_environment)) : { name = name, value = local.stream_environment[name] }]
    mountPoints            = [{ sourceVolume = "spool", containerPath = local.stream_spool, readOnly = false }]
    healthCheck = {
      command     = ["CMD", "python", "-m", "stream.probe"]
      interval    = 30
      timeout     = 5
      retries     = 3
      startPeriod = 60
    }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.stream[each.key].name
        "awslogs-region"        = local.account.region
        "awslogs-stream-prefix" = "stream"
      }
    }
  }])
}

# Whether anything was pushed: after destroy and deploy the repository is empty, though image_tag is set.
data "aws_ecr_repository" "stream" {
  for_each = var.enable_stream && var.stream.image_tag != null ? aws_ecr_repository.stream : {}

  name = each.value.name
}

# A new task listens before the old one stops, so a deployment misses nothing; what both heard is one
# row in refined. Without an image nothing runs: the circuit breaker would stop the service for good.
resource "aws_ecs_service" "stream" {
  for_each = local.stream_on

  name                               = local.stream_name
  cluster                            = aws_ecs_cluster.stream[each.key].arn
  task_definition                    = aws_ecs_task_definition.stream[each.key].arn
  desired_count                      = anytrue([for pushed in data.aws_ecr_repository.stream : length(pushed.most_recent_image_tags) > 0]) ? 1 : 0
  wait_for_steady_state              = var.stream.image_tag != null # the alarms look once it runs
  launch_type                        = "FARGATE"
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  propagate_tags                     = "SERVICE"

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = local.stream_own_network ? [for subnet in aws_subnet.stream : subnet.id] : var.stream.subnet_ids
    security_groups  = [aws_security_group.stream[each.key].id]
    assign_public_ip = var.stream.public_address
  }

  # One task has nothing to balance, and not every ECS API (the embedded one) returns this attribute.
  lifecycle {
    ignore_changes = [availability_zone_rebalancing]
  }

  # A task that starts before it may log, pull or reach anything fails, and counts for the breaker.
  depends_on = [
    aws_iam_role_policy.stream,
    aws_iam_role_policy.stream_start,
    aws_route_table_association.stream,
    aws_vpc_security_group_egress_rule.stream,
  ]
}

# Beyond the free ten, for those who run it. After the service: what has said nothing yet is silent.
resource "aws_cloudwatch_metric_alarm" "stream" {
  for_each = var.enable_stream && var.stream.image_tag != null ? {
    silent = {
      description = "The live collector is silent for 15 minutes: `aws logs tail /aws/ecs/${local.stream_name} --since 30m` says why, `aws ecs describe-services --cluster ${local.stream_name} --services ${local.stream_name}` whether it runs."
      metric      = "FramesReceived"
      comparison  = "LessThanThreshold"
      threshold   = 1
      missing     = "breaching"
      periods     = 3
    }
    frames-dropped = {
      description = "The live collector dropped frames: the table stream_gaps says which and why. Its spool is full when S3 refuses (`aws logs tail /aws/ecs/${local.stream_name} --since 30m`); its queue is when the task is too small (stream.cpu)."
      metric      = "FramesDropped"
      comparison  = "GreaterThanThreshold"
      threshold   = 0
      missing     = "notBreaching"
      periods     = 1
    }
  } : {}

  alarm_name          = "${local.stream_name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = local.prefix
  metric_name         = each.value.metric
  dimensions          = { service = "stream" }
  statistic           = "Sum"
  period              = 300
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  evaluation_periods  = each.value.periods
  treat_missing_data  = each.value.missing
  alarm_actions       = [module.operations.arn]
  ok_actions          = [module.operations.arn]

  depends_on = [aws_ecs_service.stream]
}
