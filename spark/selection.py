"""Which raw objects and which trusted files a rebuild takes, listed by threads of the driver.

Raw is listed by its folders of days: 1,000 keys a call, $0.005 a million objects.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import chain
from typing import Final, TypeVar

from coinlake.errors import BadKey
from coinlake.keys import RAW, TRUSTED, RawKey, TrustedKey, ledger_prefix, parse_raw_prefix
from coinlake.stores import Entry, ObjectStore
from refine.partitions import is_in_catalog

THREADS: Final = 16
_T = TypeVar("_T")


class Only(StrEnum):
    """Which objects are transformed: those without a ledger entry, those that this code has not committed,
    or all."""

    MISSING = "missing"
    STALE = "stale"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Selection:
    """A source or dataset of None means every one; the days, both included, are those of the slots."""

    source: str | None = None
    dataset: str | None = None
    start: date = date.min
    end: date = date.max

    @property
    def is_whole(self) -> bool:
        """Whether it leaves nothing out, so that a refined part follows from it alone."""
        return self == Selection()

    def has(self, source: str, dataset: str, day: date) -> bool:
        is_named = self.source in (None, source) and self.dataset in (None, dataset)
        return is_named and self.start <= day <= self.end

    def raw(self, raw: ObjectStore, lake: ObjectStore, only: Only) -> list[Entry]:
        """The chosen raw objects, the largest first; foreign keys are left alone."""

        def of_day(prefix: str) -> Iterator[Entry]:
            source, dataset, day = parse_raw_prefix(prefix)
            done = set(lake.keys(ledger_prefix(source, dataset, day))) if only is Only.MISSING else ()
            for entry in raw.entries(prefix):
                ledger = _ledger_key(entry.key)
                if ledger and ledger not in done:
                    yield entry

        found = _by_threads(of_day, self._days(raw))
        return sorted(found, key=lambda entry: (-entry.size, entry.key))

    def trusted(self, lake: ObjectStore) -> list[TrustedKey]:
        """The chosen trusted files, in the order of their keys."""

        def of_partition(prefix: str) -> Iterator[TrustedKey]:
            for key in lake.keys(prefix):
                try:
                    parsed = TrustedKey.parse(key)
                except BadKey:
                    continue
                if is_in_catalog(parsed) and self.has(parsed.source, parsed.dataset, parsed.slot.dt):
                    yield parsed

        tables = _by_threads(lake.folders, lake.folders(TRUSTED))
        return sorted(_by_threads(of_partition, tables), key=str)

    def _days(self, raw: ObjectStore) -> list[str]:
        """The folders of the chosen days that raw has."""
        datasets = _by_threads(raw.folders, raw.folders(RAW))
        return [prefix for prefix in _by_threads(raw.folders, datasets) if self._has_folder(prefix)]

    def _has_folder(self, prefix: str) -> bool:
        try:
            return self.has(*parse_raw_prefix(prefix))
        except BadKey:
            return False


def _by_threads(list_: Callable[[str], Iterable[_T]], prefixes: Iterable[str]) -> list[_T]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(chain.from_iterable(pool.map(lambda prefix: list(list_(prefix)), prefixes)))


def _ledger_key(key: str) -> str | None:
    """The key of a raw object's ledger entry; None for a foreign key."""
    try:
        return str(RawKey.parse(key).ledger())
    except BadKey:
        return None
