"""Build scripts: deterministic zips, the trimmed layer, Terraform's whereabouts."""
