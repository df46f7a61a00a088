# What the lake collects. Users edit environments/<environment>.tfvars, which sets these.

variable "feeds" {
  description = "What to ask of which source, how often. quotes: `top` by market cap or `assets` by symbol; candles: `assets`, each time the last `lookback` closed ones. `schedule`, a cron(...) in UTC, and stale_after_minutes follow from the interval unless set"
  type = map(object({
    source              = string
    dataset             = string
    quote               = optional(string, "USD")
    interval            = string
    assets              = optional(list(string), [])
    top                 = optional(number)
    lookback            = optional(number, 24)
    schedule            = optional(string)
    stale_after_minutes = optional(number)
    enabled             = optional(bool, true)
  }))
  default = {
    # The 250 largest assets: one request every five minutes.
    coingecko_quotes = { source = "coingecko", dataset = "quotes", interval = "5m", top = 250 }
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
  }

  validation {
    condition     = alltrue([for name in keys(var.feeds) : can(regex("^[a-z][a-z0-9_]{0,39}$", name))])
    error_message = "feeds: a feed's name is up to 40 lower-case letters, digits and underscores, a letter first, as in coinbase_candles."
  }

  validation {
    condition     = alltrue([for feed in var.feeds : contains(lookup(local.datasets, feed.source, []), feed.dataset)])
    error_message = "feeds: ${join(", ", [for name, feed in var.feeds : "${name} asks for ${feed.source}/${feed.dataset}" if !contains(lookup(local.datasets, feed.source, []), feed.dataset)])}; there are ${join(", ", flatten([for source, datasets in local.datasets : [for dataset in datasets : "${source}/${dataset}"]]))}."
  }

  validation {
    condition     = alltrue([for feed in var.feeds : contains(keys(local.intervals), feed.interval)])
    error_message = "feeds: ${join(", ", [for name, feed in var.feeds : "${name} has the interval \"${feed.interval}\"" if !contains(keys(local.intervals), feed.interval)])}; use ${join(", ", keys(local.intervals))}."
  }

  validation {
    condition     = alltrue([for feed in var.feeds : can(regex("^[A-Z]{3,5}$", feed.quote))])
    error_message = "feeds: quote is a currency in capital letters, as in USD."
  }

  validation {
    condition     = alltrue([for feed in var.feeds : (feed.top == null) != (length(feed.assets) == 0)])
    error_message = "feeds: each needs exactly one of top and assets; look at ${join(", ", [for name, feed in var.feeds : name if(feed.top == null) == (length(feed.assets) == 0)])}."
  }

  validation {
    condition     = alltrue([for feed in var.feeds : feed.top == null || feed.dataset == "quotes"])
    error_message = "feeds: only quotes feeds know a top; name the assets of a candles feed."
  }

  validation {
    condition     = alltrue([for feed in var.feeds : feed.top == null ? true : feed.top >= 1 && feed.top <= 2500 && floor(feed.top) == feed.top])
    error_message = "feeds: top is a whole number from 1 to 2500; every 250 are one request."
  }

  validation {
    condition     = alltrue(flatten([for feed in var.feeds : [for asset in feed.assets : try(var.assets[asset][feed.source], null) != null]]))
    error_message = "feeds: ${join(", ", flatten([for name, feed in var.feeds : [for asset in feed.assets : "${name} wants ${asset}" if try(var.assets[asset][feed.source], null) == null]]))}, which assets does not map to an id at that source."
  }

  validation {
    condition     = alltrue([for feed in var.feeds : length(distinct(feed.assets)) == length(feed.assets)])
    error_message = "feeds: an asset is named twice in ${join(", ", [for name, feed in var.feeds : name if length(distinct(feed.assets)) != length(feed.assets)])}."
  }

  validation {
    condition     = alltrue([for feed in var.feeds : feed.lookback >= 1 && feed.lookback <= 300 && floor(feed.lookback) == feed.lookback])
    error_message = "feeds: lookback is a whole number from 1 to 300, the most candles that Coinbase gives in one answer."
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
