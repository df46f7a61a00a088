"""The small files that the dashboard reads, written to the site bucket after a run; README.md lists them."""
