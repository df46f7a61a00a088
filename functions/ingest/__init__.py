"""ingest: asks a source what a feed is due for and keeps each answer's bytes in the raw bucket."""
