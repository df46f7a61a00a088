# Users edit github.tfvars; `coinlake bootstrap --github` computes the rest from the environment's file.

variable "subject_prefix" {
  description = "How the subject of the repository's tokens begins, as its OIDC settings show it"
  type        = string

  validation {
    condition     = can(regex("^repo:[^:*?\\s]+/[^:*?\\s]+$", var.subject_prefix))
    error_message = "subject_prefix is \"${var.subject_prefix}\"; copy it from the repository's settings (Actions, OIDC) into terraform/github/github.tfvars, as in \"repo:octo-org@1/coinlake@2\"."
  }
}

variable "repository_id" {
  description = "The repository's number: `gh api repos/{owner}/{repo} --jq .id`"
  type        = string

  validation {
    condition     = can(regex("^[0-9]+$", var.repository_id))
    error_message = "repository_id is \"${var.repository_id}\"; it is a number: `gh api repos/{owner}/{repo} --jq .id` prints it."
  }
}

variable "environment" {
  description = "The environment whose roles these are"
  type        = string
}

variable "region" {
  description = "The environment's region"
  type        = string
}

variable "state_bucket" {
  description = "The bucket of Terraform's states"
  type        = string
}

variable "create_provider" {
  description = "Whether GitHub's identity provider is made here; false where the account has it already"
  type        = bool
}

variable "features" {
  description = "What the environment has beside the default; each needs rights of its own"
  type        = set(string)

  validation {
    condition     = length(setsubtract(var.features, ["budget", "dashboard", "keys", "orchestrator", "readers", "spark", "stream", "warehouse"])) == 0
    error_message = "features are budget, dashboard, keys, orchestrator, readers, spark, stream and warehouse."
  }
}
