variable "stack" {
  description = "What all functions of the stack have in common: where they live, the prefix of their names (and the namespace of their metrics, so that two environments never mix), the runtime with its layer version ARNs, the directory of the zips, days that logs are kept, executions reserved by stage, the permissions boundary of their roles (null for none), the customer managed key for log groups and environments (null for AWS's own), and whether X-Ray traces them"
  type = object({
    account              = object({ id = string, region = string, partition = string })
    prefix               = string
    runtime              = object({ name = string, architecture = string, layers = list(string) })
    packages             = string
    log_retention_days   = number
    reserved_concurrency = map(number)
    kms_key_arn          = string
    permissions_boundary = optional(string)
    detailed_monitoring  = optional(bool, false)
  })
}

variable "stage" {
  description = "The stage's one name, as of its zip and folder"
  type        = string
}

variable "name" {
  description = "The function's name after the prefix, and the service dimension of its logs and metrics; null for the stage's, for one of several functions of a stage it is another"
  type        = string
  default     = null
}

variable "description" {
  description = "What the function does, in one sentence"
  type        = string
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

variable "asynchronous" {
  description = "For a function that schedules invoke: retries, age limit and the queue or topic for what failed in the end"
  type = object({
    retries         = number
    max_age_seconds = number
    on_failure_arn  = optional(string)
  })
  default = null
}

variable "network" {
  description = "The subnets and security groups that the function runs in, to reach what only is there; null for none"
  type        = object({ subnet_ids = list(string), security_group_ids = list(string) })
  default     = null
}
