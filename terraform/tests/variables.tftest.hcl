# Each validation refuses what it is for, before anything is made.

# Nothing is asked of AWS, so the provider may be a mock, which is faster.
mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

variables {
  environment  = "test"
  protect_data = false
}

run "an_environment_that_cannot_be_part_of_a_bucket_name_is_refused" {
  command = plan

  variables {
    environment = "Dev_1"
  }

  expect_failures = [var.environment]
}

run "an_empty_environment_is_refused" {
  command = plan

  variables {
    environment = ""
  }

  expect_failures = [var.environment]
}

run "a_region_that_is_none_is_refused" {
  command = plan

  variables {
    region = "Virginia"
  }

  expect_failures = [var.region]
}

run "a_directory_without_the_zips_is_refused" {
  command = plan

  variables {
    packages = "no/such/place"
  }

  expect_failures = [var.packages]
}

run "a_runtime_that_the_layers_do_not_know_is_refused" {
  command = plan

  variables {
    python_runtime = "nodejs22.x"
  }

  expect_failures = [var.python_runtime]
}

run "an_unknown_architecture_is_refused" {
  command = plan

  variables {
    architecture = "riscv"
  }

  expect_failures = [var.architecture]
}

run "a_retention_that_cloudwatch_does_not_take_is_refused" {
  command = plan

  variables {
    log_retention_days = 2
  }

  expect_failures = [var.log_retention_days]
}

run "raw_is_not_moved_while_a_redrive_may_need_it" {
  command = plan

  variables {
    raw_transition_days = 14
  }

  expect_failures = [var.raw_transition_days]
}

run "a_timeout_above_lambdas_is_refused" {
  command = plan

  variables {
    function_timeout_seconds = 901
  }

  expect_failures = [var.function_timeout_seconds]
}

run "a_receive_count_of_none_is_refused" {
  command = plan

  variables {
    max_receive_count = 0
  }

  expect_failures = [var.max_receive_count]
}

run "concurrency_of_an_unknown_stage_is_refused" {
  command = plan

  variables {
    reserved_concurrency = { loading = 1 }
  }

  expect_failures = [var.reserved_concurrency]
}

run "no_days_to_reconcile_are_refused" {
  command = plan

  variables {
    reconcile_days = 0
  }

  expect_failures = [var.reconcile_days]
}

run "a_scan_limit_below_athenas_is_refused" {
  command = plan

  variables {
    athena_scan_limit_mb = 9
  }

  expect_failures = [var.athena_scan_limit_mb]
}

run "an_alert_address_without_a_domain_is_refused" {
  command = plan

  variables {
    alert_emails = ["me@example.com", "a@"]
  }

  expect_failures = [var.alert_emails]
}

run "an_operations_address_without_a_domain_is_refused" {
  command = plan

  variables {
    operations_emails = ["ops"]
  }

  expect_failures = [var.operations_emails]
}

run "a_symbol_in_small_letters_is_refused" {
  command = plan

  variables {
    assets = { btc = { coingecko = "bitcoin" } }
    feeds  = {}
  }

  expect_failures = [var.assets]
}

run "an_asset_of_an_unknown_source_is_refused" {
  command = plan

  variables {
    assets = { BTC = { nobody = "XBT" } }
    feeds  = {}
  }

  expect_failures = [var.assets]
}

run "an_asset_id_with_a_slash_is_refused" {
  command = plan

  variables {
    assets = { BTC = { coinbase = "BTC/../x" } }
    feeds  = {}
  }

  expect_failures = [var.assets]
}

run "two_symbols_with_one_id_are_refused" {
  command = plan

  variables {
    assets = { BTC = { coinbase = "BTC" }, XBT = { coinbase = "BTC" } }
    feeds  = {}
  }

  expect_failures = [var.assets]
}

run "a_feed_name_with_a_hyphen_is_refused" {
  command = plan

  variables {
    feeds = { my-feed = { source = "coingecko", dataset = "quotes", interval = "5m", top = 10 } }
  }

  expect_failures = [var.feeds]
}

run "a_feed_of_an_unknown_source_is_refused" {
  command = plan

  variables {
    feeds = { f = { source = "nobody", dataset = "quotes", interval = "1h", top = 10 } }
  }

  expect_failures = [var.feeds]
}

run "a_feed_of_an_unknown_dataset_is_refused" {
  command = plan

  variables {
    feeds = { f = { source = "coingecko", dataset = "trades", interval = "1h", top = 10 } }
  }

  expect_failures = [var.feeds]
}

run "a_feed_of_an_unknown_interval_is_refused" {
  command = plan

  variables {
    feeds = { f = { source = "coingecko", dataset = "quotes", interval = "2h", top = 10 } }
  }

  expect_failures = [var.feeds]
}

run "a_feed_in_a_currency_in_small_letters_is_refused" {
  command = plan

  variables {
    feeds = { f = { source = "coingecko", dataset = "quotes", interval = "1h", top = 10, quote = "usd" } }
  }

  expect_failures = [var.feeds]
}

run "a_feed_with_neither_top_nor_assets_is_refused" {
  command = plan

  variables {
    feeds = { f = { source = "coingecko", dataset = "quotes", interval = "1h" } }
  }

  expect_failures = [var.feeds]
}

run "a_feed_with_both_top_and_assets_is_refused" {
  command = plan

  variables {
    feeds = { f = { source = "coingecko", dataset = "quotes", interval = "1h", assets = ["BTC"], top = 10 } }
  }

  expect_failures = [var.feeds]
}

run "a_candles_feed_with_a_top_is_refused" {
  command = plan

  variables {
    feeds = { f = { source = "coinbase", dataset = "candles", interval = "1h", top = 10 } }
  }

  expect_failures = [var.feeds]
}

run "a_top_of_none_is_refused" {
  command = plan

  variables {
    feeds = { f = { source = "coingecko", dataset = "quotes", interval = "1h", top = 0 } }
  }

  expect_failures = [var.feeds]
}

run "a_feed_of_an_asset_that_the_map_lacks_is_refused" {
  command = plan

  variables {
    feeds = { f = { source = "coinbase", dataset = "candles", interval = "1h", assets = ["NOPE"] } }
  }

  expect_failures = [var.feeds]
}

run "a_feed_of_an_asset_that_its_source_does_not_list_is_refused" {
  command = plan

  variables {
    feeds = { f = { source = "coinbase", dataset = "candles", interval = "1h", assets = ["TRX"] } }
  }

  expect_failures = [var.feeds]
}

run "an_asset_named_twice_is_refused" {
  command = plan

  variables {
    feeds = { f = { source = "coinbase", dataset = "candles", interval = "1h", assets = ["BTC", "BTC"] } }
  }

  expect_failures = [var.feeds]
}

run "a_lookback_of_none_is_refused" {
  command = plan

  variables {
    feeds = { f = { source = "coinbase", dataset = "candles", interval = "1h", assets = ["BTC"], lookback = 0 } }
  }

  expect_failures = [var.feeds]
}

run "a_lookback_above_one_answer_is_refused" {
  command = plan

  variables {
    feeds = { f = { source = "coinbase", dataset = "candles", interval = "1h", assets = ["BTC"], lookback = 301 } }
  }

  expect_failures = [var.feeds]
}

run "a_schedule_that_is_not_aligned_is_refused" {
  command = plan

  variables {
    feeds = { f = { source = "coingecko", dataset = "quotes", interval = "1h", top = 10, schedule = "rate(5 minutes)" } }
  }

  expect_failures = [var.feeds]
}

run "a_feed_that_is_stale_at_once_is_refused" {
  command = plan

  variables {
    feeds = { f = { source = "coingecko", dataset = "quotes", interval = "1h", top = 10, stale_after_minutes = 0 } }
  }

  expect_failures = [var.feeds]
}

run "a_paused_feed_that_does_not_exist_is_refused" {
  command = plan

  variables {
    paused_feeds = ["nope"]
  }

  expect_failures = [var.paused_feeds]
}

run "a_rule_name_with_a_space_is_refused" {
  command = plan

  variables {
    alert_rules = { "btc high" = { asset = "BTC", above = 1 } }
  }

  expect_failures = [var.alert_rules]
}

run "a_rule_on_an_unknown_asset_is_refused" {
  command = plan

  variables {
    alert_rules = { r = { asset = "NOPE", above = 1 } }
  }

  expect_failures = [var.alert_rules]
}

run "a_rule_in_a_currency_in_small_letters_is_refused" {
  command = plan

  variables {
    alert_rules = { r = { asset = "BTC", above = 1, quote = "usd" } }
  }

  expect_failures = [var.alert_rules]
}

run "a_rule_on_an_unknown_source_is_refused" {
  command = plan

  variables {
    alert_rules = { r = { asset = "BTC", above = 1, source = "nobody" } }
  }

  expect_failures = [var.alert_rules]
}

run "a_rule_without_a_level_is_refused" {
  command = plan

  variables {
    alert_rules = { r = { asset = "BTC" } }
  }

  expect_failures = [var.alert_rules]
}

run "a_rule_with_two_levels_is_refused" {
  command = plan

  variables {
    alert_rules = { r = { asset = "BTC", above = 1, below = 1 } }
  }

  expect_failures = [var.alert_rules]
}

run "a_rule_with_a_level_of_zero_is_refused" {
  command = plan

  variables {
    alert_rules = { r = { asset = "BTC", above = 0 } }
  }

  expect_failures = [var.alert_rules]
}

run "a_rule_over_no_window_is_refused" {
  command = plan

  variables {
    alert_rules = { r = { asset = "BTC", above = 1, window_minutes = 0 } }
  }

  expect_failures = [var.alert_rules]
}

run "a_rule_on_a_spread_of_nothing_is_refused" {
  command = plan

  variables {
    alert_rules = { r = { asset = "BTC", spread_bps = 0 } }
  }

  expect_failures = [var.alert_rules]
}

run "a_rule_on_usual_volume_is_refused" {
  command = plan

  variables {
    alert_rules = { r = { asset = "BTC", volume_times = 1 } }
  }

  expect_failures = [var.alert_rules]
}

run "a_rule_on_volume_against_one_day_is_refused" {
  command = plan

  variables {
    alert_rules = { r = { asset = "BTC", volume_times = 3, window_days = 1 } }
  }

  expect_failures = [var.alert_rules]
}

run "a_rule_on_a_drawdown_of_everything_is_refused" {
  command = plan

  variables {
    alert_rules = { r = { asset = "BTC", drawdown_percent = 100 } }
  }

  expect_failures = [var.alert_rules]
}

run "a_rule_on_a_high_of_half_a_day_is_refused" {
  command = plan

  variables {
    alert_rules = { r = { asset = "BTC", new_high_days = 0.5 } }
  }

  expect_failures = [var.alert_rules]
}

run "a_rule_on_a_low_of_minus_one_day_is_refused" {
  command = plan

  variables {
    alert_rules = { r = { asset = "BTC", new_low_days = -1 } }
  }

  expect_failures = [var.alert_rules]
}

run "a_rule_on_a_high_and_a_low_is_refused" {
  command = plan

  variables {
    alert_rules = { r = { asset = "BTC", new_high_days = 0, new_low_days = 0 } }
  }

  expect_failures = [var.alert_rules]
}

run "the_old_name_of_alert_rules_is_refused" {
  command = plan

  variables {
    price_rules = { r = { asset = "BTC", above = 1 } }
  }

  expect_failures = [var.price_rules]
}

run "a_digest_at_no_time_of_day_is_refused" {
  command = plan

  variables {
    digest = { at = "24:00" }
  }

  expect_failures = [var.digest]
}

run "a_digest_of_no_movers_is_refused" {
  command = plan

  variables {
    digest = { movers = 0 }
  }

  expect_failures = [var.digest]
}

run "notices_without_a_cooldown_are_refused" {
  command = plan

  variables {
    notices = { cooldown_minutes = 0 }
  }

  expect_failures = [var.notices]
}

run "an_unknown_plan_is_refused" {
  command = plan

  variables {
    coingecko_plan    = "gold"
    coingecko_api_key = "CG-sentinel"
  }

  expect_failures = [var.coingecko_plan]
}

run "a_key_version_of_none_is_refused" {
  command = plan

  variables {
    coingecko_api_key_version = 0
  }

  expect_failures = [var.coingecko_api_key_version]
}

run "an_address_of_an_unknown_source_is_refused" {
  command = plan

  variables {
    source_urls = { nobody = "https://api.nobody.com" }
  }

  expect_failures = [var.source_urls]
}

run "an_address_without_tls_is_refused" {
  command = plan

  variables {
    source_urls = { coingecko = "http://api.coingecko.com" }
  }

  expect_failures = [var.source_urls]
}

run "an_empty_address_is_refused" {
  command = plan

  variables {
    source_urls = { coinbase = "" }
  }

  expect_failures = [var.source_urls]
}

run "a_backfill_of_nothing_at_a_time_is_refused" {
  command = plan

  variables {
    backfill_concurrency = 0
  }

  expect_failures = [var.backfill_concurrency]
}

run "more_files_than_a_month_has_days_are_refused" {
  command = plan

  variables {
    feeds = { f = { source = "binance_archive", dataset = "candles", interval = "1m", assets = ["BTC"], lookback = 32 } }
  }

  expect_failures = [var.feeds]
}

run "an_interval_that_the_source_does_not_have_is_refused" {
  command = plan

  variables {
    feeds = { f = { source = "coinbase", dataset = "candles", interval = "30m", assets = ["BTC"] } }
  }

  expect_failures = [var.feeds]
}

run "dollars_where_there_are_only_stablecoins_are_refused" {
  command = plan

  variables {
    feeds = { f = { source = "binance", dataset = "candles", interval = "1h", assets = ["BTC"], quote = "USD" } }
  }

  expect_failures = [var.feeds]
}

run "a_feed_of_a_whole_list_with_assets_is_refused" {
  command = plan

  variables {
    feeds = { f = { source = "coincap", dataset = "rates", interval = "1d", assets = ["BTC"] } }
  }

  expect_failures = [var.feeds]
}

run "a_feed_of_a_whole_list_with_a_top_is_refused" {
  command = plan

  variables {
    feeds = { f = { source = "alternative_me", dataset = "sentiment", interval = "1d", top = 3 } }
  }

  expect_failures = [var.feeds]
}

run "a_lookback_above_one_answer_of_coindesk_is_refused" {
  command = plan

  variables {
    feeds = { f = { source = "coindesk", dataset = "candles", interval = "1h", assets = ["BTC"], lookback = 2001 } }
  }

  expect_failures = [var.feeds]
}

run "days_that_the_source_does_not_offer_are_refused" {
  command = plan

  variables {
    feeds = { f = { source = "coingecko", dataset = "ohlc", interval = "1d", assets = ["BTC"], lookback = 2 } }
  }

  expect_failures = [var.feeds]
}

run "an_asset_at_a_source_without_assets_is_refused" {
  command = plan

  variables {
    assets = { BTC = { alternative_me = "BTC" } }
    feeds  = {}
  }

  expect_failures = [var.assets]
}

run "a_negative_version_of_a_coincap_key_is_refused" {
  command = plan

  variables {
    coincap_api_key_version = -1
  }

  expect_failures = [var.coincap_api_key_version]
}

run "a_negative_version_of_a_coindesk_key_is_refused" {
  command = plan

  variables {
    coindesk_api_key_version = -1
  }

  expect_failures = [var.coindesk_api_key_version]
}

run "credits_of_an_unknown_source_are_refused" {
  command = plan

  variables {
    credits_per_month = { nobody = 1 }
  }

  expect_failures = [var.credits_per_month]
}

run "no_credits_are_refused" {
  command = plan

  variables {
    credits_per_month = { coincap = 0 }
  }

  expect_failures = [var.credits_per_month]
}

run "a_stream_without_a_table_is_refused" {
  command = plan

  variables {
    enable_stream = true
    stream        = { streams = ["btcusdt@depth"] }
  }

  expect_failures = [var.stream]
}

run "a_stream_named_twice_is_refused" {
  command = plan

  variables {
    enable_stream = true
    stream        = { streams = ["btcusdt@trade", "btcusdt@trade"] }
  }

  expect_failures = [var.stream]
}

run "an_unknown_host_is_refused" {
  command = plan

  variables {
    enable_stream = true
    stream        = { streams = ["btcusdt@trade"], host = "moon" }
  }

  expect_failures = [var.stream]
}

run "an_unknown_channel_of_coinbase_is_refused" {
  command = plan

  variables {
    enable_stream = true
    stream        = { coinbase = { products = ["BTC-USD"], channels = ["level2"] } }
  }

  expect_failures = [var.stream]
}

run "a_product_in_another_spelling_is_refused" {
  command = plan

  variables {
    enable_stream = true
    stream        = { coinbase = { products = ["btcusd"] } }
  }

  expect_failures = [var.stream]
}

run "a_venue_without_a_websocket_is_refused" {
  command = plan

  variables {
    enable_stream = true
    stream        = { venues = { coincap = { markets = ["BTC-USD"] } } }
  }

  expect_failures = [var.stream]
}

run "a_market_of_a_venue_in_another_spelling_is_refused" {
  command = plan

  variables {
    enable_stream = true
    stream        = { venues = { coinbase = { markets = ["btcusd"] } } }
  }

  expect_failures = [var.stream]
}

run "a_secret_that_is_no_arn_is_refused" {
  command = plan

  variables {
    enable_stream = true
    stream        = { streams = ["btcusdt@trade"], secret_arn = "streams" }
  }

  expect_failures = [var.stream]
}

run "a_collector_with_nothing_to_listen_to_is_refused" {
  command = plan

  variables {
    enable_stream = true
    stream        = { streams = [] }
  }

  expect_failures = [var.stream]
}

run "a_size_that_fargate_does_not_have_is_refused" {
  command = plan

  variables {
    enable_stream = true
    stream        = { streams = ["btcusdt@trade"], cpu = 256, memory_mb = 4096 }
  }

  expect_failures = [var.stream]
}

run "a_batch_without_frames_is_refused" {
  command = plan

  variables {
    enable_stream = true
    stream        = { streams = ["btcusdt@trade"], batch_frames = 0 }
  }

  expect_failures = [var.stream]
}

run "a_price_forgotten_at_once_is_refused" {
  command = plan

  variables {
    enable_stream = true
    stream        = { streams = ["btcusdt@trade"], latest_ttl = 1 }
  }

  expect_failures = [var.stream]
}

run "subnets_without_their_network_are_refused" {
  command = plan

  variables {
    enable_stream = true
    stream        = { streams = ["btcusdt@trade"], subnet_ids = ["subnet-0123456789abcdef0"] }
  }

  expect_failures = [var.stream]
}

run "a_reader_that_is_no_role_or_user_is_refused" {
  command = plan

  variables {
    readers = ["arn:aws:iam::123456789012:role/analyst", "analyst"]
  }

  expect_failures = [var.readers]
}

run "a_stream_without_its_kind_is_refused" {
  command = plan

  variables {
    collected_streams = ["btcusdt"]
  }

  expect_failures = [var.collected_streams]
}

run "refine_batch_minutes_divide_an_hour" {
  command = plan

  variables {
    refine_batch_minutes = 7
  }

  expect_failures = [var.refine_batch_minutes]
}

run "a_price_class_that_cloudfront_does_not_know_is_refused" {
  command = plan

  variables {
    dashboard_price_class = "PriceClass_300"
  }

  expect_failures = [var.dashboard_price_class]
}

run "a_web_acl_of_a_region_is_refused_for_cloudfront" {
  command = plan

  variables {
    dashboard_web_acl_arn = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/office-only/a1b2"
  }

  expect_failures = [var.dashboard_web_acl_arn]
}

run "derive_minutes_divide_an_hour" {
  command = plan

  variables {
    derive_minutes = 0
  }

  expect_failures = [var.derive_minutes]
}

run "a_collector_that_reaches_nothing_is_refused" {
  command = plan

  variables {
    enable_stream = true
    stream        = { streams = ["btcusdt@trade"], public_address = false }
  }

  expect_failures = [var.stream]
}

run "a_boundary_that_is_no_policy_is_refused" {
  command = plan

  variables {
    permissions_boundary = "coinlake-boundary"
  }

  expect_failures = [var.permissions_boundary]
}

run "a_warehouses_table_that_refined_does_not_have_is_refused" {
  command = plan

  variables {
    load = { postgres = { tables = ["candle"] } }
  }

  expect_failures = [var.load]
}

run "runs_of_load_that_do_not_divide_a_day_are_refused" {
  command = plan

  variables {
    load = { postgres = { minutes = 45 } }
  }

  expect_failures = [var.load]
}

run "a_load_without_memory_is_refused" {
  command = plan

  variables {
    load = { postgres = { memory_mb = 128 } }
  }

  expect_failures = [var.load]
}

run "a_parameter_without_a_slash_is_refused" {
  command = plan

  variables {
    load = { postgres = { url_parameter = "postgres-url" } }
  }

  expect_failures = [var.load]
}

run "a_user_of_snowflake_that_is_no_arn_is_refused" {
  command = plan

  variables {
    load = { snowflake = { user_arn = "abc-s" } }
  }

  expect_failures = [var.load]
}

run "half_a_version_of_a_databases_url_is_refused" {
  command = plan

  variables {
    load              = { postgres = { url_version = 1.5 } }
    load_postgres_url = "postgresql://u:p@db.example.com/lake"
  }

  expect_failures = [var.load]
}

run "two_warehouses_at_once_are_refused" {
  command = plan

  variables {
    load = { redshift = { workgroup = "analytics", create = true } }
  }

  expect_failures = [var.load]
}

run "no_warehouse_at_all_is_refused" {
  command = plan

  variables {
    load = { redshift = {} }
  }

  expect_failures = [var.load]
}

run "a_name_that_redshift_does_not_take_is_refused" {
  command = plan

  variables {
    load = { redshift = { workgroup = "My Workgroup" } }
  }

  expect_failures = [var.load]
}

run "a_capacity_that_redshift_does_not_have_is_refused" {
  command = plan

  variables {
    load = { redshift = { create = true, base_capacity = 6 } }
  }

  expect_failures = [var.load]
}

run "an_url_beside_create_is_refused" {
  command = plan

  variables {
    load = { postgres = { create = true, url_parameter = "/coinlake/test/url" } }
  }

  expect_failures = [var.load]
}

run "an_instance_that_rds_does_not_have_is_refused" {
  command = plan

  variables {
    load = { postgres = { create = true, instance_class = "t4g.micro" } }
  }

  expect_failures = [var.load]
}

run "a_budget_of_less_than_a_dollar_is_refused" {
  command = plan

  variables {
    monthly_budget_usd = 0
    alert_emails       = ["you@example.com"]
  }

  expect_failures = [var.monthly_budget_usd]
}

run "a_budget_that_mails_nobody_is_refused" {
  command = plan

  variables {
    monthly_budget_usd = 5
  }

  expect_failures = [var.monthly_budget_usd]
}

run "a_bucket_for_access_logs_that_no_bucket_is_called_is_refused" {
  command = plan

  variables {
    access_log_bucket = "s3://my-logs"
  }

  expect_failures = [var.access_log_bucket]
}

run "a_certificate_of_another_region_is_refused" {
  command = plan

  variables {
    dashboard_domain = { name = "prices.example.com", certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/prices" }
  }

  expect_failures = [var.dashboard_domain]
}

run "a_domain_with_its_scheme_is_refused" {
  command = plan

  variables {
    dashboard_domain = { name = "https://prices.example.com", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/prices" }
  }

  expect_failures = [var.dashboard_domain]
}

run "a_country_by_its_name_is_refused" {
  command = plan

  variables {
    dashboard_countries = ["Germany"]
  }

  expect_failures = [var.dashboard_countries]
}

run "a_spark_job_of_a_driver_alone_is_refused" {
  command = plan

  variables {
    spark = { workers = 1 }
  }

  expect_failures = [var.spark]
}

run "a_kind_of_spark_worker_that_flex_does_not_know_is_refused" {
  command = plan

  variables {
    spark = { worker_type = "G.8X" }
  }

  expect_failures = [var.spark]
}

run "a_spark_job_that_never_ends_is_refused" {
  command = plan

  variables {
    spark = { timeout_minutes = 0 }
  }

  expect_failures = [var.spark]
}
