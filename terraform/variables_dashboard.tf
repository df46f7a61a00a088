# Whether there is a dashboard, and who sees it.

variable "enable_dashboard" {
  description = "Whether the lake publishes its dashboard: a page over small files in a private bucket of its own"
  type        = bool
  default     = false
}

variable "dashboard_public" {
  description = "Whether CloudFront shows the dashboard to whoever knows its address; false keeps it in its private bucket, for `coinlake dashboard`"
  type        = bool
  default     = true
}

variable "dashboard_price_class" {
  description = "Where CloudFront serves from: PriceClass_100 (North America and Europe), PriceClass_200 or PriceClass_All"
  type        = string
  default     = "PriceClass_100"

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.dashboard_price_class)
    error_message = "dashboard_price_class is \"${var.dashboard_price_class}\"; use PriceClass_100, PriceClass_200 or PriceClass_All."
  }
}

variable "dashboard_web_acl_arn" {
  description = "Web ACL (AWS WAF, in us-east-1) that says who may see the dashboard; null lets everybody"
  type        = string
  default     = null

  validation {
    condition     = var.dashboard_web_acl_arn == null || can(regex("^arn:[a-z-]+:wafv2:us-east-1:[0-9]{12}:global/webacl/", var.dashboard_web_acl_arn))
    error_message = "dashboard_web_acl_arn is no web ACL that CloudFront takes; write its ARN, as in \"arn:aws:wafv2:us-east-1:123456789012:global/webacl/office-only/…\"."
  }
}

variable "dashboard_domain" {
  description = "A name of your own for the dashboard, with its certificate (ACM, in us-east-1); point the name at the output dashboard_distribution. null leaves CloudFront's own name"
  type        = object({ name = string, certificate_arn = string })
  default     = null

  validation {
    condition     = can(regex("^arn:[a-z-]+:acm:us-east-1:[0-9]{12}:certificate/.+$", try(var.dashboard_domain.certificate_arn, "arn:aws:acm:us-east-1:123456789012:certificate/none")))
    error_message = "dashboard_domain.certificate_arn is no certificate that CloudFront takes; write its ARN, as in \"arn:aws:acm:us-east-1:123456789012:certificate/…\"."
  }

  validation {
    condition     = can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", try(var.dashboard_domain.name, "prices.example.com")))
    error_message = "dashboard_domain.name is \"${try(var.dashboard_domain.name, "null")}\"; write a name without https://, as in \"prices.example.com\"."
  }
}

variable "dashboard_countries" {
  description = "Countries that see the dashboard, as ISO 3166 codes such as \"DE\"; an empty list for all"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for country in var.dashboard_countries : can(regex("^[A-Z]{2}$", country))])
    error_message = "dashboard_countries has ${jsonencode(var.dashboard_countries)}; it takes codes of two capital letters, as in [\"DE\", \"FR\"]."
  }
}
