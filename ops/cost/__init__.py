"""What a stack costs a month, from Terraform's plan, the feeds and one list of prices."""
