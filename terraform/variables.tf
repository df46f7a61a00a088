# What kind of stack it is. What it collects and whom it mails: variables_sources.tf,
# variables_feeds.tf, variables_alerts.tf.

variable "environment" {
  description = "Name of the environment; part of every name in the stack"
  type        = string

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$", var.environment))
    error_message = "environment is \"${var.environment}\"; it becomes part of bucket names: use 1 to 12 lower-case letters, digits and inner hyphens, a letter first, as in \"dev\"."
  }
}

variable "region" {
  description = "AWS region"
  type        = string
  default     = "us-east-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is \"${var.region}\"; write it as AWS does, as in \"us-east-1\"."
  }
}

variable "packages" {
  description = "Directory of the built zips"
  type        = string
  default     = "../build/packages"

  validation {
    condition = alltrue([
      for name in ["ingest", "transform", "refine", "notify", "reconcile", "audit", "load", "coinlake-layer", "dependencies-layer"] :
      fileexists("${var.packages}/${name}.zip")
    ])
    error_message = "${var.packages} does not hold all nine zips; build them with `make build`."
  }
}

variable "python_runtime" {
  description = "Lambda runtime, the Python that the layers were built for"
  type        = string
  default     = "python3.13"

  validation {
    condition     = contains(["python3.11", "python3.12", "python3.13"], var.python_runtime)
    error_message = "python_runtime is \"${var.python_runtime}\"; use python3.11, python3.12 or python3.13."
  }
}

variable "architecture" {
  description = "Instruction set that the layers were built for; arm64 costs a fifth less"
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture is \"${var.architecture}\"; use arm64 or x86_64."
  }
}

variable "monthly_budget_usd" {
  description = "Dollars a month of the whole account from which AWS Budgets mails operations_emails, as forecast or at 80 percent spent; null for no budget"
  type        = number
  default     = null

  validation {
    condition     = var.monthly_budget_usd == null ? true : var.monthly_budget_usd >= 1
    error_message = "monthly_budget_usd is the least dollar amount to be mailed of, 1 or more, or null."
  }

  validation {
    condition     = var.monthly_budget_usd == null || length(concat(var.alert_emails, coalesce(var.operations_emails, []))) > 0
    error_message = "monthly_budget_usd mails nobody; set operations_emails or alert_emails."
  }
}

variable "protect_data" {
  description = "Whether destroy stops at buckets that hold data, tables are protected and recoverable, and keys are recoverable for 30 days"
  type        = bool
}

variable "customer_managed_keys" {
  description = "Whether one KMS key of your own encrypts everything; it costs $1 a month and its requests"
  type        = bool
  default     = false
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds what every role of the stack may do at most; null for none. GitHub's deploy role makes no role without its own (docs/ci.md)"
  type        = string
  default     = null

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:policy/.+$", coalesce(var.permissions_boundary, "arn:aws:iam::123456789012:policy/none")))
    error_message = "permissions_boundary is \"${coalesce(var.permissions_boundary, "null")}\"; it takes a policy's ARN, as in \"arn:aws:iam::123456789012:policy/boundary\", or null."
  }
}

variable "log_retention_days" {
  description = "Days that CloudWatch keeps logs"
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days is ${var.log_retention_days}; CloudWatch takes 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "access_log_bucket" {
  description = "Name of a bucket of yours, outside the stack, that gets the access logs of every bucket and of the dashboard; null for none. Its policy must let logging.s3.amazonaws.com write, and for the dashboard it must allow ACLs"
  type        = string
  default     = null

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", coalesce(var.access_log_bucket, "none")))
    error_message = "access_log_bucket is \"${coalesce(var.access_log_bucket, "null")}\"; it takes a bucket's name, as in \"my-access-logs\", or null."
  }
}

variable "detailed_monitoring" {
  description = "Whether X-Ray traces the functions and backfills ($5 for a million traces after the first 100,000 a month) and Container Insights measures the collector (some 15 metrics at $0.30 a month)"
  type        = bool
  default     = false
}

variable "raw_transition_days" {
  description = "Days until raw objects of 128 KB and more move to cheaper storage (Glacier Instant Retrieval)"
  type        = number
  default     = 90

  validation {
    condition     = var.raw_transition_days >= 15 && floor(var.raw_transition_days) == var.raw_transition_days
    error_message = "raw_transition_days is ${var.raw_transition_days}; it must be a whole number, at least 15: messages live for 14 days and a redrive reads raw."
  }
}

variable "function_timeout_seconds" {
  description = "Timeout of each function; messages stay invisible for six times as long"
  type        = number
  default     = 60

  validation {
    condition     = var.function_timeout_seconds >= 3 && var.function_timeout_seconds <= 900 && floor(var.function_timeout_seconds) == var.function_timeout_seconds
    error_message = "function_timeout_seconds is ${var.function_timeout_seconds}; Lambda takes whole seconds up to 900, and none of the functions starts in less than 3."
  }
}

variable "max_receive_count" {
  description = "Tries of a message until it moves to the dead letter queue"
  type        = number
  default     = 5

  validation {
    condition     = var.max_receive_count >= 1 && var.max_receive_count <= 1000 && floor(var.max_receive_count) == var.max_receive_count
    error_message = "max_receive_count is ${var.max_receive_count}; SQS takes whole numbers from 1 to 1000."
  }
}

variable "reserved_concurrency" {
  description = "Executions reserved by stage; empty reserves none (a new account has ten in all, and all must stay unreserved)"
  type        = map(number)
  default     = {}

  validation {
    condition = alltrue([
      for stage, number in var.reserved_concurrency :
      contains(["ingest", "transform", "refine", "notify", "reconcile", "audit", "load"], stage) && number >= 1 && floor(number) == number
    ])
    error_message = "reserved_concurrency takes whole numbers from 1 for ingest, transform, refine, notify, reconcile, audit and load, as in { transform = 5 }."
  }
}

variable "reconcile_days" {
  description = "Days back that the daily search for lost objects covers"
  type        = number
  default     = 7

  validation {
    condition     = var.reconcile_days >= 1 && var.reconcile_days <= 90 && floor(var.reconcile_days) == var.reconcile_days
    error_message = "reconcile_days is ${var.reconcile_days}; use a whole number from 1 to 90."
  }
}

variable "athena_scan_limit_mb" {
  description = "MB that one Athena query may scan before it is stopped"
  type        = number
  default     = 10240

  validation {
    condition     = var.athena_scan_limit_mb >= 10 && floor(var.athena_scan_limit_mb) == var.athena_scan_limit_mb
    error_message = "athena_scan_limit_mb is ${var.athena_scan_limit_mb}; Athena takes whole numbers from 10."
  }
}

variable "backfill_concurrency" {
  description = "Windows of a backfill that are fetched at the same time, fewer at a slow source; a source's limits hold for all of them together"
  type        = number
  default     = 2

  validation {
    condition     = var.backfill_concurrency >= 1 && var.backfill_concurrency <= 40 && floor(var.backfill_concurrency) == var.backfill_concurrency
    error_message = "backfill_concurrency is ${var.backfill_concurrency}; use a whole number from 1 to 40. A new account runs ten functions at once, its schedules included."
  }
}
