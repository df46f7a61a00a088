# Whom the lake tells, and what of. Users edit environments/<environment>.tfvars, which sets these.

locals {
  email = "^[^@\\s]+@[^@\\s.]+(\\.[^@\\s.]+)+$"
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

variable "price_rules" {
  description = "Mail when an asset's price is above or below a level, or moved by change_percent over a window; source null watches each source on its own"
  type = map(object({
    asset            = string
    quote            = optional(string, "USD")
    source           = optional(string)
    above            = optional(number)
    below            = optional(number)
    change_percent   = optional(number)
    window_minutes   = optional(number, 60)
    cooldown_minutes = optional(number, 60)
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.price_rules) : can(regex("^[a-z][a-z0-9_]{0,39}$", name))])
    error_message = "price_rules: a rule's name is up to 40 lower-case letters, digits and underscores, a letter first, as in btc_high."
  }

  validation {
    condition     = alltrue([for rule in var.price_rules : contains(keys(var.assets), rule.asset)])
    error_message = "price_rules: ${join(", ", [for name, rule in var.price_rules : "${name} watches ${rule.asset}" if !contains(keys(var.assets), rule.asset)])}, which is not in assets."
  }

  validation {
    condition     = alltrue([for rule in var.price_rules : can(regex("^[A-Z]{3,5}$", rule.quote))])
    error_message = "price_rules: quote is a currency in capital letters, as in USD."
  }

  validation {
    condition     = alltrue([for rule in var.price_rules : rule.source == null ? true : contains(keys(local.catalog), rule.source)])
    error_message = "price_rules: source is null for all, or one of ${join(", ", keys(local.catalog))}."
  }

  validation {
    condition     = alltrue([for rule in var.price_rules : length([for level in [rule.above, rule.below, rule.change_percent] : level if level != null]) == 1])
    error_message = "price_rules: each needs exactly one of above, below and change_percent; look at ${join(", ", [for name, rule in var.price_rules : name if length([for level in [rule.above, rule.below, rule.change_percent] : level if level != null]) != 1])}."
  }

  validation {
    condition     = alltrue(flatten([for rule in var.price_rules : [for level in [rule.above, rule.below, rule.change_percent] : level > 0 if level != null]]))
    error_message = "price_rules: above, below and change_percent (which counts both ways) are greater than 0."
  }

  validation {
    condition     = alltrue([for rule in var.price_rules : rule.window_minutes >= 1 && rule.window_minutes <= 10080 && rule.cooldown_minutes >= 1])
    error_message = "price_rules: window_minutes is from 1 to 10080 (a week), cooldown_minutes at least 1."
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
