"""checkov on the whole plan: ``make checkov``."""
