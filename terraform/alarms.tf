# Ten alarms, as many as are free. Each says what to do; all mail the operations topic. Functions with
# a queue need none for their errors, for what they cannot do is a dead letter; the watch's heartbeat
# covers notify as well. The daily functions need none either: Lambda itself publishes a run of
# theirs that failed in the end.

locals {
  alarm_arns = "arn:${local.account.partition}:cloudwatch:${local.account.region}:${local.account.id}:alarm:${local.prefix}-*"

  # A retry may heal what failed once, so errors must show in two of three five minutes. What no
  # retry healed is in a dead letter queue, and that alarms at once.
  sustained = { evaluation_periods = 3, datapoints_to_alarm = 2 }

  alarms = merge(
    {
      for stage in ["ingest", "transform", "notify"] : "${stage}-dead-letters" => {
        description = "${stage} gave up on messages, kept for 14 days: read the cause with `coinlake status --env ${var.environment}`, mend it, then `coinlake redrive ${stage} --env ${var.environment}`."
        namespace   = "AWS/SQS"
        metric      = "ApproximateNumberOfMessagesVisible"
        dimensions  = { QueueName = "${local.prefix}-${stage}-dlq" }
        statistic   = "Maximum"
      }
    },
    {
      ingest-errors = merge(local.sustained, {
        description = "ingest keeps failing: `aws logs tail /aws/lambda/${local.prefix}-ingest --since 30m --filter-pattern ERROR` says why."
        namespace   = "AWS/Lambda"
        metric      = "Errors"
        dimensions  = { FunctionName = "${local.prefix}-ingest" }
        statistic   = "Sum"
      })
      # refine's dead letters are the watch's to mail; this one sees that nobody refines.
      refine-late = {
        description = "refine has left what is new in trusted for an hour: `aws logs tail /aws/lambda/${local.prefix}-refine --since 2h --filter-pattern ERROR` says why; `coinlake status --env ${var.environment}` shows its queue."
        namespace   = "AWS/SQS"
        metric      = "ApproximateAgeOfOldestMessage"
        dimensions  = { QueueName = "${local.prefix}-refine" }
        statistic   = "Maximum"
        threshold   = 3600 + 60 * var.refine_batch_minutes # seconds
      }
      throttles = merge(local.sustained, {
        description = "Lambda throttles functions of this account: compare `aws lambda get-account-settings` with what runs, and ask for a higher quota in Service Quotas."
        namespace   = "AWS/Lambda"
        metric      = "Throttles"
        dimensions  = {} # the sum over the account
        statistic   = "Sum"
      })
      watch-silent = {
        description        = "Nobody watches: notify's watch has not finished for 15 minutes. `aws logs tail /aws/lambda/${local.prefix}-notify --since 30m` says why; `coinlake status --env ${var.environment}` shows what it would have seen."
        namespace          = local.prefix
        metric             = "WatchCompleted"
        dimensions         = { service = "notify" }
        statistic          = "Sum"
        comparison         = "LessThanThreshold"
        threshold          = 1
        missing            = "breaching"
        evaluation_periods = 3
      }
      objects-requeued = {
        description = "reconcile found raw objects that were never transformed and sent them back: `coinlake status --env ${var.environment}` shows whether they went through, `coinlake reconcile --env ${var.environment}` looks again."
        namespace   = local.prefix
        metric      = "ObjectsRequeued"
        dimensions  = { service = "reconcile" }
        statistic   = "Sum"
      }
      gaps-unexplained = {
        description = "audit found candles that nothing explains and no refill brought: `coinlake gaps --env ${var.environment}` shows whose; the table gaps says why."
        namespace   = local.prefix
        metric      = "GapsUnexplained"
        dimensions  = { service = "audit" }
        statistic   = "Maximum"
        period      = 86400 # audit's day: one mail, until a day without
      }
      markets-unsupported = {
        description = "A source does not list a market that a feed asks for: `coinlake assets --env ${var.environment}` shows which. The feed's other markets go on; take this one out of the feed, or mend its id in assets."
        namespace   = local.prefix
        metric      = "MarketsUnsupported"
        dimensions  = { service = "ingest" }
        statistic   = "Sum"
        period      = 86400 # longer than any feed's interval: one mail, not one for each run
      }
    },
  )
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${local.prefix}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = lookup(each.value, "period", 300)
  comparison_operator = lookup(each.value, "comparison", "GreaterThanThreshold")
  threshold           = lookup(each.value, "threshold", 0)
  evaluation_periods  = lookup(each.value, "evaluation_periods", 1)
  datapoints_to_alarm = lookup(each.value, "datapoints_to_alarm", null)
  treat_missing_data  = lookup(each.value, "missing", "notBreaching")
  alarm_actions       = [module.operations.arn]
  # What is silent at first, before the first run, says so when it speaks.
  ok_actions = lookup(each.value, "missing", "notBreaching") == "breaching" ? [module.operations.arn] : []
}
