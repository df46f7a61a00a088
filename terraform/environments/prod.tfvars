# The environment `prod`: deploy with `make deploy ENV=prod`.
# Every setting, with its default and its limits: ../variables*.tf.
# Assets and feeds are the defaults; dev.tfvars shows how to write them.

environment = "prod"
region      = "us-east-1"

# Buckets with data are not deleted, the table cannot be, and it can be set back to any second of
# the last 35 days. To destroy the stack anyway: set false, deploy, then destroy.
protect_data = true

# One KMS key of your own for everything: $1 a month, plus its requests.
customer_managed_keys = false

log_retention_days = 365

# Who gets the mails; each address confirms once. operations_emails, for the alarms of the stack
# itself, are the same addresses unless set.
alert_emails = []

# On AWS, CoinGecko's keyless limit is shared with other users of Lambda's addresses. A demo key is
# free (https://www.coingecko.com/en/api): set the plan, and export TF_VAR_coingecko_api_key.
# coingecko_plan = "demo"

# When to mail. Every kind of rule: ../variables_alerts.tf. `coinlake alerts test` shows which of them
# would have fired on a day.
alert_rules = {
  btc_high = { asset = "BTC", above = 150000 }
  btc_low  = { asset = "BTC", below = 50000, cooldown_minutes = 360 }
  btc_move = { asset = "BTC", change_percent = 5, window_minutes = 60 }
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

# Executions kept for a stage, and its limit. Needs a quota above the ten of a new account.
# reserved_concurrency = { transform = 5 }
