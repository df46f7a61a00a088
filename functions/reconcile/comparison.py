"""Compare two listings: which raw objects have no ledger entry. No I/O but the stores' listings."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from coinlake import keys
from coinlake.errors import BadConfiguration, BadKey
from coinlake.keys import Partition, RawKey
from coinlake.stores import ObjectStore


@dataclass(slots=True)
class Comparison:
    """How many objects raw has and the ledger commits, and the raw keys that are not committed."""

    raw: int = 0
    ledger: int = 0
    missing: list[str] = field(default_factory=list)

    def add(self, other: "Comparison") -> None:
        self.raw += other.raw
        self.ledger += other.ledger
        self.missing += other.missing


@dataclass(frozen=True, slots=True)
class Days:
    """A range of days, both ends included."""

    first: date
    last: date

    @classmethod
    def of_event(cls, event: dict[str, object], today: date) -> "Days":
        """``{"days": 7}``, back from today, or ``{"start": …, "end": …}``; else ``BadConfiguration``."""
        try:
            if "start" in event:
                days = cls(date.fromisoformat(str(event["start"])), date.fromisoformat(str(event["end"])))
            else:
                days = cls(today - timedelta(days=int(str(event["days"]))), today)
        except (KeyError, ValueError):
            raise BadConfiguration(
                'reconcile takes {"days": 7} or {"start": "2026-11-01", "end": "2026-11-21"}'
            ) from None
        if days.first > days.last:
            raise BadConfiguration(f"bad_range: start {days.first} is after end {days.last}")
        return days

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))


def compare(
    raw: ObjectStore, lake: ObjectStore, days: Days, written_before: datetime
) -> Iterator[Comparison]:
    """Compare each day of every source and dataset that raw holds, one day's listing at a time.

    Younger objects than ``written_before`` are left to their own event, which is on its way.
    """
    for source, dataset in origins(raw):
        for day in days:
            expected = sorted(_ledger_keys(raw.keys(keys.raw_prefix(source, dataset, day), written_before)))
            present = set(lake.keys(keys.ledger_prefix(source, dataset, day))) if expected else set()
            missing = [raw_key for ledger, raw_key in expected if ledger not in present]
            yield Comparison(len(expected), len(expected) - len(missing), missing)


def origins(raw: ObjectStore) -> Iterator[tuple[str, str]]:
    """Every (source, dataset) folder of raw, feeds that are gone included; other folders are not ours."""
    for source_folder in raw.folders(keys.RAW):
        for folder in raw.folders(source_folder):
            try:
                levels = Partition.parse(folder.removeprefix(keys.RAW).rstrip("/")).levels
                yield levels["source"], levels["dataset"]
            except (BadKey, KeyError):
                continue


def _ledger_keys(raw_keys: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Pairs of ledger key and raw key; what coinlake did not write is not its to reconcile."""
    for raw_key in raw_keys:
        try:
            yield str(RawKey.parse(raw_key).ledger()), raw_key
        except BadKey:
            continue
