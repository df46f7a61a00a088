variable "stack" {
  description = "What all queues of the stack have in common: where they live, the prefix of their names, tries until a message moves to the dead letter queue, and the customer managed key (null encrypts with SQS's own keys)"
  type = object({
    account           = object({ id = string, region = string, partition = string })
    prefix            = string
    max_receive_count = number
    kms_key_arn       = string
  })
}

variable "name" {
  description = "Name of the queue after the stack's prefix; its dead letter queue adds -dlq"
  type        = string
}

variable "sender" {
  description = "The service that sends events, and the buckets or topics that it may send for"
  type        = object({ service = string, arns = list(string) })
}

variable "function_arn" {
  description = "The function that takes the messages, ten at a time; null for a function that empties the queue itself, on its schedule"
  type        = string
}

variable "timeout_seconds" {
  description = "The function's timeout; a message stays invisible for six times as long"
  type        = number
}

variable "maximum_concurrency" {
  description = "Most executions that the queue may start at once, 2 at least"
  type        = number
}
