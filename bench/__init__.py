"""Measurements of the hot paths, as ratios to named peers in the same run."""
