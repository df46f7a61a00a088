"""The transform stage: one raw object in, typed Parquet, quarantine and a ledger entry out."""
