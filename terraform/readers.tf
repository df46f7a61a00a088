# Readers through Lake Formation. Without any, as by default, nothing here exists and IAM alone decides.
#
# The lake is registered in hybrid access mode: the readers' access is Lake Formation's matter, and
# everybody else's stays IAM's, the functions' and the deployer's included. Whoever applies this must
# be one of the account's data lake administrators, for only they may grant.
# Source: Lake Formation Developer Guide, "Hybrid access mode".

locals {
  lake_formation = toset(length(var.readers) > 0 ? ["this"] : [])
  readable_zones = ["refined", "trusted", "gaps"]
}

# Without a condition: the guide documents none for this service's calls.
# Source: Lake Formation Developer Guide, "Requirements for roles used to register locations".
data "aws_iam_policy_document" "lake_formation_trust" {
  statement {
    sid     = "LakeFormationReadsAsThisRole"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lakeformation.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "lake_formation" {
  statement {
    sid       = "ReadTables"
    actions   = ["s3:GetObject"]
    resources = [for zone in local.readable_zones : "${local.bucket_arns.lake}/${zone}/*"]
  }

  statement {
    sid       = "ListTables"
    actions   = ["s3:ListBucket"]
    resources = [local.bucket_arns.lake]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = [for zone in local.readable_zones : "${zone}/*"]
    }
  }

  dynamic "statement" {
    for_each = local.kms_key_arns

    content {
      sid       = "ReadEncryptedTables"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role" "lake_formation" {
  for_each = local.lake_formation

  name                 = "${local.prefix}-lake-formation"
  description          = "What Lake Formation may read of ${local.prefix} for its readers"
  assume_role_policy   = data.aws_iam_policy_document.lake_formation_trust.json
  permissions_boundary = var.permissions_boundary
}

resource "aws_iam_role_policy" "lake_formation" {
  for_each = aws_iam_role.lake_formation

  name   = "permissions"
  role   = each.value.name
  policy = data.aws_iam_policy_document.lake_formation.json
}

resource "aws_lakeformation_resource" "zone" {
  for_each = length(var.readers) > 0 ? toset(local.readable_zones) : []

  arn                   = "${local.bucket_arns.lake}/${each.key}"
  role_arn              = aws_iam_role.lake_formation["this"].arn
  hybrid_access_enabled = true
}

resource "aws_lakeformation_permissions" "database" {
  for_each = var.readers

  principal   = each.key
  permissions = ["DESCRIBE"]

  database {
    name = aws_glue_catalog_database.this.name
  }
}

resource "aws_lakeformation_permissions" "tables" {
  for_each = var.readers

  principal   = each.key
  permissions = ["DESCRIBE", "SELECT"]

  table {
    database_name = aws_glue_catalog_database.this.name
    wildcard      = true
  }
}

# In hybrid access mode a grant counts for those alone who are opted in.
resource "aws_lakeformation_opt_in" "database" {
  for_each = aws_lakeformation_permissions.database

  principal {
    data_lake_principal_identifier = each.value.principal
  }

  resource_data {
    database {
      name = aws_glue_catalog_database.this.name
    }
  }
}

resource "aws_lakeformation_opt_in" "tables" {
  for_each = aws_lakeformation_permissions.tables

  principal {
    data_lake_principal_identifier = each.value.principal
  }

  resource_data {
    table {
      database_name = aws_glue_catalog_database.this.name
      wildcard      = true
    }
  }
}

# What a reader needs of IAM beside the grants: to query Athena, and to fetch the results.
data "aws_iam_policy_document" "reader" {
  statement {
    sid = "AskAthena"
    actions = [
      "athena:BatchGetNamedQuery",
      "athena:GetNamedQuery",
      "athena:GetQueryExecution",
      "athena:GetQueryResults",
      "athena:GetWorkGroup",
      "athena:ListNamedQueries",
      "athena:StartQueryExecution",
      "athena:StopQueryExecution",
    ]
    resources = ["arn:${local.account.partition}:athena:${local.account.region}:${local.account.id}:workgroup/${local.prefix}"]
  }

  statement {
    sid       = "SeeCatalog"
    actions   = ["glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"]
    resources = local.catalog_arns
  }

  # Takes no resource: the grants decide. Source: Service Authorization Reference, "AWS Lake Formation".
  statement {
    sid       = "ReadWhatIsGranted"
    actions   = ["lakeformation:GetDataAccess"]
    resources = ["*"]
  }

  statement {
    sid       = "KeepAnswers"
    actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
    resources = ["${local.bucket_arns.artifacts}/athena/*"]
  }

  statement {
    sid       = "FindAnswers"
    actions   = ["s3:GetBucketLocation"]
    resources = [local.bucket_arns.artifacts]
  }

  statement {
    sid       = "ListAnswers"
    actions   = ["s3:ListBucket"]
    resources = [local.bucket_arns.artifacts]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["athena/*"]
    }
  }

  dynamic "statement" {
    for_each = local.kms_key_arns

    content {
      sid       = "EncryptAnswers"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_policy" "reader" {
  for_each = local.lake_formation

  name        = "${local.prefix}-reader"
  description = "What a reader of ${local.prefix} needs beside its grants"
  policy      = data.aws_iam_policy_document.reader.json
}

# Attached here, so that destroy can detach it. Not those of another account, nor roles that only AWS
# may change, as IAM Identity Center's: these are given it where they come from.
locals {
  own_readers = {
    for kind in ["role", "user"] : kind => {
      for reader in var.readers : reader => reverse(split("/", reader))[0]
      if startswith(reader, "arn:${local.account.partition}:iam::${local.account.id}:${kind}/")
      && !startswith(split(":", reader)[5], "role/aws-reserved/")
    }
  }
}

resource "aws_iam_role_policy_attachment" "reader" {
  for_each = local.own_readers.role

  role       = each.value
  policy_arn = aws_iam_policy.reader["this"].arn
}

resource "aws_iam_user_policy_attachment" "reader" {
  for_each = local.own_readers.user

  user       = each.value
  policy_arn = aws_iam_policy.reader["this"].arn
}
