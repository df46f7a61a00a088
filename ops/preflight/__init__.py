"""Checked before Terraform plans: the variables, and what the feeds request of each source."""
