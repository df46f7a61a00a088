# Feeds with their defaults filled in, and those off whose source wants a key. Nothing is asked of AWS.

mock_provider "aws" {}

variables {
  environment  = "test"
  protect_data = false
}

run "feeds_whose_source_wants_a_key_are_off_and_say_so" {
  command = plan

  variables {
    feeds = {
      rates  = { source = "coincap", dataset = "rates", interval = "1m" }
      ticks  = { source = "coindesk", dataset = "quotes", interval = "1h", assets = ["BTC"] }
      quotes = { source = "coingecko", dataset = "quotes", interval = "5m", top = 250 }
    }
  }

  assert {
    condition = { for name, feed in local.feeds : name => [feed.enabled, feed.off_reason] } == {
      rates  = [false, "CoinCap has no key: set coincap_api_key_version = 1 and export TF_VAR_coincap_api_key"]
      ticks  = [false, "CoinDesk has no key: set coindesk_api_key_version = 1 and export TF_VAR_coindesk_api_key"]
      quotes = [true, null]
    }
    error_message = "A feed without its key is off, with the reason."
  }

  expect_failures = [check.every_feed_has_its_key]
}

run "a_key_turns_the_feeds_of_its_source_on" {
  command = plan

  variables {
    coincap_api_key         = "sentinel"
    coincap_api_key_version = 1
    feeds                   = { rates = { source = "coincap", dataset = "rates", interval = "1d" } }
  }

  assert {
    condition     = local.feeds.rates.enabled && local.feeds.rates.off_reason == null
    error_message = "With its key a feed is on."
  }
}

run "a_feed_is_quoted_in_what_its_source_calls_a_dollar" {
  command = plan

  variables {
    feeds = {
      usdt = { source = "binance", dataset = "candles", interval = "1h", assets = ["BTC"] }
      usd  = { source = "coinbase", dataset = "candles", interval = "1h", assets = ["BTC"] }
      eur  = { source = "coinbase", dataset = "candles", interval = "1h", assets = ["BTC"], quote = "EUR" }
      bars = { source = "coingecko", dataset = "ohlc", interval = "1d", assets = ["BTC"] }
    }
  }

  assert {
    condition     = [for name in ["usdt", "usd", "eur", "bars"] : [local.feeds[name].quote, local.feeds[name].lookback]] == [["USDT", 24], ["USD", 24], ["EUR", 24], ["USD", 1]]
    error_message = "The defaults of quote and lookback follow from the dataset."
  }
}
