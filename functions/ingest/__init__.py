"""ingest: requests what is due from a source and stores each answer, as received, in the raw bucket."""
