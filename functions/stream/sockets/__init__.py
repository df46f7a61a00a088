"""Websockets to the venues: opened within the venue's limits, kept, replaced, and read."""
