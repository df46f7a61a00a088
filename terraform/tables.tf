# What SQL knows: the tables of tables.json, where the plain name is the refined zone's and `trusted_…`
# the trusted one's, and the questions of queries/. coinlake.tables.catalog() and ops/query/questions.py say
# the same, and a test holds them together. Nothing here needs the provider.

locals {
  declared = jsondecode(file("${path.module}/../layers/coinlake/python/coinlake/tables.json"))

  # A table without a location of its own lies in trusted/, and has a refined table in refined/.
  refined_tables = { for name, table in local.declared : name => lookup(table, "refined", {}) if !can(table.location) }

  refined_partitions = {
    for name, different in local.refined_tables : name => lookup(different, "partitions", local.declared[name].partitions)
  }

  tables = merge(
    {
      for name, table in local.declared : name => {
        description = table.description
        location    = table.location
        columns     = table.columns
        partitions  = table.partitions
      } if can(table.location)
    },
    {
      for name, different in local.refined_tables : name => {
        description = "${local.declared[name].description} Each natural key once."
        location    = "refined/${name}"
        partitions  = local.refined_partitions[name]
        columns = concat(
          [
            for column in local.declared[name].columns : column
            if !contains([for partition in local.refined_partitions[name] : partition.name], column.name)
          ],
          lookup(different, "columns", []),
        )
      }
    },
    {
      for name in keys(local.refined_tables) : "trusted_${name}" => {
        description = "${local.declared[name].description} Every row of every answer."
        location    = "trusted/${name}"
        columns     = local.declared[name].columns
        partitions  = local.declared[name].partitions
      }
    },
  )

  # Where tables.json leaves the values to the query ("injected"), Athena refuses `SELECT *`. The streams
  # that are collected are known, so their values are listed, as long as they are few: Athena tries
  # each with each and each day.
  # Source: Athena User Guide, "Supported types for partition projection".
  listed_streams = 50
  collected_markets = merge(
    var.stream.coinbase == null ? {} : { coinbase = { markets = var.stream.coinbase.products, channels = var.stream.coinbase.channels } },
    { for venue, section in var.stream.venues : venue => { markets = section.markets, channels = section.channels } },
  )
  collected_streams = distinct(concat(
    var.enable_stream && var.stream.secret_arn == null ? var.stream.streams : [],
    flatten([
      for venue, section in var.enable_stream ? local.collected_markets : {} : [
        for pair in setproduct(section.markets, coalesce(section.channels, local.websockets[venue].default_channels)) :
        "${pair[0]}@${local.websockets[venue].channels[pair[1]]}"
      ]
    ]),
    var.collected_streams,
  ))
  stream_values = {
    for partition, values in {
      stream = local.collected_streams
      symbol = distinct([for stream in local.collected_streams : upper(split("@", stream)[0])])
    } : partition => { type = "enum", values = join(",", values) }
    if length(values) > 0 && length(local.collected_streams) <= local.listed_streams
  }

  projections = {
    for name, table in local.tables : name => merge([
      for partition in table.partitions : {
        for setting, value in merge(partition.projection, [
          for known, listed in local.stream_values : listed
          if known == partition.name && partition.projection.type == "injected"
        ]...) : "projection.${partition.name}.${setting}" => value
      }
    ]...)
  }

  # A file's first line is the question, the comments after it are the answer's columns.
  question_texts = {
    for file in fileset("${path.module}/queries", "*.sql") : trimsuffix(file, ".sql") => file("${path.module}/queries/${file}")
  }
  questions = {
    for name, text in local.question_texts : name => {
      title = trimprefix(split("\n", text)[0], "-- ")
      sql   = trimspace(replace(text, "/(?m)^--.*\n/", ""))
      columns = [
        for found in regexall("(?m)^-- ([a-z0-9_]+) ([a-z0-9]+(?:\\([0-9,]+\\))?): (.+)$", text) :
        { name = found[0], type = found[1], description = found[2] }
      ]
    }
  }
}
