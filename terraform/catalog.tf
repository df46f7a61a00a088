# The catalog: the tables of tables.tf for Athena. Partitions are projected from their keys, so
# nothing crawls and nothing registers them.

locals {
  # What whoever asks Athena sees of the catalog. The database "default" is asked for before any other.
  # Source: Amazon Athena User Guide, "Access to databases and tables in the AWS Glue Data Catalog".
  catalog_arns = [
    for name in ["catalog", "database/default", "database/${local.database}", "table/${local.database}/*"] :
    "arn:${local.account.partition}:glue:${local.account.region}:${local.account.id}:${name}"
  ]

  database = replace(local.prefix, "-", "_")

  # Every other type has the same name in Glue.
  glue_types = { int32 = "int", int64 = "bigint" }

  athena_output = "s3://${local.buckets.artifacts}/athena/"
}

resource "aws_glue_catalog_database" "this" {
  name         = local.database
  description  = "Tables of the lake ${local.prefix}"
  location_uri = "s3://${local.buckets.lake}/refined/"
}

resource "aws_glue_catalog_table" "this" {
  for_each = local.tables

  database_name = aws_glue_catalog_database.this.name
  name          = each.key
  description   = each.value.description
  table_type    = "EXTERNAL_TABLE"

  # projection.<partition>.<setting>, as Athena's User Guide, "Partition projection", names them.
  parameters = merge(
    {
      "EXTERNAL"            = "TRUE"
      "classification"      = "parquet"
      "parquet.compression" = "ZSTD"
    },
    length(each.value.partitions) == 0 ? {} : {
      "projection.enabled" = "true"
      "storage.location.template" = join("", [
        "s3://${local.buckets.lake}/${each.value.location}",
        join("", [for partition in each.value.partitions : "/${partition.name}=$${${partition.name}}"]),
      ])
    },
    local.projections[each.key],
  )

  dynamic "partition_keys" {
    for_each = each.value.partitions

    content {
      name    = partition_keys.value.name
      type    = partition_keys.value.type
      comment = partition_keys.value.description
    }
  }

  storage_descriptor {
    location      = "s3://${local.buckets.lake}/${each.value.location}"
    input_format  = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"

    ser_de_info {
      serialization_library = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    }

    dynamic "columns" {
      for_each = each.value.columns

      content {
        name    = columns.value.name
        type    = lookup(local.glue_types, columns.value.type, columns.value.type)
        comment = join("", [columns.value.description, columns.value.unit == null ? "" : " [${columns.value.unit}]"])
      }
    }
  }
}

resource "aws_athena_workgroup" "this" {
  name          = local.prefix
  description   = "Queries of the lake ${local.prefix}: encrypted results, limited scans"
  force_destroy = local.force_destroy

  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true
    bytes_scanned_cutoff_per_query     = var.athena_scan_limit_mb * 1024 * 1024

    engine_version {
      selected_engine_version = "Athena engine version 3"
    }

    result_configuration {
      output_location       = local.athena_output
      expected_bucket_owner = local.account.id

      encryption_configuration {
        encryption_option = var.customer_managed_keys ? "SSE_KMS" : "SSE_S3"
        kms_key_arn       = local.kms_key_arn
      }
    }
  }
}
