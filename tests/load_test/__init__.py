"""The deployed stack under load: ``make load-test``."""
