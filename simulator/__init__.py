"""The sources on the laptop: their APIs, limits and faults, over one seeded market."""
