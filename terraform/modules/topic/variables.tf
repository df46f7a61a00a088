variable "stack" {
  description = "What all topics of the stack have in common: where they live, the prefix of their names, and the customer managed key (null for none)"
  type = object({
    account     = object({ id = string, region = string, partition = string })
    prefix      = string
    kms_key_arn = string
  })
}

variable "name" {
  description = "Name of the topic after the stack's prefix"
  type        = string
}

variable "display_name" {
  description = "The sender's name in mails"
  type        = string
  default     = null
}

variable "publisher" {
  description = "The AWS service that publishes, and what it publishes for; null leaves it to roles of the account"
  type        = object({ service = string, arn = string })
  default     = null
}

variable "policies" {
  description = "Policies, as JSON, whose statements the topic's policy has beside its own"
  type        = list(string)
  default     = []
}

variable "emails" {
  description = "Addresses that get the messages once they have confirmed"
  type        = set(string)
  default     = []
}
