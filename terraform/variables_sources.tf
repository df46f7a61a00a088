# What the sources call each asset, their keys and addresses; sources.json knows the sources. Users edit
# environments/<environment>.tfvars, which sets these.

variable "assets" {
  description = "Symbol → source → what that source calls the asset; null where the source does not list it"
  type        = map(map(string))
  default = {
    BTC = { coingecko = "bitcoin", coinbase = "BTC", binance = "BTC", coincap = "bitcoin", coindesk = "BTC", kraken = "XBT" }
    ETH = { coingecko = "ethereum", coinbase = "ETH", binance = "ETH", coincap = "ethereum", coindesk = "ETH", kraken = "ETH" }
    XRP = { coingecko = "ripple", coinbase = "XRP", binance = "XRP", coincap = "xrp", coindesk = "XRP", kraken = "XRP" }
    # BNB at Coinbase was announced for late 2025; until it is confirmed, no default feed requests it.
    BNB  = { coingecko = "binancecoin", coinbase = "BNB", binance = "BNB", coincap = "binance-coin", coindesk = "BNB", kraken = "BNB" }
    SOL  = { coingecko = "solana", coinbase = "SOL", binance = "SOL", coincap = "solana", coindesk = "SOL", kraken = "SOL" }
    DOGE = { coingecko = "dogecoin", coinbase = "DOGE", binance = "DOGE", coincap = "dogecoin", coindesk = "DOGE", kraken = "XDG" }
    ADA  = { coingecko = "cardano", coinbase = "ADA", binance = "ADA", coincap = "cardano", coindesk = "ADA", kraken = "ADA" }
    TRX  = { coingecko = "tron", coinbase = null, binance = "TRX", coincap = "tron", coindesk = "TRX", kraken = "TRX" }
    LINK = { coingecko = "chainlink", coinbase = "LINK", binance = "LINK", coincap = "chainlink", coindesk = "LINK", kraken = "LINK" }
    AVAX = { coingecko = "avalanche-2", coinbase = "AVAX", binance = "AVAX", coincap = "avalanche", coindesk = "AVAX", kraken = "AVAX" }
    XLM  = { coingecko = "stellar", coinbase = "XLM", binance = "XLM", coincap = "stellar", coindesk = "XLM", kraken = "XLM" }
    LTC  = { coingecko = "litecoin", coinbase = "LTC", binance = "LTC", coincap = "litecoin", coindesk = "LTC", kraken = "LTC" }
    BCH  = { coingecko = "bitcoin-cash", coinbase = "BCH", binance = "BCH", coincap = "bitcoin-cash", coindesk = "BCH", kraken = "BCH" }
    DOT  = { coingecko = "polkadot", coinbase = "DOT", binance = "DOT", coincap = "polkadot", coindesk = "DOT", kraken = "DOT" }
    UNI  = { coingecko = "uniswap", coinbase = "UNI", binance = "UNI", coincap = "uniswap", coindesk = "UNI", kraken = "UNI" }
    NEAR = { coingecko = "near", coinbase = "NEAR", binance = "NEAR", coincap = "near-protocol", coindesk = "NEAR", kraken = "NEAR" }
    ATOM = { coingecko = "cosmos", coinbase = "ATOM", binance = "ATOM", coincap = "cosmos", coindesk = "ATOM", kraken = "ATOM" }
    # CoinCap's ids of AAVE and PEPE are unconfirmed: it leaves out an id that it does not know.
    AAVE = { coingecko = "aave", coinbase = "AAVE", binance = "AAVE", coincap = "aave", coindesk = "AAVE", kraken = "AAVE" }
    SHIB = { coingecko = "shiba-inu", coinbase = "SHIB", binance = "SHIB", coincap = "shiba-inu", coindesk = "SHIB", kraken = "SHIB" }
    PEPE = { coingecko = "pepe", coinbase = "PEPE", binance = "PEPE", coincap = "pepe", coindesk = "PEPE", kraken = "PEPE" }
  }

  validation {
    condition     = length(var.assets) > 0 && alltrue([for symbol in keys(var.assets) : can(regex("^[A-Z0-9]{1,15}$", symbol))])
    error_message = "assets has no entry, or a symbol that is not 1 to 15 capital letters and digits, as in BTC."
  }

  validation {
    condition     = alltrue(flatten([for ids in var.assets : [for source in keys(ids) : contains(local.asset_sources, source)]]))
    error_message = "assets names ${join(", ", setsubtract(flatten([for ids in var.assets : keys(ids)]), local.asset_sources))}, which is no source with assets; those are ${join(", ", local.asset_sources)}."
  }

  validation {
    condition     = alltrue(flatten([for ids in var.assets : [for id in values(ids) : id == null || can(regex("^[A-Za-z0-9_-]{1,60}$", id))]]))
    error_message = "assets has an id with characters that no source uses; write it as the source does, as in \"bitcoin\", or null."
  }

  validation {
    condition = alltrue([
      for source in local.asset_sources :
      length(distinct([for ids in var.assets : ids[source] if lookup(ids, source, null) != null])) == length([for ids in var.assets : ids if lookup(ids, source, null) != null])
    ])
    error_message = "assets gives two symbols the same id at one source; a row could not tell which it is."
  }
}

variable "coingecko_plan" {
  description = "keyless, demo (a free key, wanted on AWS: Lambda shares its addresses, and keyless limits count by address), or a paid one: basic, analyst, or pro for any other, whose credits only you know"
  type        = string
  default     = "keyless"

  validation {
    condition     = contains(keys(local.sources_json.sources.coingecko.plans), var.coingecko_plan)
    error_message = "coingecko_plan is \"${var.coingecko_plan}\"; use one of ${join(", ", keys(local.sources_json.sources.coingecko.plans))}."
  }
}

variable "coingecko_api_key" {
  description = "CoinGecko API key. Never in a file: export TF_VAR_coingecko_api_key"
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
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

variable "coincap_api_key" {
  description = "CoinCap API key, from pro.coincap.io. Never in a file: export TF_VAR_coincap_api_key"
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "coincap_api_key_version" {
  description = "0 without a key, whose feeds are then off; 1 with one; raise it to write a new one"
  type        = number
  default     = 0

  validation {
    condition     = var.coincap_api_key_version >= 0 && floor(var.coincap_api_key_version) == var.coincap_api_key_version
    error_message = "coincap_api_key_version is ${var.coincap_api_key_version}; count in whole numbers from 0, which is no key."
  }
}

variable "coindesk_api_key" {
  description = "CoinDesk Data API key, which is paid for. Never in a file: export TF_VAR_coindesk_api_key"
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "coindesk_api_key_version" {
  description = "0 without a key, whose feeds are then off; 1 with one; raise it to write a new one"
  type        = number
  default     = 0

  validation {
    condition     = var.coindesk_api_key_version >= 0 && floor(var.coindesk_api_key_version) == var.coindesk_api_key_version
    error_message = "coindesk_api_key_version is ${var.coindesk_api_key_version}; count in whole numbers from 0, which is no key."
  }
}

variable "credits_per_month" {
  description = "Credits that a source grants you, by source, where your plan has others than sources.json knows"
  type        = map(number)
  default     = {}

  validation {
    condition     = alltrue([for source in keys(var.credits_per_month) : contains(keys(local.catalog), source)])
    error_message = "credits_per_month names ${join(", ", setsubtract(keys(var.credits_per_month), keys(local.catalog)))}; the sources are ${join(", ", keys(local.catalog))}."
  }

  validation {
    condition     = alltrue([for credits in values(var.credits_per_month) : credits >= 1 && floor(credits) == credits])
    error_message = "credits_per_month takes whole numbers from 1; a source without a limit needs no entry."
  }
}

variable "source_urls" {
  description = "Other addresses than the real ones, by source: a simulator, a proxy"
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for source in keys(var.source_urls) : contains(keys(local.catalog), source)])
    error_message = "source_urls names ${join(", ", setsubtract(keys(var.source_urls), keys(local.catalog)))}; the sources are ${join(", ", keys(local.catalog))}."
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
