# The dashboard: public through CloudFront alone, or private. By default there is none: stack.tftest.hcl.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

# The provider would ask AWS whether the definition is valid; the tests compare it instead, and the
# embedded AWS runs it.
override_resource {
  target = aws_sfn_state_machine.backfill
}

override_resource {
  target          = aws_cloudfront_distribution.site
  override_during = plan
  values = {
    arn         = "arn:aws:cloudfront::123456789012:distribution/E2EXAMPLE"
    domain_name = "d111111abcdef8.cloudfront.net"
  }
}

variables {
  environment  = "test"
  protect_data = false
}

run "a_public_dashboard_is_written_by_refine_and_read_by_its_own_distribution_only" {
  command = plan

  variables {
    enable_dashboard = true
  }

  # The distribution's ARN is known once it is made, and only then is the policy rendered.
  assert {
    condition = [
      for s in data.aws_iam_policy_document.site_is_shown["this"].statement :
      [s.sid, s.actions, s.resources, s.principals, s.condition]
      ] == [[
        "CloudFrontReads", toset(["s3:GetObject"]), toset(["arn:aws:s3:::coinlake-test-site-123456789012-us-east-1/*"]),
        toset([{ type = "Service", identifiers = toset(["cloudfront.amazonaws.com"]) }]),
        toset([{ test = "StringEquals", variable = "aws:SourceArn", values = tolist(["arn:aws:cloudfront::123456789012:distribution/E2EXAMPLE"]) }]),
    ]]
    error_message = "Nobody but the distribution reads the site bucket."
  }

  assert {
    condition = {
      for key, object in aws_s3_object.page : key => [object.content_type, object.cache_control] if contains(["index.html", "style.css", "js/main.js", "favicon.svg"], key)
      } == {
      "index.html"  = ["text/html; charset=utf-8", "public, max-age=0, s-maxage=60, must-revalidate"]
      "style.css"   = ["text/css; charset=utf-8", "public, max-age=0, s-maxage=60, must-revalidate"]
      "js/main.js"  = ["text/javascript; charset=utf-8", "public, max-age=0, s-maxage=60, must-revalidate"]
      "favicon.svg" = ["image/svg+xml", "public, max-age=0, s-maxage=60, must-revalidate"]
    }
    error_message = "The page's files carry their types, and are asked for anew each time."
  }

  assert {
    condition     = contains(keys(aws_s3_object.page), "vendor/lightweight-charts.standalone.production.mjs") && !contains(keys(aws_s3_object.page), "serving.json")
    error_message = "The page is what dashboard/serving.json lists."
  }

  assert {
    condition = (
      aws_cloudfront_response_headers_policy.site["this"].security_headers_config[0].content_security_policy[0].content_security_policy == local.serving.headers["Content-Security-Policy"]
      && aws_cloudfront_response_headers_policy.site["this"].security_headers_config[0].strict_transport_security[0].access_control_max_age_sec == 31536000
      && { for item in aws_cloudfront_response_headers_policy.site["this"].custom_headers_config[0].items : item.header => item.value }
      == { for name in ["Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy"] : name => local.serving.headers[name] }
    )
    error_message = "CloudFront sends the headers that the dashboard was tested with."
  }

  assert {
    condition = (
      aws_cloudfront_distribution.site["this"].default_root_object == "index.html"
      && aws_cloudfront_distribution.site["this"].default_cache_behavior[0].viewer_protocol_policy == "redirect-to-https"
      && toset(aws_cloudfront_distribution.site["this"].default_cache_behavior[0].allowed_methods) == toset(["GET", "HEAD"])
      && aws_cloudfront_distribution.site["this"].price_class == "PriceClass_100"
      && aws_cloudfront_origin_access_control.site["this"].signing_behavior == "always"
    )
    error_message = "The distribution reads over HTTPS, signed, and nothing else."
  }

  assert {
    condition     = output.dashboard_url == "https://d111111abcdef8.cloudfront.net/" && local.site_bucket_arns == ["arn:aws:s3:::coinlake-test-site-123456789012-us-east-1"]
    error_message = "The command and refine learn where the dashboard is."
  }

  assert {
    condition = {
      for s in jsondecode(module.refine.policy).Statement : s.Sid => concat([s.Effect, s.Action, s.Resource], try([s.Condition], []))
      if contains(["PublishFiles", "ReadGaps", "ReadFeedsAndMails", "CountDeadLetters", "CompareFiles", "ListPartsAndTheDaysFiles"], s.Sid)
      } == {
      PublishFiles = ["Allow", "s3:PutObject", "arn:aws:s3:::coinlake-test-site-123456789012-us-east-1/data/*"]
      CompareFiles = [
        "Allow", "s3:ListBucket", "arn:aws:s3:::coinlake-test-site-123456789012-us-east-1",
        { StringLike = { "s3:prefix" = "data/*" } },
      ]
      ListPartsAndTheDaysFiles = [
        "Allow", "s3:ListBucket", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1",
        { StringLike = { "s3:prefix" = ["trusted/*", "refined/*", "quarantine/*", "gaps/*"] } },
      ]
      ReadGaps = ["Allow", "s3:GetObject", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/gaps/*"]
      ReadFeedsAndMails = [
        "Allow", ["dynamodb:Query", "dynamodb:BatchGetItem"],
        "arn:aws:dynamodb:us-east-1:123456789012:table/coinlake-test-state",
      ]
      CountDeadLetters = [
        "Allow", "sqs:GetQueueAttributes",
        [
          "arn:aws:sqs:us-east-1:123456789012:coinlake-test-transform-dlq",
          "arn:aws:sqs:us-east-1:123456789012:coinlake-test-refine-dlq",
          "arn:aws:sqs:us-east-1:123456789012:coinlake-test-notify-dlq",
          "arn:aws:sqs:us-east-1:123456789012:coinlake-test-ingest-dlq",
        ],
      ]
    }
    error_message = "What refine may do for the dashboard changed: say why in docs/decisions."
  }
}

run "a_dashboard_that_is_not_public_stays_in_its_bucket" {
  command = plan

  variables {
    enable_dashboard = true
    dashboard_public = false
  }

  assert {
    condition = (
      length(aws_cloudfront_distribution.site) + length(aws_cloudfront_response_headers_policy.site) == 0
      && [for s in jsondecode(module.site["this"].policy).Statement : s.Effect] == ["Deny"]
      && length(aws_s3_object.page) > 10 && output.dashboard_url == null
    )
    error_message = "Without CloudFront no one is granted the bucket, and the page is in it all the same."
  }
}

run "a_dashboard_with_a_name_of_its_own_admits_no_old_tls_and_only_its_countries" {
  command = plan

  variables {
    enable_dashboard    = true
    dashboard_domain    = { name = "prices.example.com", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/prices" }
    dashboard_countries = ["DE", "FR"]
    access_log_bucket   = "my-access-logs"
  }

  assert {
    condition = jsonencode([
      aws_cloudfront_distribution.site["this"].aliases,
      [for c in aws_cloudfront_distribution.site["this"].viewer_certificate : [c.acm_certificate_arn, c.minimum_protocol_version, c.ssl_support_method]],
      [for r in aws_cloudfront_distribution.site["this"].restrictions[0].geo_restriction : [r.restriction_type, r.locations]],
      [for l in aws_cloudfront_distribution.site["this"].logging_config : [l.bucket, l.prefix]],
      ]) == jsonencode([
      ["prices.example.com"],
      [["arn:aws:acm:us-east-1:123456789012:certificate/prices", "TLSv1.2_2021", "sni-only"]],
      [["whitelist", ["DE", "FR"]]],
      [["my-access-logs.s3.amazonaws.com", "coinlake-test-site/"]],
    ])
    error_message = "The name, its certificate, the countries and the logs are the distribution's."
  }

  assert {
    condition     = output.dashboard_url == "https://prices.example.com/" && output.dashboard_distribution == "d111111abcdef8.cloudfront.net"
    error_message = "The address is the name of its own, which points at CloudFront's."
  }
}
