"""Zones computed once more from the one before, beside the real ones, to compare and to mend them."""
