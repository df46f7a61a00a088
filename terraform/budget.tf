# A mail before the bill: AWS Budgets, off unless monthly_budget_usd is set. Budgets without actions are
# free. It watches the whole account, for costs have the stack's tags only where somebody activated them
# in the billing console.

resource "aws_budgets_budget" "this" {
  for_each = toset(var.monthly_budget_usd == null ? [] : ["this"])

  name         = "${local.prefix}-monthly"
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_unit   = "USD"
  limit_amount = tostring(var.monthly_budget_usd)

  # Forecast before spent: AWS knows of costs hours later.
  dynamic "notification" {
    for_each = { FORECASTED = 100, ACTUAL = 80 }

    content {
      notification_type          = notification.key
      comparison_operator        = "GREATER_THAN"
      threshold                  = notification.value
      threshold_type             = "PERCENTAGE"
      subscriber_email_addresses = local.operations_emails
    }
  }
}
