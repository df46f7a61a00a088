"""What runs in the measured processes: each module is one contestant and prints its numbers."""
