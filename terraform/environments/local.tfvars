# The environment of the laptop: `make demo`. The same stack, with schedules every minute so that
# something happens soon. `coinlake` adds what it finds on the machine: runtime, architecture,
# packages, and the simulator's addresses (without them, the real ones are asked).

environment  = "local"
region       = "us-east-1"
protect_data = false

# No mail leaves the laptop: `coinlake` reads what would have been sent.
alert_emails      = ["you@example.com"]
operations_emails = ["ops@example.com"]

log_retention_days = 1

# refine takes what is new every minute, and derives from it.
refine_batch_minutes = 1
derive_minutes       = 1

# `make airflow` runs Airflow as a user with this policy alone.
enable_orchestrator = true

# `coinlake dashboard` shows it; the laptop has no CloudFront.
enable_dashboard = true
dashboard_public = false

# Every source flows, most of them every minute. For CoinCap and CoinDesk, which want a key, the simulator
# grants one; with LIVE=1 they are off, unless TF_VAR_coincap_api_key and TF_VAR_coincap_api_key_version=1
# (or the same of CoinDesk) are exported.
feeds = {
  coingecko_quotes = {
    source   = "coingecko"
    dataset  = "quotes"
    interval = "1m"
    top      = 250
  }
  coinbase_candles = {
    source   = "coinbase"
    dataset  = "candles"
    interval = "1m"
    lookback = 60
    assets   = ["BTC", "ETH", "SOL", "DOGE", "PEPE"]
  }
  binance_quotes = {
    source   = "binance"
    dataset  = "quotes"
    interval = "1m"
    assets = [
      "BTC", "ETH", "XRP", "BNB", "SOL", "DOGE", "ADA", "TRX", "LINK", "AVAX",
      "XLM", "LTC", "BCH", "DOT", "UNI", "NEAR", "ATOM", "AAVE", "SHIB", "PEPE",
    ]
  }
  binance_candles = {
    source   = "binance"
    dataset  = "candles"
    interval = "1m"
    lookback = 60
    assets   = ["BTC", "ETH", "SOL", "DOGE", "PEPE"]
  }
  kraken_quotes = {
    source   = "kraken"
    dataset  = "quotes"
    interval = "1m"
    assets   = ["BTC", "ETH", "XRP", "SOL", "DOGE", "ADA", "LINK", "AVAX", "LTC", "DOT", "PEPE"]
  }
  # Two, for Kraken is asked about once a second, and all of a minute's runs share that.
  kraken_candles = {
    source   = "kraken"
    dataset  = "candles"
    interval = "1m"
    lookback = 60
    assets   = ["BTC", "ETH"]
  }
  coincap_quotes = {
    source   = "coincap"
    dataset  = "quotes"
    interval = "1m"
    assets = [
      "BTC", "ETH", "XRP", "BNB", "SOL", "DOGE", "ADA", "TRX", "LINK", "AVAX",
      "XLM", "LTC", "BCH", "DOT", "UNI", "NEAR", "ATOM", "AAVE", "SHIB", "PEPE",
    ]
  }
  coindesk_quotes = {
    source   = "coindesk"
    dataset  = "quotes"
    interval = "1m"
    assets = [
      "BTC", "ETH", "XRP", "BNB", "SOL", "DOGE", "ADA", "TRX", "LINK", "AVAX",
      "XLM", "LTC", "BCH", "DOT", "UNI", "NEAR", "ATOM", "AAVE", "SHIB", "PEPE",
    ]
  }
  sentiment = {
    source   = "alternative_me"
    dataset  = "sentiment"
    interval = "1m"
  }
  # Long lists that change little.
  coinbase_assets  = { source = "coinbase", dataset = "assets", interval = "5m" }
  binance_assets   = { source = "binance", dataset = "assets", interval = "5m" }
  kraken_assets    = { source = "kraken", dataset = "assets", interval = "5m" }
  coingecko_assets = { source = "coingecko", dataset = "assets", interval = "5m" }
}

# The first is passed at once. For the second `coinlake demo` orders a price shock from the simulator,
# and for the notice bad rows; the cooldowns are short, so that the next demo mails again.
alert_rules = {
  btc_above_one_dollar = { asset = "BTC", above = 1, cooldown_minutes = 15 }
  doge_moved_5_percent = { asset = "DOGE", change_percent = 5, window_minutes = 1, cooldown_minutes = 1 }
  btc_spread_of_50_bps = { asset = "BTC", spread_bps = 50 }
}

digest = { at = "07:00", movers = 10 }

notices = { cooldown_minutes = 1 }

# The live collector runs as a process of this machine (`coinlake stream`); its task, role and table
# are the real ones. Without an image nothing runs in the embedded AWS.
enable_stream = true
stream = {
  streams = [
    "btcusdt@miniTicker", "ethusdt@miniTicker", "solusdt@miniTicker", "dogeusdt@miniTicker",
    "btcusdt@trade", "ethusdt@trade", "solusdt@trade", "btcusdt@bookTicker", "btcusdt@kline_1m",
  ]
  coinbase      = { products = ["BTC-USD", "ETH-USD"] }
  venues        = { kraken = { markets = ["BTCUSD", "ETHUSD"], channels = ["ticker", "trade", "ohlc"] } }
  batch_seconds = 5
}

# The embedded PostgreSQL that `coinlake up` starts, as a warehouse; `coinlake load` loads it at once.
load = { postgres = { minutes = 5 } }
