# The configuration object that every function reads (layers/coinlake/python/coinlake/config.py).
# A Lambda environment holds 4 KB at most, so it lies in S3, under a key that holds its hash:
# a changed configuration is a new key, and a deployed one never changes under a function.

locals {
  # Hosts, limits and headers: docs.coingecko.com, "Errors and rate limits" and "Authentication";
  # docs.cdp.coinbase.com, "Exchange rate limits" (10 a second). All limits leave some room.
  coingecko_plans = {
    keyless = { base_url = "https://api.coingecko.com/api/v3", requests_per_minute = 5, header = null }
    demo    = { base_url = "https://api.coingecko.com/api/v3", requests_per_minute = 80, header = "x-cg-demo-api-key" }
    pro     = { base_url = "https://pro-api.coingecko.com/api/v3", requests_per_minute = 250, header = "x-cg-pro-api-key" }
  }
  coingecko = local.coingecko_plans[var.coingecko_plan]

  sources = {
    coingecko = {
      base_url            = lookup(var.source_urls, "coingecko", local.coingecko.base_url)
      requests_per_minute = local.coingecko.requests_per_minute
      api_key_header      = local.coingecko.header
      api_key_parameter   = local.coingecko.header == null ? null : local.coingecko_parameter
    }
    coinbase = {
      base_url            = lookup(var.source_urls, "coinbase", "https://api.exchange.coinbase.com")
      requests_per_minute = 480
      api_key_header      = null
      api_key_parameter   = null
    }
  }

  # A paused feed keeps its place: it is not asked for, and not missed.
  feeds = {
    for name, feed in var.feeds : name => {
      source              = feed.source
      dataset             = feed.dataset
      quote               = feed.quote
      interval            = feed.interval
      assets              = feed.assets
      top                 = feed.top
      lookback            = feed.lookback
      stale_after_minutes = coalesce(feed.stale_after_minutes, local.intervals[feed.interval].stale_after_minutes)
      enabled             = feed.enabled && !contains(var.paused_feeds, name)
    }
  }

  config = jsonencode({
    assets          = var.assets
    sources         = local.sources
    feeds           = local.feeds
    price_rules     = var.price_rules
    notices         = var.notices
    private_sources = var.private_sources
    environment     = var.environment
  })
  config_key = "config/${sha256(local.config)}.json"
}

resource "aws_s3_object" "config" {
  bucket       = module.artifacts.name
  key          = local.config_key
  content      = local.config
  content_type = "application/json"

  # Functions move to the new object before the old one goes.
  lifecycle {
    create_before_destroy = true
  }
}
