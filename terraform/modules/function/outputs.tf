output "name" {
  description = "Name of the function"
  value       = aws_lambda_function.this.function_name
}

output "arn" {
  description = "ARN of the function; whoever uses it waits for the function and its permissions"
  value       = local.arn
  depends_on  = [aws_lambda_function.this, aws_iam_role_policy.this, aws_lambda_function_event_invoke_config.this]
}

output "policy" {
  description = "All that the function's role may do, as JSON"
  value       = data.aws_iam_policy_document.this.json
}

output "trust" {
  description = "Who may run as the function's role, as JSON"
  value       = data.aws_iam_policy_document.trust.json
}
