variable "partition" {
  description = "AWS partition of the bucket's ARN"
  type        = string
}

variable "name" {
  description = "Name of the bucket, unique in the world"
  type        = string
}

variable "force_destroy" {
  description = "Whether terraform destroy may delete the bucket with what is in it"
  type        = bool
}

variable "kms_key_arn" {
  description = "Customer managed key; null encrypts with S3's own keys"
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
