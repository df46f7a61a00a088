variable "account" {
  description = "Where the topic lives: account id, region and partition"
  type        = object({ id = string, region = string, partition = string })
}

variable "name" {
  description = "Name of the topic"
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

variable "emails" {
  description = "Addresses that get the messages once they have confirmed"
  type        = set(string)
  default     = []
}

variable "kms_key_arn" {
  description = "Customer managed key; null for none"
  type        = string
}
