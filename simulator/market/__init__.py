"""One seeded market: coins, their prices and trades, and how each venue sees them."""
