"""Proof that every permission is needed: ``make prove-permissions``; docs/permissions.md is its table."""
