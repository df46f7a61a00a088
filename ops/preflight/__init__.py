"""What is checked before Terraform plans anything: the variables, and what the feeds ask of each source."""
