# Warehouses that refined tables are mirrored into; none by default: docs/load.md.

locals {
  load_minutes = [1, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1440]

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
                certificate (PEM) of an authority of your own. minutes is the time between two runs.
      snowflake a Snowflake account of yours, which fetches what it is handed by itself: nothing here logs in.
                `coinlake snowflake sql` renders its side, and tells when to write which ARN here.
  EOT
  type = object({
    postgres = optional(object({
      url_parameter = optional(string)
      url_version   = optional(number, 0)
      ca_parameter  = optional(string)
      tables        = optional(list(string))
      minutes       = optional(number, 60)
      memory_mb     = optional(number, 2048)
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
