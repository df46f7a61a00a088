output "arn" {
  description = "ARN of the topic; whoever uses it waits until the topic takes messages"
  value       = local.arn
  depends_on  = [aws_sns_topic_policy.this]
}

output "policy" {
  description = "The topic's policy as JSON"
  value       = data.aws_iam_policy_document.this.json
}
