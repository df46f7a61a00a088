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
