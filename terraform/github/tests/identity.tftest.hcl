# Who may become a role, and the two limits of the deploying one. The embedded AWS runs them too:
# tests/workflows/test_deploy.py.

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

variables {
  subject_prefix  = "repo:octo-org@1/coinlake@2"
  repository_id   = "2"
  environment     = "dev"
  region          = "us-east-1"
  state_bucket    = "coinlake-state-123456789012-us-east-1"
  create_provider = true
  features        = []
}

run "a_job_becomes_a_role_by_its_environment_of_this_repository_alone" {
  command = plan

  assert {
    condition = {
      for role, document in data.aws_iam_policy_document.trust : role => [
        for s in jsondecode(document.json).Statement : [s.Effect, s.Action, s.Principal, s.Condition]
      ]
      } == {
      for role, environment in { plan = "dev-plan", deploy = "dev" } : role => [[
        "Allow", "sts:AssumeRoleWithWebIdentity",
        { Federated = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" },
        {
          StringEquals = {
            "token.actions.githubusercontent.com:aud"           = "sts.amazonaws.com"
            "token.actions.githubusercontent.com:repository_id" = "2"
            "token.actions.githubusercontent.com:sub"           = "repo:octo-org@1/coinlake@2:environment:${environment}"
          }
        },
      ]]
    }
    error_message = "Only jobs of this repository that name the environment become its role."
  }

  assert {
    condition     = aws_iam_openid_connect_provider.github["this"].client_id_list == toset(["sts.amazonaws.com"])
    error_message = "GitHub's tokens are made for STS."
  }
}

run "deploying_gives_no_right_outside_of_the_boundary" {
  command = plan

  assert {
    condition = {
      for s in jsondecode(data.aws_iam_policy_document.identity.json).Statement : s.Sid => try([s.Resource, s.Condition], [s.Resource])
      if s.Sid != "KeepRoles"
      } == {
      GiveRightsWithinTheBoundary = [
        "arn:aws:iam::123456789012:role/coinlake-dev-*",
        { StringEquals = { "iam:PermissionsBoundary" = "arn:aws:iam::123456789012:policy/github-coinlake-dev-boundary" } },
      ]
      HandRolesToTheirServices = [
        "arn:aws:iam::123456789012:role/coinlake-dev-*",
        { StringEquals = { "iam:PassedToService" = ["ecs-tasks.amazonaws.com", "glue.amazonaws.com", "lakeformation.amazonaws.com", "lambda.amazonaws.com", "scheduler.amazonaws.com", "states.amazonaws.com"] } },
      ]
    }
    error_message = "A role is made, and given rights, only with the boundary; and handed only to the stack's services."
  }

  assert {
    condition = alltrue(flatten([
      for document in [data.aws_iam_policy_document.deploy, data.aws_iam_policy_document.identity, data.aws_iam_policy_document.features] : [
        for s in jsondecode(document.json).Statement : [
          for action in flatten([s.Action]) :
          !can(regex("^(\\*|iam:\\*|s3:(\\*|Delete(Bucket|\\*).*)|dynamodb:(\\*|DeleteTable)|kms:(\\*|ScheduleKeyDeletion|Delete.*Material)|iam:(DeleteRolePermissionsBoundary|AttachRolePolicy|PutUser.*|CreateAccessKey|.*OpenIDConnectProvider.*))$", action))
        ]
      ]
    ]))
    error_message = "A workflow deletes no bucket, table or key, and lifts no boundary."
  }

  assert {
    condition = alltrue([
      for document in [data.aws_iam_policy_document.read, data.aws_iam_policy_document.deploy, data.aws_iam_policy_document.identity, data.aws_iam_policy_document.features, data.aws_iam_policy_document.boundary] :
      length(jsonencode(jsondecode(document.json))) <= 6144
    ])
    error_message = "IAM takes policies of 6,144 characters."
  }

  assert {
    condition = alltrue(flatten([
      for s in jsondecode(data.aws_iam_policy_document.boundary.json).Statement : [
        for action in flatten([s.Action]) : !startswith(action, "iam:") && !startswith(action, "sts:") && action != "*"
      ]
    ]))
    error_message = "A role of the stack has nothing of IAM."
  }
}

run "with_every_feature_the_policies_are_short_enough" {
  command = plan

  variables {
    features = ["budget", "dashboard", "keys", "orchestrator", "readers", "spark", "stream", "warehouse"]
  }

  assert {
    condition = alltrue([
      for document in [data.aws_iam_policy_document.read, data.aws_iam_policy_document.features] :
      length(jsonencode(jsondecode(document.json))) <= 6144
    ])
    error_message = "IAM takes policies of 6,144 characters."
  }
}

run "an_account_that_has_the_provider_keeps_it" {
  command = plan

  variables {
    create_provider = false
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0
    error_message = "One account has one provider of GitHub's."
  }
}

run "a_composed_subject_is_refused" {
  command = plan

  variables {
    subject_prefix = "repo:octo-org/*"
  }

  expect_failures = [var.subject_prefix]
}

run "a_repository_without_its_number_is_refused" {
  command = plan

  variables {
    repository_id = "coinlake"
  }

  expect_failures = [var.repository_id]
}

run "a_feature_that_is_none_is_refused" {
  command = plan

  variables {
    features = ["hadoop"]
  }

  expect_failures = [var.features]
}
