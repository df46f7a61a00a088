"""Which of two rows with one natural key wins, wherever that is asked. Decision 12 argues for each line."""

from typing import Final

OWN: Final = "derived_from"
PRECEDENCE: Final = ("is_closed", "coverage", OWN, "received_at", "raw_key")
"""The greatest by these columns wins, the first the most important; of ``derived_from`` null is greater.

A table that lacks a column does without. Rows of one raw object that share a natural key lie in one file,
whose order decides between them: the order is total, and a union of rows is the same in whatever order and
however often it is made.
"""
