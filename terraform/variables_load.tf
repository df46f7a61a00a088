# Warehouses that refined tables are mirrored into; none by default: docs/load.md.

locals {
  load_minutes = [0, 1, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1440]

  # Every refined table, and those that a warehouse holds unless it says otherwise: all but the live ones.
  load_declared = jsondecode(file("${path.module}/../layers/coinlake/python/coinlake/tables.json"))
  load_known    = [for name, table in local.load_declared : name if try(startswith(table.location, "refined/"), true)]
  load_default  = sort(setsubtract(local.load_known, ["tickers", "trades", "book_tickers", "stream_gaps"]))
}

variable "load" {
  description = <<-EOT
    Mirror refined tables into a warehouse:
      postgres  a PostgreSQL of yours, version 14 or newer. Its URL lies in the SSM parameter url_parameter
                (/coinlake/<environment>/postgres-url unless given), which you write yourself, or Terraform does
                from load_postgres_url where url_version is above 0. ca_parameter names a parameter with the
                certificate (PEM) of an authority of your own. With create instead, coinlake makes one on RDS, in a
                network without a way out, reached by IAM tokens: `coinlake load --init` makes its roles, once.
      redshift  a serverless workgroup or a cluster of yours, by the Data API and COPY; or, with create, a serverless
                workgroup of base_capacity RPU, which Redshift switches off after rpu_hours_per_month. Each run
                wakes it for a minute at least, so minutes is a day unless given.
      snowflake a Snowflake account of yours, which fetches what it is handed by itself: nothing here logs in.
                `coinlake snowflake sql` renders its side, and tells when to write which ARN here.
    minutes is the time between two runs; 0 runs with what refine writes, and daily.
  EOT
  type = object({
    postgres = optional(object({
      url_parameter  = optional(string)
      url_version    = optional(number, 0)
      ca_parameter   = optional(string)
      create         = optional(bool, false)
      instance_class = optional(string, "db.t4g.micro")
      storage_gb     = optional(number, 20)
      tables         = optional(list(string))
      minutes        = optional(number, 60)
      memory_mb      = optional(number, 2048)
    }))
    redshift = optional(object({
      workgroup           = optional(string)
      cluster             = optional(string)
      database            = optional(string, "lake")
      create              = optional(bool, false)
      base_capacity       = optional(number, 4)
      rpu_hours_per_month = optional(number, 20)
      tables              = optional(list(string))
      minutes             = optional(number, 1440)
      memory_mb           = optional(number, 2048)
    }))
    snowflake = optional(object({
      user_arn       = optional(string)
      subscriber_arn = optional(string)
      tables         = optional(list(string))
      minutes        = optional(number, 1440)
      memory_mb      = optional(number, 2048)
    }))
  })
  default = {}

  validation {
    condition     = alltrue([for target in values(var.load) : length(setsubtract(coalesce(target.tables, local.load_default), local.load_known)) == 0 && length(coalesce(target.tables, local.load_default)) > 0 if target != null])
    error_message = "load: tables has an entry that is no refined table, or none at all; those are ${join(", ", local.load_known)}."
  }

  validation {
    condition     = alltrue([for target in values(var.load) : contains(local.load_minutes, target.minutes) if target != null])
    error_message = "load: minutes is one of ${join(", ", local.load_minutes)}."
  }

  validation {
    condition     = alltrue([for target in values(var.load) : target.memory_mb >= 512 && target.memory_mb <= 10240 && floor(target.memory_mb) == target.memory_mb if target != null])
    error_message = "load: memory_mb is a whole number from 512 to 10240; a part of 1.6 million rows needs 2048."
  }

  validation {
    condition     = alltrue(flatten([for target in values(var.load) : [for name in [try(target.url_parameter, null), try(target.ca_parameter, null)] : can(regex("^/[A-Za-z0-9_./-]{1,500}$", name)) if name != null] if target != null]))
    error_message = "load: url_parameter and ca_parameter are names of SSM parameters that begin with a slash, as in /coinlake/dev/postgres-url."
  }

  validation {
    condition     = alltrue([for target in values(var.load) : try(target.url_version, 0) >= 0 && floor(try(target.url_version, 0)) == try(target.url_version, 0) if target != null])
    error_message = "load: url_version counts from 1 in whole numbers; 0 where you write the parameter yourself."
  }

  validation {
    condition     = alltrue([for target in [var.load.postgres] : !target.create || (target.url_parameter == null && target.url_version == 0 && target.ca_parameter == null) if target != null])
    error_message = "load: postgres.create makes a database that needs no URL and no certificate: leave out url_parameter, url_version and ca_parameter, or create."
  }

  validation {
    condition     = alltrue([for target in [var.load.postgres] : can(regex("^db\\.[a-z0-9]+\\.[a-z0-9]+$", target.instance_class)) && target.storage_gb >= 20 && target.storage_gb <= 6144 && floor(target.storage_gb) == target.storage_gb if target != null])
    error_message = "load: postgres.instance_class is one of RDS's, as in db.t4g.micro, and storage_gb a whole number from 20 to 6144."
  }

  validation {
    condition     = alltrue([for target in [var.load.redshift] : length([for named in [target.workgroup, target.cluster, target.create ? "created" : null] : named if named != null]) == 1 if target != null])
    error_message = "load: redshift takes one of workgroup (serverless), cluster, or create = true."
  }

  validation {
    condition     = alltrue([for target in [var.load.redshift] : alltrue([for name in [target.workgroup, target.cluster] : can(regex("^[a-z][a-z0-9-]{2,62}$", name)) if name != null]) && can(regex("^[a-z_][a-z0-9_$]{0,63}$", target.database)) if target != null])
    error_message = "load: redshift.workgroup, cluster and database are names, as in \"lake\": lower case, digits and dashes (in a database's name underscores)."
  }

  validation {
    condition     = alltrue([for target in [var.load.redshift] : (target.base_capacity == 4 || (target.base_capacity >= 8 && target.base_capacity <= 512 && target.base_capacity % 8 == 0)) && target.rpu_hours_per_month >= 1 && floor(target.rpu_hours_per_month) == target.rpu_hours_per_month if target != null])
    error_message = "load: redshift.base_capacity is 4 RPU, or 8 to 512 in steps of 8; rpu_hours_per_month is a whole number from 1."
  }

  validation {
    condition     = alltrue(flatten([for target in values(var.load) : [for arn in [try(target.user_arn, null), try(target.subscriber_arn, null)] : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(user|role)/.+$", arn)) if arn != null] if target != null]))
    error_message = "load: user_arn and subscriber_arn are ARNs of IAM users, as Snowflake names them: arn:aws:iam::123456789012:user/abc."
  }
}

variable "load_postgres_url" {
  description = "The database's URL, postgresql://user:password@host:5432/database. Never in a file: export TF_VAR_load_postgres_url"
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}
