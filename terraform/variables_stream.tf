# The live collector on Fargate: off unless enable_stream. docs/costs.md says what it costs.

locals {
  # Zone ids are the same in every account. Fargate is in none of these but use1-az3, an old zone that AWS's
  # newer machines are rarely in: left out as a precaution. Source: Amazon ECS Developer Guide, "Supported
  # Regions for Amazon ECS on AWS Fargate".
  zones_without_fargate = ["apne1-az3", "cac1-az3", "cnn1-az3", "cnn1-az4", "use1-az3", "usw1-az2"]
}

variable "enable_stream" {
  description = "Whether the live collector runs, for some $11 a month and what it writes"
  type        = bool
  default     = false
}

variable "stream" {
  description = "What the live collector listens to, and where it runs. `streams` are Binance's, as btcusdt@trade; `coinbase` has products and channels (ticker, matches); `venues` has the markets and channels of any source with a websocket in sources.json, as { coinbase = { markets = [\"BTC-USD\"] } }; or secret_arn names a secret of Secrets Manager that holds a JSON object with them. image_tag is the image in the stack's repository; until there is one, nothing runs. Without subnet_ids a small public network is made; private ones need a way out and vpc_id"
  type = object({
    streams = optional(list(string), [])
    host    = optional(string, "data")
    coinbase = optional(object({
      products = list(string)
      channels = optional(list(string), ["ticker", "matches"])
    }))
    venues = optional(map(object({
      markets  = list(string)
      channels = optional(list(string))
      host     = optional(string)
    })), {})
    secret_arn     = optional(string)
    image_tag      = optional(string)
    cpu            = optional(number, 256)
    memory_mb      = optional(number, 512)
    batch_frames   = optional(number, 10000)
    batch_seconds  = optional(number, 10)
    latest_seconds = optional(number, 10)
    latest_ttl     = optional(number, 86400)
    vpc_id         = optional(string)
    subnet_ids     = optional(list(string), [])
    public_address = optional(bool, true)
  })
  default = {
    streams = [
      "btcusdt@miniTicker", "ethusdt@miniTicker", "solusdt@miniTicker",
      "btcusdt@trade", "ethusdt@trade", "solusdt@trade",
    ]
  }

  validation {
    condition     = alltrue([for name in var.stream.streams : can(regex("^[a-z0-9]{5,20}@(miniTicker|trade|bookTicker|kline_(1m|5m|15m|30m|1h|4h|6h|1d))$", name))])
    error_message = "stream: ${join(", ", [for name in var.stream.streams : "\"${name}\"" if !can(regex("^[a-z0-9]{5,20}@(miniTicker|trade|bookTicker|kline_(1m|5m|15m|30m|1h|4h|6h|1d))$", name))])} is no stream that the lake has a table for; write the market in small letters and miniTicker, trade, bookTicker or kline_<interval>, as in btcusdt@trade."
  }

  validation {
    condition     = length(distinct(var.stream.streams)) == length(var.stream.streams)
    error_message = "stream: a stream is named twice."
  }

  validation {
    condition     = contains(keys(local.websockets.binance.hosts), var.stream.host)
    error_message = "stream: host is \"${var.stream.host}\"; use one of ${join(", ", keys(local.websockets.binance.hosts))}."
  }

  validation {
    condition     = var.stream.coinbase == null ? true : alltrue([for channel in var.stream.coinbase.channels : contains(keys(local.websockets.coinbase.channels), channel)])
    error_message = "stream: Coinbase's channels are ${join(" and ", local.websockets.coinbase.default_channels)}."
  }

  validation {
    condition     = var.stream.coinbase == null ? true : alltrue([for product in var.stream.coinbase.products : can(regex("^(${local.websockets.coinbase.market.pattern})$", product))])
    error_message = "stream: a Coinbase product is written as ${local.websockets.coinbase.market.example}."
  }

  validation {
    condition     = alltrue([for venue in keys(var.stream.venues) : contains(keys(local.websockets), venue) && (venue != "coinbase" || var.stream.coinbase == null)])
    error_message = "stream: venues names ${join(", ", keys(var.stream.venues))}; there are ${join(", ", keys(local.websockets))}, and coinbase stands in one place only."
  }

  validation {
    condition = alltrue([
      for venue, section in var.stream.venues : try(
        length(section.markets) > 0
        && alltrue([for market in section.markets : can(regex("^(${local.websockets[venue].market.pattern})$", market))])
        && length(setsubtract(coalesce(section.channels, []), keys(local.websockets[venue].channels))) == 0
        && contains(keys(local.websockets[venue].hosts), coalesce(section.host, local.websockets[venue].default_host)),
        true # an unknown venue is another validation's
      )
    ])
    error_message = "stream: ${join("; ", [
      for venue, section in var.stream.venues : try("a market of ${venue} is written as ${local.websockets[venue].market.example}, its channels are ${join(", ", keys(local.websockets[venue].channels))} and its hosts ${join(", ", keys(local.websockets[venue].hosts))}", venue)
    ])}."
  }

  validation {
    condition     = var.stream.secret_arn == null ? true : can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+$", var.stream.secret_arn))
    error_message = "stream: secret_arn is the ARN of a secret of Secrets Manager."
  }

  validation {
    condition     = !var.enable_stream || var.stream.secret_arn != null || length(var.stream.streams) > 0 || var.stream.coinbase != null || length(var.stream.venues) > 0
    error_message = "stream names nothing to listen to; set streams, coinbase, venues or secret_arn."
  }

  validation {
    condition     = contains(["256/512", "256/1024", "256/2048", "512/1024", "512/2048", "512/3072", "512/4096", "1024/2048", "1024/4096", "1024/8192"], "${var.stream.cpu}/${var.stream.memory_mb}")
    error_message = "stream: Fargate has no task of ${var.stream.cpu} CPU units with ${var.stream.memory_mb} MB; take 256 with 512, 1024 or 2048, 512 with 1024 to 4096, or 1024 with 2048, 4096 or 8192."
  }

  validation {
    condition     = var.stream.batch_frames >= 1 && var.stream.batch_frames <= 100000 && floor(var.stream.batch_frames) == var.stream.batch_frames && var.stream.batch_seconds >= 1 && var.stream.batch_seconds <= 300
    error_message = "stream: a batch has 1 to 100000 frames and closes after 1 to 300 seconds."
  }

  validation {
    condition     = var.stream.latest_ttl >= 60 && var.stream.latest_seconds >= 1
    error_message = "stream: latest prices are written at most once in latest_seconds, 1 or more, and kept for latest_ttl seconds, 60 or more."
  }

  validation {
    condition     = (length(var.stream.subnet_ids) > 0) == (var.stream.vpc_id != null)
    error_message = "stream: subnet_ids and vpc_id belong together; set both, or neither for a network of its own."
  }

  validation {
    condition     = var.stream.public_address || length(var.stream.subnet_ids) > 0
    error_message = "stream: without a public address the collector reaches nothing from a network of its own; set subnet_ids and vpc_id, or leave public_address true."
  }
}
