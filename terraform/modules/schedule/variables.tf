variable "scheduler" {
  description = "What all schedules of the stack have in common: their group, the role that may invoke their functions, and the customer managed key for their inputs (null for AWS's own)"
  type        = object({ group_name = string, role_arn = string, kms_key_arn = string })
}

variable "name" {
  description = "Name of the schedule in its group"
  type        = string
}

variable "description" {
  description = "What the schedule does, in one sentence"
  type        = string
}

variable "expression" {
  description = "cron(...) in UTC; rate(...) is not aligned to the clock"
  type        = string
}

variable "input" {
  description = "The event as JSON; <aws.scheduler.scheduled-time> in it becomes the time the run was due"
  type        = string
}

variable "function_arn" {
  description = "The function to invoke"
  type        = string
}

variable "enabled" {
  description = "Whether the schedule runs; a paused one keeps its history"
  type        = bool
  default     = true
}

variable "max_age_seconds" {
  description = "Seconds after which an event that Lambda did not take is dropped, 60 at least"
  type        = number
  default     = 3600
}
