# spark: a Glue job that rebuilds trusted and refined by the stages' own code. Off unless enable_spark.
#
# No execution class here: Flex is an argument of the run (ops/rebuild/spark.py). No bookmark: the ledger knows
# which object was done, from which bytes, by which code.

locals {
  spark_on   = toset(var.enable_spark ? ["this"] : [])
  spark_name = "${local.prefix}-spark"
  spark_arn  = "arn:${local.account.partition}:glue:${local.account.region}:${local.account.id}:job/${local.spark_name}"

  # Glue writes to <prefix>/output and <prefix>/error.
  spark_log_prefix = "/aws/glue/${local.spark_name}"
  spark_log_groups = { for name in ["output", "error"] : name => "${local.spark_log_prefix}/${name}" }

  # The script, the code that it imports, and the layer's third-party packages: bytes depend on their versions,
  # so Glue's own will not do.
  spark_files = var.enable_spark ? {
    script = { path = "${path.module}/../spark/rebuild.py", name = "rebuild", end = "py" }
    code   = { path = "${var.packages}/spark.zip", name = "code", end = "zip" }
    wheels = { path = "${var.packages}/spark-wheels.gluewheels.zip", name = "wheels", end = "gluewheels.zip" }
  } : {}

  # A G.1X has 4 vCPU, a G.2X 8; one worker is the driver.
  spark_slots = (var.spark.workers - 1) * (var.spark.worker_type == "G.1X" ? 4 : 8)

  # What transform has in its environment.
  spark_settings = {
    RAW_BUCKET         = module.raw.name
    LAKE_BUCKET        = module.lake.name
    CONFIG_BUCKET      = module.artifacts.name
    CONFIG_KEY         = aws_s3_object.config.key
    CODE_VERSION       = local.code_version
    MAX_RAW_MB         = "64"
    AWS_DEFAULT_REGION = local.account.region
  }
}

resource "aws_s3_object" "spark" {
  for_each = local.spark_files

  bucket = module.artifacts.name
  # As the layers' keys: new bytes are a new key.
  key    = "spark/code/${each.value.name}-${substr(filesha256(each.value.path), 0, 16)}.${each.value.end}"
  source = each.value.path

  override_provider {
    default_tags {
      tags = {}
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_log_group" "spark" {
  for_each = var.enable_spark ? local.spark_log_groups : {}

  name              = each.value
  retention_in_days = var.log_retention_days
  kms_key_id        = local.kms_key_arn
}

data "aws_iam_policy_document" "spark_trust" {
  for_each = local.spark_on

  statement {
    sid     = "GlueRunsAsThisRole"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["glue.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account.id]
    }
  }
}

# What transform and refine may do with the buckets, and to list them; no queue, no catalog.
data "aws_iam_policy_document" "spark" {
  for_each = local.spark_on

  statement {
    sid       = "ReadRaw"
    actions   = ["s3:GetObject"]
    resources = ["${local.bucket_arns.raw}/raw/*"]
  }

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
    sid       = "ReadAndWriteLake"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = [for zone in ["trusted", "refined", "quarantine", "ledger"] : "${local.bucket_arns.lake}/${zone}/*"]
  }

  # As transform: newer code deletes what it no longer produces.
  statement {
    sid       = "DeleteStaleOutputs"
    actions   = ["s3:DeleteObject"]
    resources = [for zone in ["trusted", "quarantine"] : "${local.bucket_arns.lake}/${zone}/*"]
  }

  # --stage snappy: a copy beside the lake's own zones.
  statement {
    sid       = "KeepCopy"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    resources = ["${local.bucket_arns.lake}/snappy/*"]
  }

  statement {
    sid       = "ListLake"
    actions   = ["s3:ListBucket"]
    resources = [local.bucket_arns.lake]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = [for zone in ["trusted", "refined", "quarantine", "ledger", "snappy"] : "${zone}/*"]
    }
  }

  statement {
    sid       = "ReadConfigurationAndCode"
    actions   = ["s3:GetObject"]
    resources = [for folder in ["config", "spark/code"] : "${local.bucket_arns.artifacts}/${folder}/*"]
  }

  statement {
    sid       = "WriteReport"
    actions   = ["s3:PutObject"]
    resources = ["${local.bucket_arns.artifacts}/spark/runs/*"]
  }

  statement {
    sid     = "WriteOwnLogs"
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = [
      for group in values(local.spark_log_groups) :
      "arn:${local.account.partition}:logs:${local.account.region}:${local.account.id}:log-group:${group}:*"
    ]
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

resource "aws_iam_role" "spark" {
  for_each = local.spark_on

  name                 = local.spark_name
  description          = "What ${local.spark_name} may do"
  assume_role_policy   = data.aws_iam_policy_document.spark_trust[each.key].json
  permissions_boundary = var.permissions_boundary
}

resource "aws_iam_role_policy" "spark" {
  for_each = local.spark_on

  name   = "permissions"
  role   = aws_iam_role.spark[each.key].name
  policy = data.aws_iam_policy_document.spark[each.key].json
}

resource "aws_glue_job" "spark" {
  for_each = local.spark_on

  name              = local.spark_name
  description       = "Rebuilds trusted and refined by the stages' own code"
  role_arn          = aws_iam_role.spark[each.key].arn
  glue_version      = "5.1" # Spark 3.5, Python 3.11, as spark/pyspark.in
  worker_type       = var.spark.worker_type
  number_of_workers = var.spark.workers
  timeout           = var.spark.timeout_minutes
  max_retries       = 0 # the same command goes on where it stopped

  command {
    name            = "glueetl"
    python_version  = "3"
    script_location = "s3://${aws_s3_object.spark["script"].bucket}/${aws_s3_object.spark["script"].key}"
  }

  default_arguments = {
    "--settings"                        = jsonencode(local.spark_settings)
    "--slots"                           = tostring(local.spark_slots)
    "--extra-py-files"                  = "s3://${aws_s3_object.spark["code"].bucket}/${aws_s3_object.spark["code"].key}"
    "--additional-python-modules"       = "s3://${aws_s3_object.spark["wheels"].bucket}/${aws_s3_object.spark["wheels"].key}"
    "--python-modules-installer-option" = "--no-index"
    "--custom-logGroup-prefix"          = local.spark_log_prefix
    # The work is done by Python, not in the JVM's heap: of 16 GB it gets 4.
    "--conf" = "spark.executor.memory=4g"
  }

  depends_on = [aws_cloudwatch_log_group.spark, aws_iam_role_policy.spark]
}
