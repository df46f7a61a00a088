# What the lake collects. Users edit environments/<environment>.tfvars, which sets these. What the
# sources offer: sources.json (sources.tf reads it). What the feeds use of a source's quota:
# `coinlake preflight` (ops/preflight/quota.py).

variable "feeds" {
  description = "What is requested from which source, and how often. `assets` by symbol, or `top` by market cap, or neither where a source has but one list. candles and price_points request each time the last `lookback` closed ones (24), ohlc and the archive for as many days (1). `quote` (the source's dollar), `schedule`, a cron(...) in UTC, and stale_after_minutes (from the interval) need not be set"
  type = map(object({
    source              = string
    dataset             = string
    quote               = optional(string)
    interval            = string
    assets              = optional(list(string), [])
    top                 = optional(number)
    lookback            = optional(number)
    schedule            = optional(string)
    stale_after_minutes = optional(number)
    enabled             = optional(bool, true)
  }))
  default = {
    # The 250 largest assets: one request every five minutes.
    coingecko_quotes = { source = "coingecko", dataset = "quotes", interval = "5m", top = 250 }
    # What the twenty trade for against USDT: one request every five minutes.
    binance_quotes = {
      source   = "binance"
      dataset  = "quotes"
      interval = "5m"
      assets = [
        "BTC", "ETH", "XRP", "BNB", "SOL", "DOGE", "ADA", "TRX", "LINK", "AVAX",
        "XLM", "LTC", "BCH", "DOT", "UNI", "NEAR", "ATOM", "AAVE", "SHIB", "PEPE",
      ]
    }
    # Hourly candles of the assets seen at Coinbase: 18 requests an hour, each for the last day.
    coinbase_candles = {
      source   = "coinbase"
      dataset  = "candles"
      interval = "1h"
      assets = [
        "BTC", "ETH", "XRP", "SOL", "DOGE", "ADA", "LINK", "AVAX", "XLM",
        "LTC", "BCH", "DOT", "UNI", "NEAR", "ATOM", "AAVE", "SHIB", "PEPE",
      ]
    }
    # Hourly candles against USDT, six hours at a time, for each request is an object or three to pay.
    binance_candles = {
      source              = "binance"
      dataset             = "candles"
      interval            = "1h"
      schedule            = "cron(4 0/6 * * ? *)"
      stale_after_minutes = 760
      assets = [
        "BTC", "ETH", "XRP", "BNB", "SOL", "DOGE", "ADA", "TRX", "LINK", "AVAX",
        "XLM", "LTC", "BCH", "DOT", "UNI", "NEAR", "ATOM", "AAVE", "SHIB", "PEPE",
      ]
    }
    # Once a day: the mood of the market, and what there is to trade.
    sentiment        = { source = "alternative_me", dataset = "sentiment", interval = "1d" }
    coinbase_assets  = { source = "coinbase", dataset = "assets", interval = "1d" }
    binance_assets   = { source = "binance", dataset = "assets", interval = "1d" }
    coingecko_assets = { source = "coingecko", dataset = "assets", interval = "1d" }
  }

  validation {
    condition     = alltrue([for name in keys(var.feeds) : can(regex("^[a-z][a-z0-9_]{0,39}$", name))])
    error_message = "feeds: a feed's name is up to 40 lower-case letters, digits and underscores, a letter first, as in coinbase_candles."
  }

  validation {
    condition     = alltrue([for feed in var.feeds : can(local.datasets[feed.source][feed.dataset])])
    error_message = "feeds: ${join(", ", [for name, feed in var.feeds : "${name} asks for ${feed.source}/${feed.dataset}" if !can(local.datasets[feed.source][feed.dataset])])}; there are ${local.known_datasets}."
  }

  validation {
    condition     = alltrue([for feed in var.feeds : contains(keys(local.intervals), feed.interval)])
    error_message = "feeds: ${join(", ", [for name, feed in var.feeds : "${name} has the interval \"${feed.interval}\"" if !contains(keys(local.intervals), feed.interval)])}; use ${join(", ", keys(local.intervals))}."
  }

  validation {
    condition = alltrue([
      for feed in var.feeds : try(contains(concat(keys(local.datasets[feed.source][feed.dataset].max_buckets), length(local.datasets[feed.source][feed.dataset].max_buckets) == 0 ? [feed.interval] : []), feed.interval), true)
    ])
    error_message = "feeds: ${join(", ", [
      for name, feed in var.feeds : "${name} wants ${feed.interval}, and ${feed.source}/${feed.dataset} has ${join(", ", keys(local.datasets[feed.source][feed.dataset].max_buckets))}"
      if !try(contains(concat(keys(local.datasets[feed.source][feed.dataset].max_buckets), length(local.datasets[feed.source][feed.dataset].max_buckets) == 0 ? [feed.interval] : []), feed.interval), true)
    ])}."
  }

  validation {
    condition     = alltrue([for feed in var.feeds : feed.quote == null || can(regex("^[A-Z]{3,5}$", feed.quote))])
    error_message = "feeds: quote is a currency in capital letters, as in USD."
  }

  validation {
    condition     = alltrue([for feed in var.feeds : feed.quote != "USD" || try(local.catalog[feed.source].dollar, "USD") == "USD"])
    error_message = "feeds: ${join(", ", [for name, feed in var.feeds : name if feed.quote == "USD" && try(local.catalog[feed.source].dollar, "USD") != "USD"])} asks in USD where there are only stablecoins, which are no dollars: leave quote out, or say USDT."
  }

  validation {
    condition = alltrue([
      for feed in var.feeds : try({
        all    = feed.top == null && length(feed.assets) == 0
        assets = feed.top == null && length(feed.assets) > 0
        top    = (feed.top == null) != (length(feed.assets) == 0)
      }[local.datasets[feed.source][feed.dataset].selects], true)
    ])
    error_message = "feeds: ${join("; ", [
      for name, feed in var.feeds : "${name} asks for ${feed.source}/${feed.dataset}, which needs ${try({
        all    = "neither top nor assets, since there is one list"
        assets = "assets and no top"
        top    = "exactly one of top and assets"
      }[local.datasets[feed.source][feed.dataset].selects], "")}"
      if !try({
        all    = feed.top == null && length(feed.assets) == 0
        assets = feed.top == null && length(feed.assets) > 0
        top    = (feed.top == null) != (length(feed.assets) == 0)
      }[local.datasets[feed.source][feed.dataset].selects], true)
    ])}."
  }

  validation {
    condition     = alltrue([for feed in var.feeds : feed.top == null ? true : feed.top >= 1 && feed.top <= 2500 && floor(feed.top) == feed.top])
    error_message = "feeds: top is a whole number from 1 to 2500; every 250 are one request."
  }

  validation {
    condition     = alltrue(flatten([for feed in var.feeds : [for asset in feed.assets : try(var.assets[asset][local.catalog[feed.source].ids], null) != null]]))
    error_message = "feeds: ${join(", ", flatten([for name, feed in var.feeds : [for asset in feed.assets : "${name} wants ${asset}" if try(var.assets[asset][local.catalog[feed.source].ids], null) == null]]))}, which assets does not map to an id at that source."
  }

  validation {
    condition     = alltrue([for feed in var.feeds : length(distinct(feed.assets)) == length(feed.assets)])
    error_message = "feeds: an asset is named twice in ${join(", ", [for name, feed in var.feeds : name if length(distinct(feed.assets)) != length(feed.assets)])}."
  }

  validation {
    condition     = alltrue([for feed in var.feeds : feed.lookback == null ? true : feed.lookback >= 1 && feed.lookback <= try(local.datasets[feed.source][feed.dataset].max_buckets[feed.interval], 1000) && floor(feed.lookback) == feed.lookback])
    error_message = "feeds: lookback is a whole number from 1 to what one answer holds: ${join(", ", [for name, feed in var.feeds : "${name} ${try(local.datasets[feed.source][feed.dataset].max_buckets[feed.interval], 1000)}" if feed.lookback != null])}."
  }

  validation {
    condition = alltrue([
      for feed in var.feeds : feed.lookback == null ? true : length(try(local.datasets[feed.source][feed.dataset].days, [])) == 0 || contains(try(local.datasets[feed.source][feed.dataset].days, []), feed.lookback)
    ])
    error_message = "feeds: ${join(", ", [
      for name, feed in var.feeds : "${name} looks back ${feed.lookback} days, and ${feed.source}/${feed.dataset} has ${join(", ", local.datasets[feed.source][feed.dataset].days)}"
      if feed.lookback == null ? false : length(try(local.datasets[feed.source][feed.dataset].days, [])) > 0 && !contains(try(local.datasets[feed.source][feed.dataset].days, []), feed.lookback)
    ])}."
  }

  validation {
    condition     = alltrue([for feed in var.feeds : feed.schedule == null || can(regex("^cron\\((\\S+ ){5}\\S+\\)$", feed.schedule))])
    error_message = "feeds: schedule is a cron(...) of six fields in UTC, as in cron(0/5 * * * ? *); rate(...) is not aligned to the clock, so slots would be skipped."
  }

  validation {
    condition     = alltrue([for feed in var.feeds : feed.stale_after_minutes == null ? true : feed.stale_after_minutes >= 1])
    error_message = "feeds: stale_after_minutes is at least 1."
  }
}

variable "paused_feeds" {
  description = "Feeds that are not run for now; their data stays"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.paused_feeds : contains(keys(var.feeds), name)])
    error_message = "paused_feeds names ${join(", ", setsubtract(var.paused_feeds, keys(var.feeds)))}, which is no feed; the feeds are ${join(", ", keys(var.feeds))}."
  }
}

variable "quota_used" {
  description = "Requests, weight and credits of the enabled feeds by source, in the longest month. `coinlake` counts them before each plan and passes them on, for the output quota; never set in a file"
  type        = map(object({ requests_per_month = number, weight_per_month = number, credits_used = number }))
  default     = {}
}
