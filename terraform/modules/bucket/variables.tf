variable "stack" {
  description = "What all buckets of the stack have in common: the AWS partition of their ARNs, whether terraform destroy may delete them with what is in them, the customer managed key (null encrypts with S3's own keys), and the bucket that their access logs go to (null for no logs)"
  type = object({
    account           = object({ partition = string })
    force_destroy     = bool
    kms_key_arn       = string
    access_log_bucket = optional(string)
  })
}

variable "name" {
  description = "Name of the bucket, unique in the world"
  type        = string
}

variable "policies" {
  description = "Statements beside the TLS-only one, each a policy document as JSON"
  type        = list(string)
  default     = []
}

variable "lifecycle_rules" {
  description = "By rule id: which keys, and days until they expire, are archived (instant retrieval) or lose noncurrent versions"
  type = map(object({
    prefix          = optional(string, "")
    expire_days     = optional(number)
    archive_days    = optional(number)
    noncurrent_days = optional(number)
  }))
}
