output "name" {
  description = "Name of the schedule"
  value       = aws_scheduler_schedule.this.name
}

output "input" {
  description = "The event as Scheduler stores it"
  value       = aws_scheduler_schedule.this.target[0].input
}

output "state" {
  description = "ENABLED or DISABLED"
  value       = aws_scheduler_schedule.this.state
}

output "expression" {
  description = "When it runs, in UTC"
  value       = aws_scheduler_schedule.this.schedule_expression
}
