# Who is mailed, and about what. Users edit environments/<environment>.tfvars, which sets these.

locals {
  email = "^[^@\\s]+@[^@\\s.]+(\\.[^@\\s.]+)+$"

  # What a rule may watch; it has exactly one of them.
  rule_levels = ["above", "below", "change_percent", "spread_bps", "volume_times", "drawdown_percent", "new_high_days", "new_low_days"]
}

variable "alert_emails" {
  description = "Addresses that price alerts and notices are mailed to; each must confirm a mail from AWS"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.alert_emails : can(regex(local.email, address))])
    error_message = "alert_emails has ${join(", ", [for address in var.alert_emails : "\"${address}\"" if !can(regex(local.email, address))])}, which is no e-mail address; write name@example.com."
  }
}

variable "operations_emails" {
  description = "Addresses that alarms of the stack itself are mailed to; null takes alert_emails"
  type        = list(string)
  default     = null

  validation {
    condition     = alltrue([for address in coalesce(var.operations_emails, []) : can(regex(local.email, address))])
    error_message = "operations_emails has an entry that is no e-mail address; write name@example.com."
  }
}

variable "alert_rules" {
  description = <<-EOT
    Mail when an asset's market does one of these; source null watches each source on its own:
      above, below      its price is beyond a level, in quote
      change_percent    it moved so much, up or down, within window_minutes
      spread_bps        a source's price is so far from the median of all in the same currency
      volume_times      a day's volume is so many times the median of the window_days before
      drawdown_percent  its price is so far below the highest daily close in the lake
      new_high_days     its price is above every price of so many days before; 0 is all in the lake
      new_low_days      the same below
    The last four, of days, mail once a day at most, whatever cooldown_minutes says.
  EOT
  type = map(object({
    asset            = string
    quote            = optional(string, "USD")
    source           = optional(string)
    above            = optional(number)
    below            = optional(number)
    change_percent   = optional(number)
    window_minutes   = optional(number, 60)
    spread_bps       = optional(number)
    volume_times     = optional(number)
    window_days      = optional(number, 30)
    drawdown_percent = optional(number)
    new_high_days    = optional(number)
    new_low_days     = optional(number)
    cooldown_minutes = optional(number, 60)
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.alert_rules) : can(regex("^[a-z][a-z0-9_]{0,39}$", name))])
    error_message = "alert_rules: a rule's name is up to 40 lower-case letters, digits and underscores, a letter first, as in btc_high."
  }

  validation {
    condition     = alltrue([for rule in var.alert_rules : contains(keys(var.assets), rule.asset)])
    error_message = "alert_rules: ${join(", ", [for name, rule in var.alert_rules : "${name} watches ${rule.asset}" if !contains(keys(var.assets), rule.asset)])}, which is not in assets."
  }

  validation {
    condition     = alltrue([for rule in var.alert_rules : can(regex("^[A-Z]{3,5}$", rule.quote))])
    error_message = "alert_rules: quote is a currency in capital letters, as in USD."
  }

  validation {
    condition     = alltrue([for rule in var.alert_rules : rule.source == null ? true : contains(keys(local.catalog), rule.source)])
    error_message = "alert_rules: source is null for all, or one of ${join(", ", keys(local.catalog))}."
  }

  validation {
    condition     = alltrue([for rule in var.alert_rules : length([for level in local.rule_levels : level if rule[level] != null]) == 1])
    error_message = "alert_rules: each needs exactly one of ${join(", ", local.rule_levels)}; look at ${join(", ", [for name, rule in var.alert_rules : name if length([for level in local.rule_levels : level if rule[level] != null]) != 1])}."
  }

  validation {
    condition     = alltrue(flatten([for rule in var.alert_rules : [for level in [rule.above, rule.below, rule.change_percent, rule.spread_bps] : level > 0 if level != null]]))
    error_message = "alert_rules: above, below, and change_percent and spread_bps (which count both ways) are greater than 0."
  }

  validation {
    condition     = alltrue([for rule in var.alert_rules : rule.volume_times == null ? true : rule.volume_times > 1])
    error_message = "alert_rules: volume_times is a multiple of the usual volume, greater than 1."
  }

  validation {
    condition     = alltrue([for rule in var.alert_rules : rule.window_days >= 2 && rule.window_days <= 365 && floor(rule.window_days) == rule.window_days])
    error_message = "alert_rules: window_days is a whole number from 2 to 365."
  }

  validation {
    condition     = alltrue([for rule in var.alert_rules : rule.drawdown_percent == null ? true : rule.drawdown_percent > 0 && rule.drawdown_percent < 100])
    error_message = "alert_rules: drawdown_percent is between 0 and 100, both excluded."
  }

  validation {
    condition     = alltrue(flatten([for rule in var.alert_rules : [for days in [rule.new_high_days, rule.new_low_days] : days >= 0 && days <= 3650 && floor(days) == days if days != null]]))
    error_message = "alert_rules: new_high_days and new_low_days are whole numbers up to 3650; 0 compares with all days in the lake."
  }

  validation {
    condition     = alltrue([for rule in var.alert_rules : rule.window_minutes >= 1 && rule.window_minutes <= 10080 && rule.cooldown_minutes >= 1])
    error_message = "alert_rules: window_minutes is from 1 to 10080 (a week), cooldown_minutes at least 1."
  }
}

# Its name until it also meant spreads, volumes and records. Kept only so that an old file is refused with what to write:
# Terraform only warns of a variable that it does not know, and then no alert would be mailed.
variable "price_rules" {
  description = "Renamed; write alert_rules"
  type        = map(map(string))
  default     = null

  validation {
    condition     = var.price_rules == null
    error_message = "price_rules is now alert_rules: rename it in your tfvars."
  }
}

variable "digest" {
  description = "A mail a day at a time of day, UTC, with so many gainers and losers of 24 hours, and the market as a whole; null sends none"
  type = object({
    at     = optional(string, "07:00")
    movers = optional(number, 10)
  })
  default = null

  validation {
    condition     = var.digest == null ? true : can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]$", var.digest.at))
    error_message = "digest: at is a time of day in UTC, as in \"07:00\"."
  }

  validation {
    condition     = var.digest == null ? true : var.digest.movers >= 1 && var.digest.movers <= 50 && floor(var.digest.movers) == var.digest.movers
    error_message = "digest: movers is a whole number from 1 to 50."
  }
}

variable "notices" {
  description = "Which news of the pipeline itself is mailed, and how often at most"
  type = object({
    quarantine       = optional(bool, true)
    failures         = optional(bool, true)
    stale            = optional(bool, true)
    cooldown_minutes = optional(number, 60)
  })
  default = {}

  validation {
    condition     = var.notices.cooldown_minutes >= 1
    error_message = "notices: cooldown_minutes is ${var.notices.cooldown_minutes}; it is at least 1."
  }
}
