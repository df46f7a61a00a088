# The environment `dev`: deploy with `make deploy ENV=dev`. Copy this file to make another.
# Every setting, with its default and its limits: ../variables*.tf.

environment = "dev"
region      = "us-east-1"

# `make destroy ENV=dev` deletes the data too, and `make deploy` works again at once.
protect_data = false

# Who gets the mails. Each address first gets one from AWS with a link to confirm;
# `coinlake status` lists those that have not.
alert_emails = []

# Who gets the alarms of the stack itself; without it, the same addresses.
# operations_emails = ["ops@example.com"]

# On AWS, CoinGecko's keyless limit is shared with other users of Lambda's addresses. A demo key is
# free (https://www.coingecko.com/en/api): set the plan, and export TF_VAR_coingecko_api_key.
# coingecko_plan = "demo"

# CoinCap's free key (https://pro.coincap.io) and CoinDesk's paid one: set the version, export
# TF_VAR_coincap_api_key or TF_VAR_coindesk_api_key, and raise the version when the key changes.
# coincap_api_key_version  = 1
# coindesk_api_key_version = 1

# What is collected. Without this, the same: the default. Another feed is another entry; what else there
# is to ask stands in layers/coinlake/python/coinlake/sources.json, and feeds that ask for more than a
# source grants are refused.
feeds = {
  # The prices of the 250 largest assets, every five minutes.
  coingecko_quotes = {
    source   = "coingecko"
    dataset  = "quotes"
    interval = "5m"
    top      = 250
  }
  # What these trade for against USDT.
  binance_quotes = {
    source   = "binance"
    dataset  = "quotes"
    interval = "5m"
    assets = [
      "BTC", "ETH", "XRP", "BNB", "SOL", "DOGE", "ADA", "TRX", "LINK", "AVAX",
      "XLM", "LTC", "BCH", "DOT", "UNI", "NEAR", "ATOM", "AAVE", "SHIB", "PEPE",
    ]
  }
  # Hourly candles. Each run asks for the last `lookback` closed ones, so a missed run heals itself.
  coinbase_candles = {
    source   = "coinbase"
    dataset  = "candles"
    interval = "1h"
    lookback = 24
    assets = [
      "BTC", "ETH", "XRP", "SOL", "DOGE", "ADA", "LINK", "AVAX", "XLM",
      "LTC", "BCH", "DOT", "UNI", "NEAR", "ATOM", "AAVE", "SHIB", "PEPE",
    ]
  }
  # The same at Binance, asked every six hours: each request becomes three objects to pay for.
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
  # Once a day: the market's mood, and what there is to trade.
  sentiment        = { source = "alternative_me", dataset = "sentiment", interval = "1d" }
  coinbase_assets  = { source = "coinbase", dataset = "assets", interval = "1d" }
  binance_assets   = { source = "binance", dataset = "assets", interval = "1d" }
  coingecko_assets = { source = "coingecko", dataset = "assets", interval = "1d" }
}

# What else there is, off unless set: ../variables_refine.tf, ../variables_stream.tf,
# ../variables_dashboard.tf and ../variables_query.tf say what each means and costs.
# refine_batch_minutes = 15
# enable_stream        = true
# enable_dashboard     = true
# readers              = ["arn:aws:iam::123456789012:role/analyst"]

# Feeds that rest for now; `coinlake pause <feed>` does the same until the next deployment.
paused_feeds = []

# When to mail. Every kind of rule: ../variables_alerts.tf. `coinlake alerts test` shows which of them
# would have fired on a day.
alert_rules = {
  btc_high = { asset = "BTC", above = 150000 }
  btc_low  = { asset = "BTC", below = 50000, cooldown_minutes = 360 }
  eth_move = { asset = "ETH", change_percent = 5, window_minutes = 60 }

  # On tables that refine computes: a source's distance from the median, a day beside those before.
  btc_spread   = { asset = "BTC", spread_bps = 50 }
  btc_volume   = { asset = "BTC", volume_times = 3, source = "coinbase" }
  btc_drawdown = { asset = "BTC", drawdown_percent = 30, source = "coinbase", cooldown_minutes = 10080 }
  btc_new_high = { asset = "BTC", new_high_days = 0, source = "coinbase" }
  eth_new_low  = { asset = "ETH", new_low_days = 90, source = "coinbase" }
}

# A mail each morning with the greatest movers of 24 hours.
digest = { at = "07:00", movers = 10 }
