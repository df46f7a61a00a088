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

variable "derive_minutes" {
  description = "Minutes between two computations of what follows from today's data (asset_days, spreads, market_days, latest): 1, 5, 10, 15, 20, 30 or 60. What follows from older data is computed at once, and all of it where refine_batch_minutes is 0 or as long"
  type        = number
  default     = 60

  validation {
    condition     = contains([1, 5, 10, 15, 20, 30, 60], var.derive_minutes)
    error_message = "derive_minutes is ${var.derive_minutes}; an hour is divided into 1, 5, 10, 15, 20, 30 or 60 minutes."
  }
}
