# The quota planner: what is planned for, and what is refused. Nothing is asked of AWS.

mock_provider "aws" {}

variables {
  environment  = "test"
  protect_data = false
}

run "the_default_feeds_fit_the_free_plan_of_each_source" {
  command = plan

  variables {
    coingecko_plan    = "demo"
    coingecko_api_key = "CG-sentinel"
  }

  assert {
    condition = {
      for source, has in output.quota : source => [has.requests_per_month, has.credits_used, coalesce(has.credits_per_month, 0)]
      if has.requests_per_month > 0
      } == {
      alternative_me = [31, 31, 0]
      binance        = [11439, 11439, 0]
      coinbase       = [13423, 13423, 0]
      coingecko      = [8959, 8959, 10000]
    }
    error_message = "The default feeds must fit a CoinGecko demo key."
  }

  # Three writes a request: raw, trusted, ledger. Candles of a day that began last month write a fourth.
  assert {
    condition     = sum([for has in values(output.quota) : has.requests_per_month]) * 3 / (local.month_minutes / 5) < 12.25
    error_message = "The default feeds may cost about twelve PUTs in five minutes: docs/costs.md."
  }
}

run "runs_are_counted_from_the_schedule" {
  command = plan

  variables {
    feeds = {
      minutes   = { source = "coinbase", dataset = "assets", interval = "1m" }
      fives     = { source = "coinbase", dataset = "assets", interval = "5m" }
      quarters  = { source = "coinbase", dataset = "assets", interval = "15m" }
      halves    = { source = "coinbase", dataset = "assets", interval = "30m" }
      hours     = { source = "coinbase", dataset = "assets", interval = "1h" }
      four      = { source = "coinbase", dataset = "assets", interval = "4h" }
      six       = { source = "coinbase", dataset = "assets", interval = "6h" }
      days      = { source = "coinbase", dataset = "assets", interval = "1d" }
      twice     = { source = "coinbase", dataset = "assets", interval = "1h", schedule = "cron(7,37 * * * ? *)" }
      office    = { source = "coinbase", dataset = "assets", interval = "1h", schedule = "cron(0 8-18/2 ? * MON-FRI *)" }
      stepped   = { source = "coinbase", dataset = "assets", interval = "1h", schedule = "cron(*/20 6-9,20 1,15 * ? *)" }
      last      = { source = "coinbase", dataset = "assets", interval = "1h", schedule = "cron(0 0 L * ? *)" }
      off       = { source = "coinbase", dataset = "assets", interval = "1m", enabled = false }
      suspended = { source = "coinbase", dataset = "assets", interval = "1m" }
    }
    paused_feeds = ["suspended"]
  }

  assert {
    condition = local.runs == {
      minutes   = 44640
      fives     = 8928
      quarters  = 2976
      halves    = 1488
      hours     = 744
      four      = 186
      six       = 124
      days      = 31
      twice     = 1488
      office    = 6 * 31 # the days of a week are not counted
      stepped   = 3 * 5 * 2
      last      = 31 # nor is the last of a month
      off       = 0
      suspended = 0
    }
    error_message = "A cron expression has other runs in a month of 31 days."
  }
}

run "requests_and_credits_are_counted_as_the_source_counts_them" {
  command = plan

  variables {
    coincap_api_key         = "sentinel"
    coincap_api_key_version = 1
    credits_per_month       = { coincap = 1000000 }
    feeds = {
      pages    = { source = "coingecko", dataset = "quotes", interval = "1h", top = 251 }
      named    = { source = "coingecko", dataset = "prices", interval = "1h", assets = ["BTC", "ETH"] }
      one_each = { source = "coinbase", dataset = "stats", interval = "1h", assets = ["BTC", "ETH", "SOL"] }
      list     = { source = "binance", dataset = "assets", interval = "1d" }
      files    = { source = "binance_archive", dataset = "candles", interval = "1m", assets = ["BTC", "ETH"], schedule = "cron(0 9 * * ? *)", lookback = 3 }
      together = { source = "binance", dataset = "quotes", interval = "1h", assets = ["BTC", "ETH"] }
      quotes   = { source = "coincap", dataset = "quotes", interval = "1h", assets = ["BTC", "ETH", "SOL", "XRP", "BNB", "ADA"] }
      rates    = { source = "coincap", dataset = "rates", interval = "1d" }
      history  = { source = "coincap", dataset = "price_points", interval = "1d", lookback = 30, assets = ["BTC", "ETH"] }
    }
  }

  assert {
    condition = local.requests_per_run == {
      pages = 2, named = 1, one_each = 3, list = 1, files = 12, together = 1, quotes = 1, rates = 1, history = 2
    }
    error_message = "A run asks other requests than ingest plans."
  }

  # One, and one for each 2500 bytes begun: 50 + 6 × 450, 35000, 50 + 30 × 110 twice.
  assert {
    condition     = [for name in ["pages", "quotes", "rates", "history"] : local.credits_per_run[name]] == [2, 3, 15, 6]
    error_message = "CoinCap's answers cost by their size, CoinGecko's do not."
  }

  assert {
    condition     = [for name in ["list", "together", "one_each"] : local.weight_per_run[name]] == [20, 40, 3]
    error_message = "Binance counts weight."
  }
}

run "more_credits_than_the_plan_has_are_refused_with_the_change_that_helps" {
  command = plan

  variables {
    coingecko_plan    = "demo"
    coingecko_api_key = "CG-sentinel"
    feeds             = { coingecko_prices = { source = "coingecko", dataset = "quotes", interval = "5m", top = 750 } }
  }

  assert {
    condition = local.too_many_credits == [
      "feed coingecko_prices needs 26,784 of CoinGecko demo's 10,000 credits a month: slow it to every 15 minutes or choose a higher coingecko_plan",
    ]
    error_message = "The sentence of the refusal changed: ${join("; ", local.too_many_credits)}"
  }

  expect_failures = [output.quota]
}

run "feeds_that_are_too_much_together_are_refused" {
  command = plan

  variables {
    coincap_api_key         = "sentinel"
    coincap_api_key_version = 1
    feeds = {
      often = { source = "coincap", dataset = "quotes", interval = "1h", assets = ["BTC", "ETH", "SOL", "XRP", "BNB", "ADA"] }
      more  = { source = "coincap", dataset = "rates", interval = "4h" }
      fits  = { source = "coincap", dataset = "rates", interval = "1d" }
    }
  }

  assert {
    condition = local.too_many_credits == [
      "feed more needs 2,790 of CoinCap's 4,000 credits a month, and with the other feeds it is 5,487: slow it to once a day or set credits_per_month = { coincap = ... } to what your plan has",
    ]
    error_message = "The sentence of the refusal changed: ${join("; ", local.too_many_credits)}"
  }

  expect_failures = [output.quota]
}

run "what_no_pace_can_help_is_refused_too" {
  command = plan

  variables {
    credits_per_month = { coinbase = 10 }
    feeds             = { c = { source = "coinbase", dataset = "stats", interval = "1d", assets = ["BTC"] } }
  }

  assert {
    condition     = local.too_many_credits == ["feed c needs 31 of Coinbase's 10 credits a month: ask for less or name fewer assets"]
    error_message = "The sentence of the refusal changed: ${join("; ", local.too_many_credits)}"
  }

  expect_failures = [output.quota]
}

run "credits_that_you_bought_count" {
  command = plan

  variables {
    coingecko_plan    = "demo"
    coingecko_api_key = "CG-sentinel"
    credits_per_month = { coingecko = 30000 }
    feeds             = { coingecko_prices = { source = "coingecko", dataset = "quotes", interval = "5m", top = 750 } }
  }

  assert {
    condition     = output.quota.coingecko.credits_per_month == 30000
    error_message = "credits_per_month wins over the plan's."
  }
}

run "more_requests_a_minute_than_the_source_takes_are_refused" {
  command = plan

  variables {
    feeds = {
      a = { source = "coingecko", dataset = "quotes", interval = "1m", top = 1000 }
      b = { source = "coingecko", dataset = "prices", interval = "1m", assets = ["BTC"] }
      c = { source = "coingecko", dataset = "assets", interval = "1m" }
    }
  }

  assert {
    condition = local.too_many_requests == [
      "the feeds of CoinGecko without a key ask 6 times a minute, and it is asked 5 times at most: slow them or choose a higher coingecko_plan",
    ]
    error_message = "The sentence of the refusal changed: ${join("; ", local.too_many_requests)}"
  }

  expect_failures = [output.quota]
}

run "a_run_that_outlasts_the_function_is_refused" {
  command = plan

  variables {
    feeds = { bars = { source = "coingecko", dataset = "ohlc", interval = "1d", assets = ["BTC", "ETH", "XRP", "BNB", "SOL", "DOGE"] } }
  }

  assert {
    condition = local.too_long_runs == [
      "feed bars asks CoinGecko without a key 6 times in a run, which is asked 5 times a minute at most, and a run lasts 60 seconds: name fewer assets in one feed or choose a higher coingecko_plan",
    ]
    error_message = "The sentence of the refusal changed: ${join("; ", local.too_long_runs)}"
  }

  expect_failures = [output.quota]
}

run "a_longer_run_may_wait_for_its_turn" {
  command = plan

  variables {
    function_timeout_seconds = 120
    feeds                    = { bars = { source = "coingecko", dataset = "ohlc", interval = "1d", assets = ["BTC", "ETH", "XRP", "BNB", "SOL", "DOGE"] } }
  }

  assert {
    condition     = length(local.too_long_runs) == 0
    error_message = "Two minutes are enough for six requests at five a minute."
  }
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

  assert {
    condition     = output.quota.coincap.credits_used == 0
    error_message = "What is off uses no credits."
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
