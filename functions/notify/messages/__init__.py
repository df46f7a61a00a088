"""The mails, as they read."""
