# Readers: who may read what stands in the catalog. Its views: stack.tftest.hcl.

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

# The provider would ask AWS whether the definition is valid; the tests compare it instead, and the
# embedded AWS runs it.
override_resource {
  target = aws_sfn_state_machine.backfill
}

variables {
  environment  = "test"
  protect_data = false
}

run "readers_read_every_table_and_nobody_else_is_touched" {
  command = plan

  variables {
    readers = [
      "arn:aws:iam::123456789012:role/team/analyst", "arn:aws:iam::123456789012:user/ada",
      "arn:aws:iam::999999999999:role/partner",
      "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Read_0123456789abcdef",
    ]
  }

  assert {
    condition = { for zone, location in aws_lakeformation_resource.zone : zone => [location.arn, location.hybrid_access_enabled] } == {
      for zone in ["gaps", "refined", "trusted"] : zone => ["arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/${zone}", true]
    }
    error_message = "The zones of the tables are registered, in hybrid access mode: IAM goes on for everybody else."
  }

  assert {
    condition = {
      for reader, grant in aws_lakeformation_permissions.tables :
      reader => [grant.principal, grant.permissions, one(grant.table).database_name, one(grant.table).wildcard]
      } == {
      for reader in var.readers : reader => [reader, toset(["DESCRIBE", "SELECT"]), "coinlake_test", true]
    }
    error_message = "Readers may read every table, and do no more."
  }

  assert {
    condition = {
      for reader, grant in aws_lakeformation_permissions.database : reader => [grant.permissions, one(grant.database).name]
      } == {
      for reader in var.readers : reader => [toset(["DESCRIBE"]), "coinlake_test"]
    }
    error_message = "Readers see the database, and do no more."
  }

  assert {
    condition = (
      toset([for opted in aws_lakeformation_opt_in.database : one(opted.principal).data_lake_principal_identifier]) == var.readers &&
      toset([for opted in aws_lakeformation_opt_in.tables : one(opted.principal).data_lake_principal_identifier]) == var.readers &&
      alltrue([for opted in aws_lakeformation_opt_in.tables : one(one(opted.resource_data).table).wildcard])
    )
    error_message = "In hybrid access mode a grant counts for those alone who are opted in."
  }

  assert {
    condition = {
      for s in jsondecode(data.aws_iam_policy_document.lake_formation.json).Statement : s.Sid => concat([s.Effect, s.Action, s.Resource], try([s.Condition], []))
      } == {
      ReadTables = ["Allow", "s3:GetObject", [
        for zone in ["trusted", "refined", "gaps"] : "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1/${zone}/*"
      ]]
      ListTables = [
        "Allow", "s3:ListBucket", "arn:aws:s3:::coinlake-test-lake-123456789012-us-east-1",
        { StringLike = { "s3:prefix" = ["refined/*", "trusted/*", "gaps/*"] } },
      ]
    }
    error_message = "Lake Formation's permissions changed: say why in docs/decisions."
  }

  assert {
    condition = {
      for s in jsondecode(data.aws_iam_policy_document.lake_formation_trust.json).Statement : s.Sid => [s.Effect, s.Action, s.Principal]
      } == {
      LakeFormationReadsAsThisRole = ["Allow", "sts:AssumeRole", { Service = "lakeformation.amazonaws.com" }]
    }
    error_message = "Only Lake Formation may take its role."
  }

  assert {
    condition = {
      for s in jsondecode(aws_iam_policy.reader["this"].policy).Statement : s.Sid => [s.Effect, s.Resource]
      } == {
      AskAthena = ["Allow", "arn:aws:athena:us-east-1:123456789012:workgroup/coinlake-test"]
      SeeCatalog = ["Allow", [
        "arn:aws:glue:us-east-1:123456789012:table/coinlake_test/*",
        "arn:aws:glue:us-east-1:123456789012:database/default",
        "arn:aws:glue:us-east-1:123456789012:database/coinlake_test",
        "arn:aws:glue:us-east-1:123456789012:catalog",
      ]]
      ReadWhatIsGranted = ["Allow", "*"]
      KeepAnswers       = ["Allow", "arn:aws:s3:::coinlake-test-artifacts-123456789012-us-east-1/athena/*"]
      FindAnswers       = ["Allow", "arn:aws:s3:::coinlake-test-artifacts-123456789012-us-east-1"]
      ListAnswers       = ["Allow", "arn:aws:s3:::coinlake-test-artifacts-123456789012-us-east-1"]
    }
    error_message = "A reader asks Athena in our workgroup, sees our catalog, and keeps answers in their place."
  }

  assert {
    condition = toset(flatten([
      for s in jsondecode(aws_iam_policy.reader["this"].policy).Statement : s.Action
      ])) == toset([
      "athena:BatchGetNamedQuery", "athena:GetNamedQuery", "athena:GetQueryExecution", "athena:GetQueryResults",
      "athena:GetWorkGroup", "athena:ListNamedQueries", "athena:StartQueryExecution", "athena:StopQueryExecution",
      "glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables",
      "lakeformation:GetDataAccess", "s3:AbortMultipartUpload", "s3:GetBucketLocation", "s3:GetObject",
      "s3:ListBucket", "s3:ListMultipartUploadParts", "s3:PutObject",
    ])
    error_message = "A reader's permissions changed: say why in docs/decisions."
  }

  assert {
    condition = [
      [for attached in aws_iam_role_policy_attachment.reader : attached.role],
      [for attached in aws_iam_user_policy_attachment.reader : attached.user],
    ] == [["analyst"], ["ada"]]
    error_message = "A policy attached by hand stops destroy (DeleteConflict); another account's and AWS's own roles cannot be changed here."
  }
}
