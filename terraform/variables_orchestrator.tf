variable "enable_orchestrator" {
  description = "Whether there is a policy for an orchestrator of yours, such as Airflow, to drive the lake (orchestration/README.md)"
  type        = bool
  default     = false
}
