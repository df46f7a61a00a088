# The configuration object that every function reads (layers/coinlake/python/coinlake/config.py).
# A Lambda environment holds 4 KB at most, so it lies in S3, under a key that holds its hash:
# a changed configuration is a new key, and a deployed one never changes under a function.

locals {
  sources = {
    for source, has in local.catalog : source => {
      base_url            = lookup(var.source_urls, source, has.base_url)
      requests_per_minute = has.requests_per_minute
      credits_per_month   = local.credits_per_month[source]
      api_key_header      = lookup(local.key_versions, source, 0) == 0 ? null : has.key_header
      api_key_prefix      = has.key.prefix
      api_key_parameter   = lookup(local.key_parameters, source, null)
    }
  }

  config = jsonencode({
    assets          = var.assets
    sources         = local.sources
    feeds           = local.feeds
    alert_rules     = var.alert_rules
    digest          = var.digest
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
