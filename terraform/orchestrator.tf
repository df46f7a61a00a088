# What an orchestrator of your own, Airflow say, may do to drive the lake: a policy to attach to its worker's role.
# None by default; orchestration/README.md says how it is used. It costs nothing.

locals {
  orchestrator_on = toset(var.enable_orchestrator ? ["this"] : [])

  orchestrated_functions = concat(
    ["ingest", "refine", "reconcile", "audit"],
    [for target in keys(local.load_targets) : "load-${target}"],
  )
}

data "aws_iam_policy_document" "orchestrator" {
  statement {
    sid       = "StartBackfills"
    actions   = ["states:StartExecution"]
    resources = [local.backfill_arn]
  }

  statement {
    sid       = "FollowAndStopBackfills"
    actions   = ["states:DescribeExecution", "states:StopExecution"]
    resources = ["arn:${local.account.partition}:states:${local.account.region}:${local.account.id}:execution:${local.backfill}:*"]
  }

  statement {
    sid     = "InvokeStages"
    actions = ["lambda:InvokeFunction"]
    resources = [
      for function in local.orchestrated_functions :
      "arn:${local.account.partition}:lambda:${local.account.region}:${local.account.id}:function:${local.prefix}-${function}"
    ]
  }

  # The job of a rebuild on Spark, where there is one, and its reports.
  statement {
    sid       = "RebuildOnSpark"
    actions   = ["glue:BatchStopJobRun", "glue:GetJob", "glue:GetJobRun", "glue:GetJobRuns", "glue:StartJobRun"]
    resources = [local.spark_arn]
  }

  statement {
    sid       = "ReadReports"
    actions   = ["s3:GetObject"]
    resources = ["${local.bucket_arns.artifacts}/spark/runs/*"]
  }

  statement {
    sid       = "ReadConfiguration"
    actions   = ["s3:GetObject"]
    resources = ["${local.bucket_arns.artifacts}/config/*"]
  }

  statement {
    sid       = "WritePlans"
    actions   = ["s3:PutObject"]
    resources = ["${local.bucket_arns.artifacts}/backfills/*/plan.json"]
  }

  statement {
    sid       = "ReadResults"
    actions   = ["s3:GetObject"]
    resources = ["${local.bucket_arns.artifacts}/backfills/*/results/*"]
  }

  # Which windows are there already, and what a run's feeds brought: names of objects, not what is in them.
  statement {
    sid       = "ListRaw"
    actions   = ["s3:ListBucket"]
    resources = [local.bucket_arns.raw]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["raw/*"]
    }
  }

  statement {
    sid       = "ListLedger"
    actions   = ["s3:ListBucket"]
    resources = [local.bucket_arns.lake]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["ledger/*"]
    }
  }

  statement {
    sid       = "WaitForLedger"
    actions   = ["s3:GetObject"]
    resources = ["${local.bucket_arns.lake}/ledger/*"]
  }

  statement {
    sid       = "AskAthena"
    actions   = ["athena:GetQueryExecution", "athena:GetQueryResults", "athena:StartQueryExecution", "athena:StopQueryExecution"]
    resources = ["arn:${local.account.partition}:athena:${local.account.region}:${local.account.id}:workgroup/${local.prefix}"]
  }

  # Athena reads and writes as whoever asks.
  statement {
    sid       = "SeeCatalog"
    actions   = ["glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"]
    resources = local.catalog_arns
  }

  statement {
    sid       = "ReadRefined"
    actions   = ["s3:GetObject"]
    resources = ["${local.bucket_arns.lake}/refined/*"]
  }

  statement {
    sid       = "ListRefined"
    actions   = ["s3:ListBucket"]
    resources = [local.bucket_arns.lake]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["refined/*"]
    }
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

  dynamic "statement" {
    for_each = local.kms_key_arns

    content {
      sid       = "UseKey"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_policy" "orchestrator" {
  for_each = local.orchestrator_on

  name        = "${local.prefix}-orchestrator"
  description = "What an orchestrator may do to drive ${local.prefix}"
  policy      = data.aws_iam_policy_document.orchestrator.json
}
