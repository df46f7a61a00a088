output "arn" {
  description = "ARN of the queue; whoever uses it waits until the queue is there"
  value       = local.arn
  depends_on  = [aws_sqs_queue.this]
}

output "url" {
  description = "URL of the queue"
  value       = aws_sqs_queue.this.url
}

output "dlq_url" {
  description = "URL of the dead letter queue"
  value       = aws_sqs_queue.dlq.url
}

output "policy" {
  description = "The queue's policy as JSON"
  value       = data.aws_iam_policy_document.this.json
}

output "mappings" {
  description = "The function that the queue invokes, if any"
  value       = [for mapping in aws_lambda_event_source_mapping.this : mapping.function_name]
}
