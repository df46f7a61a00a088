"""reconcile: the no-loss guarantee. Raw objects without a ledger entry go back to transform."""
