output "plan_role" {
  description = "ARN of the role that plans: the variable AWS_PLAN_ROLE"
  value       = aws_iam_role.plan.arn
}

output "deploy_role" {
  description = "ARN of the role that deploys: the variable AWS_DEPLOY_ROLE"
  value       = aws_iam_role.deploy.arn
}

output "permissions_boundary" {
  description = "ARN of the boundary: permissions_boundary in the environment's tfvars"
  value       = aws_iam_policy.boundary.arn
}

output "create_provider" {
  description = "Whether the account's identity provider is of this state"
  value       = var.create_provider
}
