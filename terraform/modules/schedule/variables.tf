variable "name" {
  description = "Name of the schedule in its group"
  type        = string
}

variable "group_name" {
  description = "The schedule group"
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

variable "role_arn" {
  description = "The role that may invoke it"
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

variable "kms_key_arn" {
  description = "Customer managed key for the schedule's input; null for AWS's own"
  type        = string
}
