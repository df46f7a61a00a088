# The sources: datasets, limits, plans, keys. All of it is declared once, for Python and Terraform, in
# sources.json, and coinlake/sources.py documents each field; a new source is an entry there. This file
# only joins it with variables.

locals {
  sources_json = jsondecode(file("${path.module}/../layers/coinlake/python/coinlake/sources.json"))
  source_declarations = {
    for source, own in local.sources_json.sources : source => merge(local.sources_json.defaults.source, own)
  }

  # The plans that variables name; another source has its default, or its only one.
  chosen_plans = { coingecko = var.coingecko_plan }
  plans = {
    for source, has in local.source_declarations : source => merge(
      local.sources_json.defaults.plan,
      has.plans[lookup(local.chosen_plans, source, coalesce(has.default_plan, keys(has.plans)[0]))],
    )
  }

  # By source: `ids` is the source whose ids `assets` maps, null for a source without assets; `dollar` is
  # the quote currency of a feed that names none.
  catalog = {
    for source, has in local.source_declarations : source => {
      title               = coalesce(local.plans[source].title, has.title)
      base_url            = local.plans[source].base_url
      requests_per_minute = local.plans[source].requests_per_minute
      credits_per_month   = local.plans[source].credits_per_month
      key                 = merge(local.sources_json.defaults.source.key, has.key)
      key_header          = try(coalesce(local.plans[source].key_header, has.key.header), null)
      ids                 = has.maps_assets ? coalesce(has.owner, source) : null
      dollar              = has.dollar
    }
  }
  credits_per_month = {
    for source, has in local.catalog : source => lookup(var.credits_per_month, source, has.credits_per_month)
  }

  datasets = {
    for source, has in local.source_declarations : source => {
      for dataset, own in has.datasets : dataset => merge(local.sources_json.defaults.dataset, own)
    }
  }

  # The websockets of the sources that have one.
  websockets = {
    for source, has in local.source_declarations : source => has.websocket if has.websocket != null
  }

  known_datasets = join(", ", flatten([for source, datasets in local.datasets : [for dataset in keys(datasets) : "${source}/${dataset}"]]))
  asset_sources  = sort(distinct([for source in values(local.catalog) : source.ids if source.ids != null]))
}
