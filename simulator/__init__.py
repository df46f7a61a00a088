"""CoinGecko and Coinbase Exchange on the laptop: their shapes, limits, faults and a seeded market."""
