# What there is to ask, and what the sources publish of their limits: the one place that knows. The
# validations of feeds, the configuration that functions read and the quota planner follow from it.
# A new source is an entry here, beside its file in functions/ingest and its parser.

locals {
  # CoinGecko's plans. Requests a minute leave some room. Source: docs.coingecko.com, "Errors and rate
  # limits" and "Authentication"; coingecko.com/en/api/pricing for the credits, of which every answer
  # costs one. Without a key, addresses share a limit that is not published.
  coingecko_plans = {
    keyless = { title = "CoinGecko without a key", host = "api", requests_per_minute = 5, credits_per_month = null, header = null }
    demo    = { title = "CoinGecko demo", host = "api", requests_per_minute = 80, credits_per_month = 10000, header = "x-cg-demo-api-key" }
    basic   = { title = "CoinGecko basic", host = "pro-api", requests_per_minute = 250, credits_per_month = 100000, header = "x-cg-pro-api-key" }
    analyst = { title = "CoinGecko analyst", host = "pro-api", requests_per_minute = 400, credits_per_month = 500000, header = "x-cg-pro-api-key" }
    pro     = { title = "CoinGecko pro", host = "pro-api", requests_per_minute = 250, credits_per_month = null, header = "x-cg-pro-api-key" }
  }
  coingecko = local.coingecko_plans[var.coingecko_plan]

  # By source:
  #   requests_per_minute  what ingest keeps to, below what the source allows; at Binance, weight
  #   credits_per_month    what it grants, where it counts; every bytes_per_credit begun of an answer cost one more
  #   key                  the header that carries it, what stands before it, and whether nothing works without
  #   ids                  the source whose ids assets maps; null where there are no assets to name
  #   dollar               what a feed is quoted in unless it says otherwise
  catalog = {
    coingecko = {
      title               = local.coingecko.title
      base_url            = "https://${local.coingecko.host}.coingecko.com/api/v3"
      requests_per_minute = local.coingecko.requests_per_minute
      credits_per_month   = local.coingecko.credits_per_month
      bytes_per_credit    = null
      key                 = { header = local.coingecko.header, prefix = "", required = false }
      more                = "choose a higher coingecko_plan"
      ids                 = "coingecko"
      dollar              = "USD"
    }
    # docs.cdp.coinbase.com, "Exchange rate limits": 10 a second.
    coinbase = {
      title               = "Coinbase"
      base_url            = "https://api.exchange.coinbase.com"
      requests_per_minute = 480
      credits_per_month   = null
      bytes_per_credit    = null
      key                 = { header = null, prefix = "", required = false }
      more                = "name fewer assets"
      ids                 = "coinbase"
      dollar              = "USD"
    }
    # github.com/binance/binance-spot-api-docs, "LIMITS": requests weigh 6000 a minute together, and
    # ingest heeds the weight that each answer tells.
    binance = {
      title               = "Binance"
      base_url            = "https://data-api.binance.vision"
      requests_per_minute = 4800
      credits_per_month   = null
      bytes_per_credit    = null
      key                 = { header = null, prefix = "", required = false }
      more                = "name fewer assets"
      ids                 = "binance"
      dollar              = "USDT"
    }
    # Files of a content delivery network, without a published limit.
    binance_archive = {
      title               = "Binance's archive"
      base_url            = "https://data.binance.vision"
      requests_per_minute = 300
      credits_per_month   = null
      bytes_per_credit    = null
      key                 = { header = null, prefix = "", required = false }
      more                = "name fewer assets"
      ids                 = "binance"
      dollar              = "USDT"
    }
    # pro.coincap.io: 600 a minute with any plan; the free one has 4000 credits a month, and an answer
    # costs one, and one for each 2500 bytes.
    coincap = {
      title               = "CoinCap"
      base_url            = "https://rest.coincap.io/v3"
      requests_per_minute = 480
      credits_per_month   = 4000
      bytes_per_credit    = 2500
      key                 = { header = "Authorization", prefix = "Bearer ", required = true }
      more                = "set credits_per_month = { coincap = ... } to what your plan has"
      ids                 = "coincap"
      dollar              = "USD"
    }
    # Paid plans only, each with limits of its own: modest, and credits as you say.
    coindesk = {
      title               = "CoinDesk"
      base_url            = "https://data-api.coindesk.com"
      requests_per_minute = 120
      credits_per_month   = null
      bytes_per_credit    = null
      key                 = { header = "x-api-key", prefix = "", required = true }
      more                = "set credits_per_month = { coindesk = ... } to what your plan has"
      ids                 = "coindesk"
      dollar              = "USD"
    }
    # alternative.me/crypto/fear-and-greed-index, "API": 60 a minute. A new value comes once a day.
    alternative_me = {
      title               = "alternative.me"
      base_url            = "https://api.alternative.me"
      requests_per_minute = 30
      credits_per_month   = null
      bytes_per_credit    = null
      key                 = { header = null, prefix = "", required = false }
      more                = "run it less often"
      ids                 = null
      dollar              = "USD"
    }
  }

  # By source and dataset, unless dataset_defaults says it:
  #   asks      "assets", "top" (by market cap, or assets) or "all" (the one list that the source has)
  #   batch     assets that one request names
  #   weight    what one request counts as, at most
  #   lookback  interval → most buckets of one answer; none where the interval is only how often to ask
  #   days      the lookbacks that the source has, in days, where it counts in them
  #   files     whether each lookback is a day's file and its checksum, two requests
  #   bytes     of an answer: once, and for each asset or bucket, where they cost credits
  dataset_defaults = {
    asks = "assets", batch = 1, weight = 1, lookback = {}, days = [], files = false, bytes = { once = 0, each = 0 }
  }
  own_datasets = {
    coingecko = {
      quotes       = { asks = "top", batch = 250 }
      prices       = { batch = 250 }
      price_points = { lookback = { "1h" = 2400, "1d" = 3650 } }
      ohlc         = { days = [1, 7, 14, 30, 90, 180, 365] }
      assets       = { asks = "all" }
    }
    coinbase = {
      candles = { lookback = { "1m" = 300, "5m" = 300, "15m" = 300, "1h" = 300, "6h" = 300, "1d" = 300 } }
      quotes  = {}
      stats   = {}
      assets  = { asks = "all" }
    }
    binance = {
      candles = {
        weight   = 2
        lookback = { "1m" = 1000, "5m" = 1000, "15m" = 1000, "30m" = 1000, "1h" = 1000, "4h" = 1000, "6h" = 1000, "1d" = 1000 }
      }
      quotes = { weight = 40, batch = 100 }
      assets = { weight = 20, asks = "all" }
    }
    binance_archive = {
      candles = {
        files    = true
        lookback = { "1m" = 31, "5m" = 31, "15m" = 31, "30m" = 31, "1h" = 31, "4h" = 31, "6h" = 31, "1d" = 31 }
      }
    }
    coincap = {
      quotes = { batch = 100, bytes = { once = 50, each = 450 } }
      rates  = { asks = "all", bytes = { once = 35000, each = 0 } }
      price_points = {
        lookback = { "1m" = 1440, "5m" = 1440, "15m" = 672, "30m" = 672, "1h" = 720, "6h" = 732, "1d" = 7305 }
        bytes    = { once = 50, each = 110 }
      }
    }
    coindesk = {
      quotes  = { batch = 100 }
      candles = { lookback = { "1m" = 2000, "1h" = 2000, "1d" = 2000 } }
    }
    alternative_me = {
      sentiment = { asks = "all" }
    }
  }
  datasets = {
    for source, datasets in local.own_datasets : source => {
      for dataset, own in datasets : dataset => merge(local.dataset_defaults, own)
    }
  }

  known_datasets = join(", ", flatten([for source, datasets in local.datasets : [for dataset in keys(datasets) : "${source}/${dataset}"]]))
  asset_sources  = sort(distinct([for source in values(local.catalog) : source.ids if source.ids != null]))

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
}
