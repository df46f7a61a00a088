# What the lake collects, from where, and whom it tells: the part that users edit, in
# environments/<environment>.tfvars.

locals {
  # Which datasets each source has; functions/ingest and functions/transform know the same.
  datasets = {
    coingecko = ["quotes"]
    coinbase  = ["candles"]
  }

  # What follows from a feed's interval, unless the feed says otherwise. The schedules of long
  # intervals run minutes late, so that sources have closed their candles.
  intervals = {
    "1m"  = { schedule = "cron(* * * * ? *)", stale_after_minutes = 5 }
    "5m"  = { schedule = "cron(0/5 * * * ? *)", stale_after_minutes = 20 }
    "15m" = { schedule = "cron(1/15 * * * ? *)", stale_after_minutes = 50 }
    "1h"  = { schedule = "cron(2 * * * ? *)", stale_after_minutes = 150 }
    "6h"  = { schedule = "cron(2 0/6 * * ? *)", stale_after_minutes = 800 }
    "1d"  = { schedule = "cron(5 0 * * ? *)", stale_after_minutes = 3000 }
  }

  email = "^[^@\\s]+@[^@\\s.]+(\\.[^@\\s.]+)+$"
}

variable "alert_emails" {
  description = "Addresses that price alerts and notices are mailed to; each must confirm a mail from AWS"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.alert_emails : can(regex(local.email, address))])
    error_message = "alert_emails has ${join(", ", [for address in var.alert_emails : "\"${address}\"" if !can(regex(local.email, address))])}, which is no e-mail address; write name@example.com."
  }
}

variable "operations_emails" {
  description = "Addresses that alarms of the stack itself are mailed to; null takes alert_emails"
  type        = list(string)
  default     = null

  validation {
    condition     = alltrue([for address in coalesce(var.operations_emails, []) : can(regex(local.email, address))])
    error_message = "operations_emails has an entry that is no e-mail address; write name@example.com."
  }
}

variable "assets" {
  description = "Symbol → source → what that source calls the asset; null where the source does not list it"
  type        = map(map(string))
  default = {
    BTC  = { coingecko = "bitcoin", coinbase = "BTC" }
    ETH  = { coingecko = "ethereum", coinbase = "ETH" }
    XRP  = { coingecko = "ripple", coinbase = "XRP" }
    BNB  = { coingecko = "binancecoin", coinbase = "BNB" }
    SOL  = { coingecko = "solana", coinbase = "SOL" }
    DOGE = { coingecko = "dogecoin", coinbase = "DOGE" }
    ADA  = { coingecko = "cardano", coinbase = "ADA" }
    TRX  = { coingecko = "tron", coinbase = null }
    LINK = { coingecko = "chainlink", coinbase = "LINK" }
    AVAX = { coingecko = "avalanche-2", coinbase = "AVAX" }
    XLM  = { coingecko = "stellar", coinbase = "XLM" }
    LTC  = { coingecko = "litecoin", coinbase = "LTC" }
    BCH  = { coingecko = "bitcoin-cash", coinbase = "BCH" }
    DOT  = { coingecko = "polkadot", coinbase = "DOT" }
    UNI  = { coingecko = "uniswap", coinbase = "UNI" }
    NEAR = { coingecko = "near", coinbase = "NEAR" }
    ATOM = { coingecko = "cosmos", coinbase = "ATOM" }
    AAVE = { coingecko = "aave", coinbase = "AAVE" }
    SHIB = { coingecko = "shiba-inu", coinbase = "SHIB" }
    PEPE = { coingecko = "pepe", coinbase = "PEPE" }
  }

  validation {
    condition     = length(var.assets) > 0 && alltrue([for symbol in keys(var.assets) : can(regex("^[A-Z0-9]{1,15}$", symbol))])
    error_message = "assets has no entry, or a symbol that is not 1 to 15 capital letters and digits, as in BTC."
  }

  validation {
    condition     = alltrue(flatten([for ids in var.assets : [for source in keys(ids) : contains(keys(local.datasets), source)]]))
    error_message = "assets names a source that coinlake does not know; the sources are ${join(", ", keys(local.datasets))}."
  }

  validation {
    condition     = alltrue(flatten([for ids in var.assets : [for id in values(ids) : id == null || can(regex("^[A-Za-z0-9_-]{1,60}$", id))]]))
    error_message = "assets has an id with characters that no source uses; write it as the source does, as in \"bitcoin\", or null."
  }

  validation {
    condition = alltrue([
      for source in keys(local.datasets) :
      length(distinct([for ids in var.assets : ids[source] if lookup(ids, source, null) != null])) == length([for ids in var.assets : ids if lookup(ids, source, null) != null])
    ])
    error_message = "assets gives two symbols the same id at one source; a row could not tell which it is."
  }
}

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
    # Hourly candles of all that Coinbase lists: 19 requests an hour, each for the last day.
    coinbase_candles = {
      source   = "coinbase"
      dataset  = "candles"
      interval = "1h"
      assets = [
        "BTC", "ETH", "XRP", "BNB", "SOL", "DOGE", "ADA", "LINK", "AVAX", "XLM",
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

variable "price_rules" {
  description = "Mail when an asset's price is above or below a level, or moved by change_percent over a window; source null watches each source on its own"
  type = map(object({
    asset            = string
    quote            = optional(string, "USD")
    source           = optional(string)
    above            = optional(number)
    below            = optional(number)
    change_percent   = optional(number)
    window_minutes   = optional(number, 60)
    cooldown_minutes = optional(number, 60)
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.price_rules) : can(regex("^[a-z][a-z0-9_]{0,39}$", name))])
    error_message = "price_rules: a rule's name is up to 40 lower-case letters, digits and underscores, a letter first, as in btc_high."
  }

  validation {
    condition     = alltrue([for rule in var.price_rules : contains(keys(var.assets), rule.asset)])
    error_message = "price_rules: ${join(", ", [for name, rule in var.price_rules : "${name} watches ${rule.asset}" if !contains(keys(var.assets), rule.asset)])}, which is not in assets."
  }

  validation {
    condition     = alltrue([for rule in var.price_rules : can(regex("^[A-Z]{3,5}$", rule.quote))])
    error_message = "price_rules: quote is a currency in capital letters, as in USD."
  }

  validation {
    condition     = alltrue([for rule in var.price_rules : rule.source == null ? true : contains(keys(local.datasets), rule.source)])
    error_message = "price_rules: source is null for all, or one of ${join(", ", keys(local.datasets))}."
  }

  validation {
    condition     = alltrue([for rule in var.price_rules : length([for level in [rule.above, rule.below, rule.change_percent] : level if level != null]) == 1])
    error_message = "price_rules: each needs exactly one of above, below and change_percent; look at ${join(", ", [for name, rule in var.price_rules : name if length([for level in [rule.above, rule.below, rule.change_percent] : level if level != null]) != 1])}."
  }

  validation {
    condition     = alltrue(flatten([for rule in var.price_rules : [for level in [rule.above, rule.below, rule.change_percent] : level > 0 if level != null]]))
    error_message = "price_rules: above, below and change_percent (which counts both ways) are greater than 0."
  }

  validation {
    condition     = alltrue([for rule in var.price_rules : rule.window_minutes >= 1 && rule.window_minutes <= 10080 && rule.cooldown_minutes >= 1])
    error_message = "price_rules: window_minutes is from 1 to 10080 (a week), cooldown_minutes at least 1."
  }
}

variable "notices" {
  description = "Which news of the pipeline itself is mailed, and how often at most"
  type = object({
    quarantine       = optional(bool, true)
    failures         = optional(bool, true)
    stale            = optional(bool, true)
    cooldown_minutes = optional(number, 60)
  })
  default = {}

  validation {
    condition     = var.notices.cooldown_minutes >= 1
    error_message = "notices: cooldown_minutes is ${var.notices.cooldown_minutes}; it is at least 1."
  }
}

variable "coingecko_plan" {
  description = "keyless, demo (a free key, wanted on AWS: Lambda shares its addresses, and keyless limits count by address) or pro"
  type        = string
  default     = "keyless"

  validation {
    condition     = contains(["keyless", "demo", "pro"], var.coingecko_plan)
    error_message = "coingecko_plan is \"${var.coingecko_plan}\"; use keyless, demo or pro."
  }
}

variable "coingecko_api_key" {
  description = "CoinGecko API key. Never in a file: export TF_VAR_coingecko_api_key"
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = var.coingecko_plan == "keyless" || length(coalesce(var.coingecko_api_key, "-")) > 1
    error_message = "the CoinGecko plan needs an API key: export TF_VAR_coingecko_api_key=<key>, and raise coingecko_api_key_version when it changes."
  }
}

variable "coingecko_api_key_version" {
  description = "Raise it to write a new API key"
  type        = number
  default     = 1

  validation {
    condition     = var.coingecko_api_key_version >= 1 && floor(var.coingecko_api_key_version) == var.coingecko_api_key_version
    error_message = "coingecko_api_key_version is ${var.coingecko_api_key_version}; count from 1 in whole numbers."
  }
}

variable "source_urls" {
  description = "Other addresses than the real ones, by source: a simulator, a proxy"
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for source in keys(var.source_urls) : contains(keys(local.datasets), source)])
    error_message = "source_urls names ${join(", ", setsubtract(keys(var.source_urls), keys(local.datasets)))}; the sources are ${join(", ", keys(local.datasets))}."
  }

  validation {
    condition     = alltrue([for url in values(var.source_urls) : can(regex("^https://[A-Za-z0-9.:-]+(/[A-Za-z0-9._/-]*[A-Za-z0-9._-])?$", url))])
    error_message = "source_urls: url_refused: use https://, a host, and a path without a slash at its end."
  }
}

variable "private_sources" {
  description = "Whether sources may have private or loopback addresses: only for a simulator"
  type        = bool
  default     = false
}
