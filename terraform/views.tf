# The questions that users ask first: each a view, for SQL and for tools, and a saved query.

locals {
  # Every other type has the same name in Trino, Athena's engine.
  trino_types = { string = "varchar", int32 = "integer", int64 = "bigint" }
}

# A view as Athena itself writes it into the catalog: the text behind "Presto View" is the base64 of a
# JSON document, whose columns have Trino's types; the table's own columns have Hive's. A column whose
# type the SQL does not give makes the view "stale". AWS documents no other way for Terraform: a
# CREATE VIEW would need a query at every apply.
resource "aws_glue_catalog_table" "view" {
  for_each = local.questions

  database_name = aws_glue_catalog_database.this.name
  name          = each.key
  description   = each.value.title
  table_type    = "VIRTUAL_VIEW"
  parameters    = { presto_view = "true", comment = "Presto View" }

  view_expanded_text = "/* Presto View */"
  view_original_text = "/* Presto View: ${base64encode(jsonencode({
    originalSql = each.value.sql
    catalog     = "awsdatacatalog"
    schema      = local.database
    columns = [
      for column in each.value.columns :
      { name = column.name, type = lookup(local.trino_types, column.type, column.type) }
    ]
  }))} */"

  storage_descriptor {
    # Athena refuses a view without these ("Table storage descriptor is missing SerDe info"), whatever
    # they say. Source: hashicorp/terraform-provider-aws#28517.
    ser_de_info {
      name                  = "-"
      serialization_library = "-"
    }

    dynamic "columns" {
      for_each = each.value.columns

      content {
        name    = columns.value.name
        type    = lookup(local.glue_types, columns.value.type, columns.value.type)
        comment = columns.value.description
      }
    }
  }

  depends_on = [aws_glue_catalog_table.this]
}

resource "aws_athena_named_query" "this" {
  for_each = local.questions

  name        = each.key
  description = each.value.title
  workgroup   = aws_athena_workgroup.this.name
  database    = aws_glue_catalog_database.this.name
  query       = local.question_texts[each.key]
}
