"""What was not received: which trades are missing, asked of REST, or recorded as a gap."""
