# The roles of GitHub's workflows for an environment that has every feature: tests/permissions reads this plan.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

run "all_features" {
  command = plan

  variables {
    subject_prefix  = "repo:octo-org@1/coinlake@2"
    repository_id   = "2"
    environment     = "test"
    region          = "us-east-1"
    state_bucket    = "coinlake-state-123456789012-us-east-1"
    create_provider = true
    features        = ["budget", "dashboard", "keys", "orchestrator", "readers", "spark", "stream", "warehouse"]
  }

  assert {
    condition     = length(aws_iam_role_policy_attachment.deploy) == 4
    error_message = "Deploying has four policies."
  }
}
