variable "account" {
  description = "Where the function lives: account id, region and partition"
  type        = object({ id = string, region = string, partition = string })
}

variable "name" {
  description = "Name of the function, its role and, after /aws/lambda/, its log group"
  type        = string
}

variable "stage" {
  description = "The stage's one name; the service dimension of its logs and metrics"
  type        = string
}

variable "metrics_namespace" {
  description = "CloudWatch namespace of the function's metrics; one per environment, so that two never mix"
  type        = string
}

variable "description" {
  description = "What the function does, in one sentence"
  type        = string
}

variable "handler" {
  description = "The handler, as <stage>.handler.handler"
  type        = string
}

variable "package" {
  description = "Path of the function's zip"
  type        = string
}

variable "runtime" {
  description = "Lambda runtime identifier, instruction set and layer version ARNs"
  type        = object({ name = string, architecture = string, layers = list(string) })
}

variable "memory_mb" {
  description = "Memory in MB; 1,769 MB is one whole processor"
  type        = number
}

variable "timeout_seconds" {
  description = "Seconds until an invocation is stopped"
  type        = number
}

variable "environment" {
  description = "Exactly what the function's Settings read"
  type        = map(string)
}

variable "policy" {
  description = "The function's permissions (JSON), without its own logs"
  type        = string
}

variable "log_retention_days" {
  description = "Days that logs are kept"
  type        = number
}

variable "reserved_concurrency" {
  description = "Concurrent executions reserved and allowed; -1 reserves nothing"
  type        = number
}

variable "kms_key_arn" {
  description = "Customer managed key for the log group and the environment; null for AWS's own"
  type        = string
}

variable "asynchronous" {
  description = "For a function that schedules invoke: retries, age limit and the queue or topic for what failed in the end"
  type = object({
    retries         = number
    max_age_seconds = number
    on_failure_arn  = optional(string)
  })
  default = null
}
