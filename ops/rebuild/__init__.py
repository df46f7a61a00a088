"""Zones computed anew from the zone before, beside the real ones, to compare and to repair them."""
