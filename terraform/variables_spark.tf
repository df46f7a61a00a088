# A rebuild on Spark, for histories that outgrow one machine: off unless enable_spark. spark/README.md says when
# it is worth it, docs/costs.md what it costs.

variable "enable_spark" {
  description = "Whether there is a Glue job for `coinlake rebuild --on spark`; it costs nothing while it does not run"
  type        = bool
  default     = false
}

variable "spark" {
  description = "The Glue job's size. workers are of worker_type (G.1X: 4 vCPU, 16 GB; G.2X: twice that), one of them the driver; a run is stopped after timeout_minutes"
  type = object({
    workers         = optional(number, 11)
    worker_type     = optional(string, "G.1X")
    timeout_minutes = optional(number, 2880)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.spark.workers >= 2 && var.spark.workers <= 100 && floor(var.spark.workers) == var.spark.workers
    error_message = "spark: workers is a whole number from 2 (one is the driver) to 100."
  }

  validation {
    condition     = contains(["G.1X", "G.2X"], var.spark.worker_type)
    error_message = "spark: worker_type is G.1X or G.2X, which Flex knows."
  }

  validation {
    condition     = var.spark.timeout_minutes >= 5 && var.spark.timeout_minutes <= 10080
    error_message = "spark: timeout_minutes is from 5 to 10080, a week."
  }
}
