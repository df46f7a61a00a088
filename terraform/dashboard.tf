# The dashboard: a private bucket with the page (dashboard/) and the small files that refine publishes
# below data/. CloudFront shows it to the world, unless it is not public: then `coinlake dashboard`
# serves it, on the machine of whoever may read the bucket.

locals {
  # For other stages: the bucket's name, "" without a dashboard, and its ARN in a list of none or one.
  site_bucket      = join("", [for site in module.site : site.name])
  site_bucket_arns = [for switch in local.dashboard : local.bucket_arns.site]

  dashboard         = toset(var.enable_dashboard ? ["this"] : [])
  dashboard_public  = toset(var.enable_dashboard && var.dashboard_public ? ["this"] : [])
  dashboard_domains = var.dashboard_domain == null ? [] : [var.dashboard_domain]
  dashboard_folder  = "${path.module}/../dashboard"

  # Which files are the page and with which headers they go out; ops/dashboard.py reads it as well.
  serving       = jsondecode(file("${local.dashboard_folder}/serving.json"))
  page_files    = toset(flatten([for pattern in local.serving.files : tolist(fileset(local.dashboard_folder, pattern))]))
  more_headers  = setsubtract(keys(local.serving.headers), local.known_headers)
  known_headers = ["Content-Security-Policy", "Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy"]
}

module "site" {
  source   = "./modules/bucket"
  for_each = local.dashboard

  stack    = local.stack
  name     = local.buckets.site
  policies = [for policy in data.aws_iam_policy_document.site_is_shown : policy.json]

  lifecycle_rules = {
    # What refine publishes it can publish again.
    forget-replaced = { noncurrent_days = 1 }
  }
}

data "aws_iam_policy_document" "site_is_shown" {
  for_each = aws_cloudfront_distribution.site

  statement {
    sid       = "CloudFrontReads"
    actions   = ["s3:GetObject"]
    resources = ["${local.bucket_arns.site}/*"]

    principals {
      type        = "Service"
      identifiers = ["cloudfront.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [each.value.arn]
    }
  }
}

resource "aws_s3_object" "page" {
  for_each = var.enable_dashboard ? local.page_files : []

  bucket        = module.site["this"].name
  key           = each.value
  source        = join("/", [local.dashboard_folder, each.value])
  source_hash   = filemd5("${local.dashboard_folder}/${each.value}")
  content_type  = local.serving.content_types[element(split(".", each.value), -1)]
  cache_control = local.serving.cache_control.page
}

resource "aws_cloudfront_origin_access_control" "site" {
  for_each = local.dashboard_public

  name                              = "${local.prefix}-site"
  description                       = "Only the dashboard's distribution reads its bucket"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

# How long a file stays is written on it: the page a minute, data/ no longer than it is unchanged.
resource "aws_cloudfront_cache_policy" "site" {
  for_each = local.dashboard_public

  name        = "${local.prefix}-site"
  comment     = "The dashboard's page and data: no cookies, no query strings"
  min_ttl     = 0
  default_ttl = 20
  max_ttl     = 3600

  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_brotli = true
    enable_accept_encoding_gzip   = true

    cookies_config {
      cookie_behavior = "none"
    }

    headers_config {
      header_behavior = "none"
    }

    query_strings_config {
      query_string_behavior = "none"
    }
  }
}

resource "aws_cloudfront_response_headers_policy" "site" {
  for_each = local.dashboard_public

  name    = "${local.prefix}-site"
  comment = "What dashboard/serving.json says"

  security_headers_config {
    content_security_policy {
      content_security_policy = local.serving.headers["Content-Security-Policy"]
      override                = true
    }

    strict_transport_security {
      access_control_max_age_sec = tonumber(trimprefix(local.serving.headers["Strict-Transport-Security"], "max-age="))
      override                   = true
    }

    content_type_options {
      override = true
    }

    frame_options {
      frame_option = local.serving.headers["X-Frame-Options"]
      override     = true
    }

    referrer_policy {
      referrer_policy = local.serving.headers["Referrer-Policy"]
      override        = true
    }
  }

  custom_headers_config {
    dynamic "items" {
      for_each = local.more_headers

      content {
        header   = items.value
        value    = local.serving.headers[items.value]
        override = true
      }
    }
  }
}

resource "aws_cloudfront_distribution" "site" {
  for_each = local.dashboard_public

  aliases             = [for domain in local.dashboard_domains : domain.name]
  comment             = "${local.prefix}: the dashboard"
  enabled             = true
  is_ipv6_enabled     = true
  http_version        = "http2and3"
  default_root_object = "index.html"
  price_class         = var.dashboard_price_class
  web_acl_id          = var.dashboard_web_acl_arn
  wait_for_deployment = false # it works some minutes later; nothing else of the stack needs it

  origin {
    origin_id                = "site"
    domain_name              = "${local.buckets.site}.s3.${local.account.region}.amazonaws.com"
    origin_access_control_id = aws_cloudfront_origin_access_control.site[each.key].id
  }

  default_cache_behavior {
    target_origin_id           = "site"
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = aws_cloudfront_cache_policy.site[each.key].id
    response_headers_policy_id = aws_cloudfront_response_headers_policy.site[each.key].id
  }

  restrictions {
    geo_restriction {
      restriction_type = length(var.dashboard_countries) > 0 ? "whitelist" : "none"
      locations        = var.dashboard_countries
    }
  }

  # CloudFront's own certificate admits no choice of TLS.
  dynamic "viewer_certificate" {
    for_each = length(local.dashboard_domains) > 0 ? local.dashboard_domains : [null]

    content {
      cloudfront_default_certificate = viewer_certificate.value == null
      acm_certificate_arn            = try(viewer_certificate.value.certificate_arn, null)
      minimum_protocol_version       = viewer_certificate.value == null ? "TLSv1" : "TLSv1.2_2021"
      ssl_support_method             = viewer_certificate.value == null ? null : "sni-only"
    }
  }

  dynamic "logging_config" {
    for_each = compact([var.access_log_bucket])

    content {
      bucket = "${logging_config.value}.s3.amazonaws.com"
      prefix = "${local.prefix}-site/"
    }
  }
}
