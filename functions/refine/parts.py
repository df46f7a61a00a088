"""The refined zone as refine reads and writes it: one file for each partition of a table."""

from typing import NamedTuple

from coinlake.keys import refined_key


class Part(NamedTuple):
    """One partition of one refined table; ``partition`` as in keys, ``dt=2026-11-21``."""

    table: str
    partition: str

    @property
    def key(self) -> str:
        return refined_key(self.table, self.partition)
