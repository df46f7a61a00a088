"""The refine stage: trusted files in, one sorted and deduplicated Parquet file per partition out."""
