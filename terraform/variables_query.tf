# Who may query the lake, and what its catalog must know beforehand.

variable "readers" {
  description = "ARNs of the IAM roles and users that may read every table through Lake Formation; empty uses IAM alone"
  type        = set(string)
  default     = []

  validation {
    condition = alltrue([
      for arn in var.readers : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[A-Za-z0-9+=,.@_/-]+$", arn))
    ])
    error_message = "readers are ${join(", ", var.readers)}; write ARNs of roles or users, as in \"arn:aws:iam::123456789012:role/analyst\"."
  }
}

variable "collected_streams" {
  description = "Streams that refined/tickers and its like are partitioned by, as their rows name them; with these, queries need not name one"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for stream in var.collected_streams : can(regex("^[A-Za-z0-9-]+@[A-Za-z0-9_]+$", stream))])
    error_message = "collected_streams are ${join(", ", var.collected_streams)}; write them as market@kind, as in \"btcusdt@miniTicker\" or \"BTC-USD@ticker\"."
  }
}
