"""When derived tables follow: what is of now once in a while, what is of the past at once.

Each run changes the parts of now, and deriving anew costs a write for each table. Which parts are of
now follows from the time alone, so nothing has to be remembered between runs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import Final

from coinlake.intervals import INTERVALS
from coinlake.keys import TRUSTED
from coinlake.tables import refined, tables
from refine.parts import Part

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Timing:
    """A run at ``now``, every ``batch_minutes``; parts of now are derived from every ``derive_minutes``."""

    now: datetime
    batch_minutes: int
    derive_minutes: int

    @property
    def is_due(self) -> bool:
        """Whether this run is the first since a multiple of ``derive_minutes``."""
        minutes = self.now.hour * 60 + self.now.minute
        return minutes % self.derive_minutes < self.batch_minutes

    def waits(self, part: Part) -> bool:
        """Whether what follows from the part is left to a later run."""
        values = part.values
        young = values.get("dt", "") >= self._days[0] or values.get("month", "") >= self._months[0]
        return young and not self.is_due

    def of_now(self) -> Iterator[Part]:
        """Today's parts and yesterday's: what runs since the last due one may have changed."""
        known = {"dt": self._days, "month": self._months, "interval": list(INTERVALS)}
        for name, table in refined().items():
            if tables()[name].location.startswith(TRUSTED) and known.keys() >= set(table.partitions):
                for values in product(*(known[partition] for partition in table.partitions)):
                    folders = zip(table.partitions, values, strict=True)
                    yield Part(name, "/".join(f"{folder}={value}" for folder, value in folders))

    @property
    def _days(self) -> list[str]:
        return [f"{self.now - _DAY:%Y-%m-%d}", f"{self.now:%Y-%m-%d}"]

    @property
    def _months(self) -> list[str]:
        return sorted({day[:7] for day in self._days})
