# The feeds as functions read them: defaults filled in, and those disabled whose source needs a key that is not set.

locals {
  # What follows from a feed's interval, unless the feed says otherwise. The schedules of long
  # intervals run minutes late, so that sources have closed their candles.
  intervals = {
    "1m"  = { schedule = "cron(* * * * ? *)", stale_after_minutes = 5 }
    "5m"  = { schedule = "cron(0/5 * * * ? *)", stale_after_minutes = 20 }
    "15m" = { schedule = "cron(1/15 * * * ? *)", stale_after_minutes = 50 }
    "30m" = { schedule = "cron(2/30 * * * ? *)", stale_after_minutes = 90 }
    "1h"  = { schedule = "cron(2 * * * ? *)", stale_after_minutes = 150 }
    "4h"  = { schedule = "cron(2 0/4 * * ? *)", stale_after_minutes = 560 }
    "6h"  = { schedule = "cron(2 0/6 * * ? *)", stale_after_minutes = 800 }
    "1d"  = { schedule = "cron(5 0 * * ? *)", stale_after_minutes = 3000 }
  }

  # 0 where there is none.
  key_versions = {
    coingecko = var.coingecko_plan == "keyless" ? 0 : var.coingecko_api_key_version
    coincap   = var.coincap_api_key_version
    coindesk  = var.coindesk_api_key_version
  }
  keyless = [
    for source, has in local.catalog : source if has.key.required && lookup(local.key_versions, source, 0) == 0
  ]

  off_reasons = {
    for name, feed in var.feeds : name =>
    "${local.catalog[feed.source].title} has no key: set ${feed.source}_api_key_version = 1 and export TF_VAR_${feed.source}_api_key"
    if contains(local.keyless, feed.source)
  }

  # A paused feed stays in the configuration: it is not requested, and not reported as stale.
  feeds = {
    for name, feed in var.feeds : name => {
      source   = feed.source
      dataset  = feed.dataset
      quote    = coalesce(feed.quote, local.catalog[feed.source].dollar)
      interval = feed.interval
      assets   = feed.assets
      top      = feed.top
      lookback = coalesce(feed.lookback, local.datasets[feed.source][feed.dataset].files || length(local.datasets[feed.source][feed.dataset].days) > 0 ? 1 : 24)

      schedule            = coalesce(feed.schedule, local.intervals[feed.interval].schedule)
      stale_after_minutes = coalesce(feed.stale_after_minutes, local.intervals[feed.interval].stale_after_minutes)
      enabled             = feed.enabled && !contains(var.paused_feeds, name) && !contains(keys(local.off_reasons), name)
      off_reason          = lookup(local.off_reasons, name, null)
    }
  }
}

check "every_feed_has_its_key" {
  assert {
    condition     = length(local.off_reasons) == 0
    error_message = join("; ", [for name, reason in local.off_reasons : "the feed ${name} is off: ${reason}"])
  }
}
