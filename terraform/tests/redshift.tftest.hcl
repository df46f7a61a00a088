# Redshift: what load-redshift and COPY may do, and what create makes. The real provider renders the policies,
# offline, as in permissions.tftest.hcl.

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

override_data {
  target = data.aws_redshiftserverless_workgroup.load
  values = { arn = "arn:aws:redshift-serverless:us-east-1:123456789012:workgroup/0a1b" }
}

override_data {
  target = data.aws_availability_zones.load
  values = { names = ["us-east-1a", "us-east-1b", "us-east-1c"] }
}

override_resource {
  target = aws_sfn_state_machine.backfill
}

variables {
  environment  = "test"
  protect_data = false
}

run "a_workgroup_is_asked_by_the_data_api_and_reads_copies" {
  command = plan

  variables {
    load = { redshift = { workgroup = "analytics", tables = ["quotes"] } }
  }

  assert {
    condition = {
      for s in jsondecode(module.load["redshift"].policy).Statement : s.Sid => concat([s.Effect, s.Action, s.Resource], try([s.Condition], []))
      } == {
      WriteCopies = ["Allow", "s3:PutObject", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/handoff/redshift/*"]
      NumberCopies = [
        "Allow", ["dynamodb:UpdateItem", "dynamodb:Query"], "arn:aws:dynamodb:us-east-1:123456789012:table/coinlake-test-state",
        { "ForAllValues:StringEquals" = { "dynamodb:LeadingKeys" = "load#redshift" } },
      ]
      RunStatements = ["Allow", "redshift-data:BatchExecuteStatement", "arn:aws:redshift-serverless:us-east-1:123456789012:workgroup/0a1b"]
      ReadOwnResults = [
        "Allow", ["redshift-data:GetStatementResult", "redshift-data:DescribeStatement"], "*",
        { StringEquals = { "redshift-data:statement-owner-iam-userid" = "$${aws:userid}" } },
      ]
      LogIn       = ["Allow", "redshift-serverless:GetCredentials", "arn:aws:redshift-serverless:us-east-1:123456789012:workgroup/0a1b"]
      ReadRefined = ["Allow", "s3:GetObject", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/refined/*"]
      ListRefined = [
        "Allow", "s3:ListBucket", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1",
        { StringLike = { "s3:prefix" = "refined/*" } },
      ]
      WriteOwnLogs = [
        "Allow",
        ["logs:PutLogEvents", "logs:CreateLogStream"],
        "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/coinlake-test-load-redshift:*",
      ]
    }
    error_message = "load-redshift's permissions changed: say why in docs/decisions."
  }

  assert {
    condition = {
      for s in jsondecode(data.aws_iam_policy_document.redshift_copy["redshift"].json).Statement : s.Sid => concat([s.Action, s.Resource], try([s.Condition], []))
      } == {
      ReadCopies = ["s3:GetObject", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/handoff/redshift/*"]
      ListCopies = [
        "s3:ListBucket", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1",
        { StringLike = { "s3:prefix" = "handoff/redshift/*" } },
      ]
      LocateLake = ["s3:GetBucketLocation", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1"]
    }
    error_message = "COPY reads copies, and nothing else."
  }

  assert {
    condition = jsondecode(data.aws_iam_policy_document.redshift_copy_trust["redshift"].json).Statement[0].Condition == {
      StringEquals = { "aws:SourceAccount" = "123456789012" }
    }
    error_message = "Only this account's warehouses run as COPY's role."
  }

  assert {
    condition = jsonencode(local.load_options["redshift"]) == jsonencode({
      workgroup     = "analytics"
      cluster       = null
      database      = "lake"
      copy_role_arn = "arn:aws:iam::123456789012:role/coinlake-test-redshift-copy"
    })
    error_message = "The function is told the workgroup, the database and COPY's role."
  }

  assert {
    condition     = module.load_schedule["redshift"].expression == "cron(4 1 * * ? *)" && length(aws_vpc.load) + length(aws_redshiftserverless_workgroup.load) == 0
    error_message = "A day between two runs, and nothing is made."
  }
}

run "a_cluster_is_logged_into_by_the_functions_role" {
  command = plan

  variables {
    load = { redshift = { cluster = "analytics", database = "dev", minutes = 360 } }
  }

  assert {
    condition = {
      for s in jsondecode(data.aws_iam_policy_document.redshift["redshift"].json).Statement : s.Sid => [s.Action, s.Resource] if s.Sid != "ReadOwnResults"
      } == {
      RunStatements = ["redshift-data:BatchExecuteStatement", "arn:aws:redshift:us-east-1:123456789012:cluster:analytics"]
      LogIn         = ["redshift:GetClusterCredentialsWithIAM", "arn:aws:redshift:us-east-1:123456789012:dbname:analytics/dev"]
    }
    error_message = "A cluster's own actions."
  }
}

run "create_makes_a_private_workgroup_that_is_switched_off_at_its_limit_beside_a_database" {
  command = plan

  variables {
    load                  = { postgres = { create = true }, redshift = { create = true } }
    customer_managed_keys = false
  }

  override_resource {
    target          = aws_redshiftserverless_workgroup.load
    override_during = plan
    values          = { arn = "arn:aws:redshift-serverless:us-east-1:123456789012:workgroup/made" }
  }

  assert {
    condition = [
      aws_redshiftserverless_workgroup.load["redshift"].base_capacity, aws_redshiftserverless_workgroup.load["redshift"].max_capacity,
      aws_redshiftserverless_workgroup.load["redshift"].publicly_accessible,
    ] == [4, 4, false]
    error_message = "The smallest, and private."
  }

  assert {
    condition = [
      aws_redshiftserverless_usage_limit.load["redshift"].amount, aws_redshiftserverless_usage_limit.load["redshift"].period,
      aws_redshiftserverless_usage_limit.load["redshift"].breach_action,
    ] == [20, "monthly", "deactivate"]
    error_message = "A query that never ends must not cost for a month."
  }

  assert {
    condition     = aws_redshiftserverless_namespace.load["redshift"].manage_admin_password && aws_redshiftserverless_namespace.load["redshift"].admin_user_password == null
    error_message = "The administrator's password is Secrets Manager's, not the state's."
  }

  assert {
    condition     = length(aws_subnet.load) == 3 && length(aws_vpc_endpoint.load_s3) == 1 && aws_vpc_endpoint.load_s3["this"].vpc_endpoint_type == "Gateway"
    error_message = "Three subnets, S3's gateway, no way out, no interface endpoint."
  }

  assert {
    condition     = length(aws_vpc.load) == 1 && length(aws_db_instance.load) == 1 && length(aws_redshiftserverless_workgroup.load) == 1
    error_message = "A database and a workgroup share the network."
  }
}
