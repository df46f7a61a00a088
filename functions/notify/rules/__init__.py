"""Rules: rows of the lake in, firings out. No clock, no store."""
