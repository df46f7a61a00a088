# The live collector on Fargate: off unless enable_stream. docs/costs.md says what it costs.

variable "enable_stream" {
  description = "Whether the live collector runs, for some $11 a month and what it writes"
  type        = bool
  default     = false
}

variable "stream" {
  description = "What the live collector listens to, and where it runs. `streams` are Binance's, as btcusdt@trade; `coinbase` has products and channels (ticker, matches); or secret_arn names a secret of Secrets Manager that holds a JSON object with them. image_tag is the image in the stack's repository; until there is one, nothing runs. Without subnet_ids a small public network is made; private ones need a way out and vpc_id"
  type = object({
    streams = optional(list(string), [])
    host    = optional(string, "data")
    coinbase = optional(object({
      products = list(string)
      channels = optional(list(string), ["ticker", "matches"])
    }))
    secret_arn     = optional(string)
    image_tag      = optional(string)
    cpu            = optional(number, 256)
    memory_mb      = optional(number, 512)
    batch_frames   = optional(number, 1000)
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
    condition     = contains(["global", "data", "us", "testnet"], var.stream.host)
    error_message = "stream: host is \"${var.stream.host}\"; use global, data (market data only), us or testnet."
  }

  validation {
    condition     = var.stream.coinbase == null ? true : alltrue([for channel in var.stream.coinbase.channels : contains(["ticker", "matches"], channel)])
    error_message = "stream: Coinbase's channels are ticker and matches."
  }

  validation {
    condition     = var.stream.coinbase == null ? true : alltrue([for product in var.stream.coinbase.products : can(regex("^[A-Z0-9]+-[A-Z0-9]+$", product))])
    error_message = "stream: a Coinbase product is written as BTC-USD."
  }

  validation {
    condition     = var.stream.secret_arn == null ? true : can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+$", var.stream.secret_arn))
    error_message = "stream: secret_arn is the ARN of a secret of Secrets Manager."
  }

  validation {
    condition     = !var.enable_stream || var.stream.secret_arn != null || length(var.stream.streams) > 0 || var.stream.coinbase != null
    error_message = "stream names nothing to listen to; set streams, coinbase or secret_arn."
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
