# One schedule that invokes one function.

locals {
  # jsonencode writes < and > as \u003c and \u003e, and Scheduler then leaves
  # <aws.scheduler.scheduled-time> as it stands: write them back.
  input = replace(replace(var.input, "\\u003c", "<"), "\\u003e", ">")
}

resource "aws_scheduler_schedule" "this" {
  name                         = var.name
  group_name                   = var.scheduler.group_name
  description                  = var.description
  schedule_expression          = var.expression
  schedule_expression_timezone = "UTC"
  state                        = var.enabled ? "ENABLED" : "DISABLED"
  kms_key_arn                  = var.scheduler.kms_key_arn

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = var.function_arn
    role_arn = var.scheduler.role_arn
    input    = local.input

    # Lambda retries what the function fails; these are for when Lambda does not take the event.
    retry_policy {
      maximum_retry_attempts       = 10
      maximum_event_age_in_seconds = var.max_age_seconds
    }
  }
}
