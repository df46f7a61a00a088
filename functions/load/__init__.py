"""load: refined tables mirrored into a warehouse, partition by partition, and proven equal."""
