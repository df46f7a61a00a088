# What the `coinlake` command needs to find the stack.

output "environment" {
  description = "Name of the environment"
  value       = var.environment
}

output "region" {
  description = "AWS region"
  value       = local.account.region
}

output "account_id" {
  description = "AWS account"
  value       = local.account.id
}

output "raw_bucket" {
  description = "Bucket of answers as received"
  value       = module.raw.name
}

output "lake_bucket" {
  description = "Bucket of trusted/, quarantine/ and ledger/"
  value       = module.lake.name
}

output "artifacts_bucket" {
  description = "Bucket of layers/, config/, backfills/ and athena/"
  value       = module.artifacts.name
}

output "config_key" {
  description = "Key of the deployed configuration in the artifacts bucket"
  value       = aws_s3_object.config.key
}

output "functions" {
  description = "Name of each stage's function"
  value = {
    ingest    = module.ingest.name
    transform = module.transform.name
    refine    = module.refine.name
    notify    = module.notify.name
    reconcile = module.reconcile.name
    audit     = module.audit.name
  }
}

output "queues" {
  description = "URLs of each stage's queue and dead letter queue; schedules invoke ingest, so it has no queue"
  value = {
    ingest    = { url = null, dlq_url = aws_sqs_queue.ingest_dlq.url }
    transform = { url = module.transform_queue.url, dlq_url = module.transform_queue.dlq_url }
    refine    = { url = module.refine_queue.url, dlq_url = module.refine_queue.dlq_url }
    notify    = { url = module.notify_queue.url, dlq_url = module.notify_queue.dlq_url }
  }
}

output "topics" {
  description = "ARNs of the topics"
  value = merge(
    { for zone, topic in module.zone_topic : zone => topic.arn },
    { alerts = module.alerts.arn, operations = module.operations.arn },
  )
}

output "state_table" {
  description = "Name of notify's table"
  value       = aws_dynamodb_table.state.name
}

output "database" {
  description = "Glue database"
  value       = aws_glue_catalog_database.this.name
}

output "workgroup" {
  description = "Athena workgroup"
  value       = aws_athena_workgroup.this.name
}

output "athena_output" {
  description = "Where Athena writes results, as an S3 URI"
  value       = local.athena_output
}

output "schedules" {
  description = "The schedule group, and the names of the schedules in it"
  value = {
    group     = aws_scheduler_schedule_group.this.name
    feeds     = { for feed, schedule in module.feed_schedule : feed => schedule.name }
    watch     = module.watch_schedule.name
    refine    = module.refine_schedule.name
    reconcile = module.reconcile_schedule.name
    audits    = [for schedule in module.audit_schedule : schedule.name]
  }
}

output "backfill" {
  description = "The state machine of `coinlake backfill`, and how many windows it fetches at the same time"
  value = {
    state_machine = aws_sfn_state_machine.backfill.arn
    concurrency   = var.backfill_concurrency
  }
}

output "stream" {
  description = "The live collector: its image repository, service, log group and table of latest prices; null while it is off"
  value = one([
    for key in local.stream_on : {
      repository   = aws_ecr_repository.stream[key].repository_url
      cluster      = aws_ecs_cluster.stream[key].name
      service      = aws_ecs_service.stream[key].name
      task_role    = aws_iam_role.stream[key].arn
      log_group    = aws_cloudwatch_log_group.stream[key].name
      latest_table = aws_dynamodb_table.latest[key].name
      environment  = local.stream_environment
    }
  ])
}

output "site_bucket" {
  description = "Bucket of the dashboard and its data/; null without one"
  value       = one([for site in module.site : site.name])
}

output "dashboard_url" {
  description = "Address of the dashboard; null where it is not public"
  value       = one([for site in aws_cloudfront_distribution.site : "https://${try(var.dashboard_domain.name, site.domain_name)}/"])
}

output "dashboard_distribution" {
  description = "CloudFront's name of the dashboard, which a name of your own (dashboard_domain) points at; null where it is not public"
  value       = one([for site in aws_cloudfront_distribution.site : site.domain_name])
}

output "quota" {
  description = "Requests, weight and credits of the enabled feeds by source, in the longest month, beside what the source grants; null credits are not counted"
  value = {
    for source, has in local.catalog : source => merge(
      { requests_per_month = 0, weight_per_month = 0, credits_used = 0 },
      try(var.quota_used[source], {}),
      { requests_per_minute = has.requests_per_minute, credits_per_month = local.credits_per_month[source] },
    )
  }
}

output "load" {
  description = "By warehouse: its function, tables, and how it is reached (a database: the parameter with its URL, or its address and its administrator's secret; Redshift: its name, its database, and the role of COPY to attach to it; Snowflake: the role, external id and topic of its set-up); empty without one"
  value = {
    for name, target in local.load_targets :
    name => merge({ function = module.load[name].name, tables = target.tables }, try(local.load_access[name], {}))
  }
}

output "orchestrator_policy" {
  description = "ARN of the policy for an orchestrator's role; null without enable_orchestrator"
  value       = one([for policy in aws_iam_policy.orchestrator : policy.arn])
}

output "spark" {
  description = "The Glue job of `coinlake rebuild --on spark`; null while it is off"
  value = one([
    for key in local.spark_on : {
      job     = aws_glue_job.spark[key].name
      workers = var.spark.workers
      slots   = local.spark_slots
    }
  ])
}
