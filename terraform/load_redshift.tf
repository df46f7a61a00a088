# Redshift: what load-redshift may ask of the Data API, the role of COPY, and, with create, a serverless workgroup
# in the network of load_network.tf. Nothing without load.redshift.

locals {
  redshift         = { for name, target in local.load_targets : name => target if name == "redshift" }
  redshift_created = { for name, target in local.redshift : name => target if target.create }

  # Of a workgroup that is there already only the name is known, and its ARN has an id.
  redshift_workgroups = { for name, target in local.redshift : name => target.workgroup if target.workgroup != null }
  redshift_clusters   = { for name, target in local.redshift : name => target.cluster if target.cluster != null }

  redshift_name          = "${local.prefix}-lake"
  redshift_copy_role_arn = "arn:${local.account.partition}:iam::${local.account.id}:role/${local.prefix}-redshift-copy"
  redshift_arns = merge(
    { for name, workgroup in data.aws_redshiftserverless_workgroup.load : name => workgroup.arn },
    { for name, workgroup in aws_redshiftserverless_workgroup.load : name => workgroup.arn },
    {
      for name, cluster in local.redshift_clusters :
      name => "arn:${local.account.partition}:redshift:${local.account.region}:${local.account.id}:cluster:${cluster}"
    },
  )
  redshift_options = {
    for name, target in local.redshift : name => {
      workgroup     = target.create ? local.redshift_name : target.workgroup
      cluster       = target.cluster
      database      = target.database
      copy_role_arn = local.redshift_copy_role_arn
    }
  }
}

data "aws_redshiftserverless_workgroup" "load" {
  for_each = local.redshift_workgroups

  workgroup_name = each.value
}

# Source: Service Authorization Reference, "Amazon Redshift Data API"; Amazon Redshift Management Guide,
# "Authorizing access to the Amazon Redshift Data API".
data "aws_iam_policy_document" "redshift" {
  for_each = local.redshift

  statement {
    sid       = "RunStatements"
    actions   = ["redshift-data:BatchExecuteStatement"]
    resources = [local.redshift_arns[each.key]]
  }

  # These take no resource: a statement's id is its secret, and its owner is checked.
  statement {
    sid       = "ReadOwnResults"
    actions   = ["redshift-data:DescribeStatement", "redshift-data:GetStatementResult"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "redshift-data:statement-owner-iam-userid"
      values   = ["&{aws:userid}"]
    }
  }

  dynamic "statement" {
    for_each = each.value.cluster == null ? ["workgroup"] : []

    content {
      sid       = "LogIn"
      actions   = ["redshift-serverless:GetCredentials"]
      resources = [local.redshift_arns[each.key]]
    }
  }

  dynamic "statement" {
    for_each = each.value.cluster == null ? [] : [each.value.cluster]

    content {
      sid       = "LogIn"
      actions   = ["redshift:GetClusterCredentialsWithIAM"]
      resources = ["arn:${local.account.partition}:redshift:${local.account.region}:${local.account.id}:dbname:${statement.value}/${each.value.database}"]
    }
  }
}

# Both: which one of them runs a COPY depends on the warehouse.
data "aws_iam_policy_document" "redshift_copy_trust" {
  for_each = local.redshift

  statement {
    sid     = "RedshiftOfThisAccount"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["redshift.amazonaws.com", "redshift-serverless.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account.id]
    }
  }
}

data "aws_iam_policy_document" "redshift_copy" {
  for_each = local.redshift

  statement {
    sid       = "ReadCopies"
    actions   = ["s3:GetObject"]
    resources = ["${local.bucket_arns.lake}/handoff/${each.key}/*"]
  }

  statement {
    sid       = "ListCopies"
    actions   = ["s3:ListBucket"]
    resources = [local.bucket_arns.lake]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["handoff/${each.key}/*"]
    }
  }

  statement {
    sid       = "LocateLake"
    actions   = ["s3:GetBucketLocation"]
    resources = [local.bucket_arns.lake]
  }

  dynamic "statement" {
    for_each = local.kms_key_arns

    content {
      sid       = "UseKey"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role" "redshift_copy" {
  for_each = local.redshift

  name                 = "${local.prefix}-redshift-copy"
  description          = "What Redshift's COPY may read of ${local.prefix}: the copies that it is handed"
  assume_role_policy   = data.aws_iam_policy_document.redshift_copy_trust[each.key].json
  permissions_boundary = var.permissions_boundary
}

resource "aws_iam_role_policy" "redshift_copy" {
  for_each = local.redshift

  name   = "permissions"
  role   = aws_iam_role.redshift_copy[each.key].name
  policy = data.aws_iam_policy_document.redshift_copy[each.key].json
}

resource "aws_redshiftserverless_namespace" "load" {
  for_each = local.redshift_created

  namespace_name                   = local.redshift_name
  db_name                          = each.value.database
  manage_admin_password            = true # in Secrets Manager, never in the state
  admin_password_secret_kms_key_id = local.kms_key_arn
  kms_key_id                       = local.kms_key_arn
  iam_roles                        = [aws_iam_role.redshift_copy[each.key].arn]
}

# It rests when nobody asks; the Data API reaches it without a way in.
resource "aws_redshiftserverless_workgroup" "load" {
  for_each = local.redshift_created

  workgroup_name      = local.redshift_name
  namespace_name      = aws_redshiftserverless_namespace.load[each.key].namespace_name
  base_capacity       = each.value.base_capacity
  max_capacity        = each.value.base_capacity
  publicly_accessible = false
  subnet_ids          = [for subnet in aws_subnet.load : subnet.id]
  security_group_ids  = [aws_default_security_group.load["this"].id]

  config_parameter {
    parameter_key   = "require_ssl"
    parameter_value = "true"
  }
}

resource "aws_redshiftserverless_usage_limit" "load" {
  for_each = local.redshift_created

  resource_arn  = aws_redshiftserverless_workgroup.load[each.key].arn
  usage_type    = "serverless-compute"
  period        = "monthly"
  amount        = each.value.rpu_hours_per_month
  breach_action = "deactivate"
}
