"""notify: mails what the lake's new objects and its silence mean."""
