"""Proof that a destroyed stack leaves nothing: ``make destroy-test``."""
