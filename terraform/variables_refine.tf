# How soon refined follows trusted, and what that costs: docs/costs.md.

variable "refine_batch_minutes" {
  description = "Minutes between two runs of refine, each of which takes all that is new: 1, 5, 10, 15, 20, 30 or 60. 0 refines at once, with a queue that is polled all the time"
  type        = number
  default     = 15

  validation {
    condition     = contains([0, 1, 5, 10, 15, 20, 30, 60], var.refine_batch_minutes)
    error_message = "refine_batch_minutes is ${var.refine_batch_minutes}; an hour is divided into runs 1, 5, 10, 15, 20, 30 or 60 minutes apart, and 0 refines at once."
  }
}
