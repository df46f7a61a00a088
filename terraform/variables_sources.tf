# The sources, how to reach them, and what they call each asset. Users edit
# environments/<environment>.tfvars, which sets these.

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

variable "assets" {
  description = "Symbol → source → what that source calls the asset; null where the source does not list it"
  type        = map(map(string))
  default = {
    BTC = { coingecko = "bitcoin", coinbase = "BTC" }
    ETH = { coingecko = "ethereum", coinbase = "ETH" }
    XRP = { coingecko = "ripple", coinbase = "XRP" }
    # BNB at Coinbase was announced for late 2025; until someone has seen it there, no default feed asks.
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
