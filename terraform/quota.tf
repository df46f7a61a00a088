# The quota planner: what the feeds ask of each source, against what it grants. A plan that asks for
# more is refused before anything is made. At run time ingest keeps to the same limits.

locals {
  month_minutes = 31 * 24 * 60 # the longest

  # Runs in the longest month: minutes × hours × days of the cron expression, each field a list of
  # *, a, a-b, with /step or without. Whatever else there is in a field counts as "always", and so
  # do days of the week and months: too many runs planned for, never too few.
  cron_fields = { for name, expression in local.schedules : name => split(" ", trimprefix(expression, "cron(")) }
  cron_ranges = [[0, 59], [0, 23], [1, 31]]
  cron_parts = {
    for name, fields in local.cron_fields : name => [
      for i, range in local.cron_ranges : [
        for part in split(",", fields[i]) : try(regex("^(?P<from>\\*|\\d+)(?:-(?P<to>\\d+))?(?:/(?P<step>\\d+))?$", part), { from = "*", to = null, step = null })
      ]
    ]
  }
  cron_counts = {
    for name, fields in local.cron_parts : name => [
      for i, parts in fields : sum([
        for part in parts : 1 + floor((
          tonumber(coalesce(part.to, part.from == "*" || part.step != null ? local.cron_ranges[i][1] : part.from))
          -tonumber(part.from == "*" ? local.cron_ranges[i][0] : part.from)
        ) / max(1, tonumber(coalesce(part.step, "1"))))
      ])
    ]
  }

  # What one run asks.
  requests_per_run = {
    for name, feed in local.feeds : name => (
      local.datasets[feed.source][feed.dataset].asks == "all" ? 1 : ceil(coalesce(feed.top, length(feed.assets)) / local.datasets[feed.source][feed.dataset].batch)
    ) * (local.datasets[feed.source][feed.dataset].files ? 2 * feed.lookback : 1)
  }
  bytes_per_request = {
    for name, feed in local.feeds : name => local.datasets[feed.source][feed.dataset].answer_bytes.once + (
      local.datasets[feed.source][feed.dataset].answer_bytes.each * (
        length(local.datasets[feed.source][feed.dataset].max_buckets) == 0
        ? min(length(feed.assets), local.datasets[feed.source][feed.dataset].batch)
        : feed.lookback
      )
    )
  }
  credits_per_run = {
    for name, feed in local.feeds : name => local.requests_per_run[name] * (
      local.source_declarations[feed.source].bytes_per_credit == null ? 1 : 1 + ceil(local.bytes_per_request[name] / local.source_declarations[feed.source].bytes_per_credit)
    )
  }
  weight_per_run = {
    for name, feed in local.feeds : name => local.requests_per_run[name] * local.datasets[feed.source][feed.dataset].weight
  }

  # What the feeds that are on ask in a month.
  runs    = { for name, feed in local.feeds : name => feed.enabled ? local.cron_counts[name][0] * local.cron_counts[name][1] * local.cron_counts[name][2] : 0 }
  credits = { for name, feed in local.feeds : name => local.runs[name] * local.credits_per_run[name] }

  quota = {
    for source, has in local.catalog : source => {
      requests_per_minute = has.requests_per_minute
      requests_per_month  = sum(concat([0], [for name, feed in local.feeds : local.runs[name] * local.requests_per_run[name] if feed.source == source]))
      weight_per_month    = sum(concat([0], [for name, feed in local.feeds : local.runs[name] * local.weight_per_run[name] if feed.source == source]))
      credits_used        = sum(concat([0], [for name, feed in local.feeds : local.credits[name] if feed.source == source]))
      credits_per_month   = local.credits_per_month[source]
    }
  }

  # The greediest feed of each source that is asked for more than it grants, what the others leave
  # it, and the slowest change that helps.
  overdrawn = {
    for source, has in local.quota : source => [
      for name, feed in local.feeds : name if feed.source == source && local.credits[name] == max([
        for other, feed in local.feeds : local.credits[other] if feed.source == source
      ]...)
    ][0] if has.credits_per_month == null ? false : has.credits_used > has.credits_per_month
  }
  paces = [
    { words = "every 5 minutes", minutes = 5 },
    { words = "every 15 minutes", minutes = 15 },
    { words = "every 30 minutes", minutes = 30 },
    { words = "every hour", minutes = 60 },
    { words = "every 4 hours", minutes = 240 },
    { words = "every 6 hours", minutes = 360 },
    { words = "once a day", minutes = 1440 },
  ]
  remedies = {
    for source, name in local.overdrawn : source => concat([
      for pace in local.paces : "slow it to ${pace.words}"
      if local.month_minutes / pace.minutes * local.credits_per_run[name] <= local.quota[source].credits_per_month - local.quota[source].credits_used + local.credits[name]
    ], ["ask for less"])[0]
  }

  # "26784" as "26,784".
  written = {
    for number in distinct(concat(
      values(local.credits),
      [for has in values(local.quota) : has.credits_used],
      [for has in values(local.quota) : has.credits_per_month if has.credits_per_month != null],
    )) : number => strrev(join(",", regexall("\\d{1,3}", strrev(format("%d", number)))))
  }

  too_many_credits = [
    for source, name in local.overdrawn : join("", [
      "feed ${name} needs ${local.written[local.credits[name]]} of ${local.catalog[source].title}'s ${local.written[local.quota[source].credits_per_month]} credits a month",
      local.quota[source].credits_used == local.credits[name] ? "" : ", and with the other feeds it is ${local.written[local.quota[source].credits_used]}",
      ": ${local.remedies[source]} or ${local.source_declarations[source].remedy}",
    ])
  ]
  too_many_requests = [
    for source, has in local.quota : "the feeds of ${local.catalog[source].title} ask ${ceil(has.weight_per_month / local.month_minutes)} times a minute, and it is asked ${has.requests_per_minute} times at most: slow them or ${local.source_declarations[source].remedy}"
    if has.weight_per_month > has.requests_per_minute * local.month_minutes
  ]
  # Requests go evenly spread over the minute, by all runs together.
  too_long_runs = [
    for name, feed in local.feeds : "feed ${name} asks ${local.catalog[feed.source].title} ${local.weight_per_run[name]} times in a run, which is asked ${local.catalog[feed.source].requests_per_minute} times a minute at most, and a run lasts ${var.function_timeout_seconds} seconds: name fewer assets in one feed or ${local.source_declarations[feed.source].remedy}"
    if feed.enabled && local.weight_per_run[name] * 60 > local.catalog[feed.source].requests_per_minute * var.function_timeout_seconds
  ]
}

output "quota" {
  description = "What the feeds that are on ask of each source in its longest month, beside what it grants; null credits are not counted"
  value       = local.quota

  precondition {
    condition     = length(local.too_many_credits) == 0
    error_message = "${join("; ", local.too_many_credits)}."
  }

  precondition {
    condition     = length(local.too_many_requests) == 0
    error_message = "${join("; ", local.too_many_requests)}."
  }

  precondition {
    condition     = length(local.too_long_runs) == 0
    error_message = "${join("; ", local.too_long_runs)}."
  }
}
