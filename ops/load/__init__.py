"""Warehouses: loads by hand, and what they hold compared with the lake."""
