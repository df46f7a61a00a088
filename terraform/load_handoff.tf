# The handoff: immutable copies of parts in handoff/<warehouse>/, for warehouses that fetch them themselves, and
# what they say of themselves in handoff/reports/. Nothing without such a warehouse.

locals {
  handoff_warehouses = setintersection(keys(local.load_targets), ["redshift", "snowflake"])

  # A copy is fetched within minutes; the days are for a warehouse that was down.
  handoff_lifecycle = {
    for prefix in length(local.handoff_warehouses) > 0 ? ["handoff/"] : [] :
    "forget-copies" => { prefix = prefix, expire_days = 7 }
  }
}

# What load's function may do for such a warehouse, beside reading refined.
data "aws_iam_policy_document" "handoff" {
  for_each = local.handoff_warehouses

  statement {
    sid       = "WriteCopies"
    actions   = ["s3:PutObject"]
    resources = ["${local.bucket_arns.lake}/handoff/${each.key}/*"]
  }

  statement {
    sid       = "NumberCopies"
    actions   = ["dynamodb:Query", "dynamodb:UpdateItem"]
    resources = [local.state_table_arn]

    condition {
      test     = "ForAllValues:StringEquals"
      variable = "dynamodb:LeadingKeys"
      values   = ["load#${each.key}"]
    }
  }

  dynamic "statement" {
    for_each = local.kms_key_arns

    content {
      sid       = "EncryptCopies"
      actions   = ["kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}
