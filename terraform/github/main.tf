# Who GitHub's workflows are on AWS: for one environment a role that plans, one that deploys, and the boundary of
# every role that the latter makes. A root and a state of their own, applied by `coinlake bootstrap --github`
# with a person's credentials: what a workflow may do is not a workflow's to change.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  backend "s3" {}
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      project     = "coinlake"
      environment = var.environment
      managed-by  = "terraform"
    }
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  prefix  = "coinlake-${var.environment}"
  account = data.aws_caller_identity.current.account_id
  aws     = "arn:${data.aws_partition.current.partition}"
  here    = "${var.region}:${local.account}" # of an ARN of this account and region

  # Not coinlake-…: the names that the deploy role may touch begin so.
  own_prefix   = "github-${local.prefix}"
  boundary_arn = "${local.aws}:iam::${local.account}:policy/${local.own_prefix}-boundary"

  state_bucket = "${local.aws}:s3:::${var.state_bucket}"
  state        = "${local.state_bucket}/coinlake/${var.environment}.tfstate"

  github       = "token.actions.githubusercontent.com"
  provider_arn = "${local.aws}:iam::${local.account}:oidc-provider/${local.github}"
}

# One for each account; the certificates of GitHub's are checked by AWS itself.
resource "aws_iam_openid_connect_provider" "github" {
  for_each = toset(var.create_provider ? ["this"] : [])

  url            = "https://${local.github}"
  client_id_list = ["sts.amazonaws.com"]
}

# A workflow's job becomes a role by the environment that it names, of this repository and no fork.
data "aws_iam_policy_document" "trust" {
  for_each = {
    plan   = "${var.environment}-plan"
    deploy = var.environment
  }

  statement {
    sid     = "JobsOfOneGitHubEnvironment"
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [local.provider_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.github}:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.github}:sub"
      values   = ["${var.subject_prefix}:environment:${each.value}"]
    }

    # A name can be taken over by somebody else, a number cannot.
    condition {
      test     = "StringEquals"
      variable = "${local.github}:repository_id"
      values   = [var.repository_id]
    }
  }
}

resource "aws_iam_role" "plan" {
  name               = "${local.own_prefix}-plan"
  description        = "Reads what Terraform compares, for jobs of the environment ${var.environment}-plan"
  assume_role_policy = data.aws_iam_policy_document.trust["plan"].json

  depends_on = [aws_iam_openid_connect_provider.github]
}

resource "aws_iam_role" "deploy" {
  name               = "${local.own_prefix}-deploy"
  description        = "Deploys ${local.prefix}, for jobs of the environment ${var.environment}"
  assume_role_policy = data.aws_iam_policy_document.trust["deploy"].json

  depends_on = [aws_iam_openid_connect_provider.github]
}

resource "aws_iam_role_policy_attachment" "plan" {
  for_each = { read = aws_iam_policy.read.arn, plan = aws_iam_policy.plan.arn }

  role       = aws_iam_role.plan.name
  policy_arn = each.value
}

resource "aws_iam_role_policy_attachment" "deploy" {
  for_each = {
    read     = aws_iam_policy.read.arn
    deploy   = aws_iam_policy.deploy.arn
    identity = aws_iam_policy.identity.arn
    features = aws_iam_policy.features.arn
  }

  role       = aws_iam_role.deploy.name
  policy_arn = each.value
}
