"""What a run has to do: the lake's listing against the warehouse's own ledger. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from coinlake.errors import BadKey, CoinlakeError
from coinlake.keys import Partition, RefinedKey


class ListingLost(CoinlakeError):
    """A table's folder is empty while the warehouse holds rows of it: nothing is removed then."""


class TablePartition(NamedTuple):
    """One partition of one refined table; ``partition`` is empty for a table without partitions."""

    table: str
    partition: Partition

    def __str__(self) -> str:
        """``candles/interval=1h/month=2026-11``."""
        return "/".join(filter(None, self))

    @property
    def key(self) -> str:
        return str(RefinedKey(self.table, self.partition))


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the warehouse's ledger says of a partition: the object it holds, its rows and their hash.

    ``columns`` is the ``hashing.declaration_hash`` that the row hash covers.
    """

    etag: str
    rows: int
    hash: int
    columns: str


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """The partitions to load, those to remove, and how many are up to date."""

    load: tuple[TablePartition, ...]
    remove: tuple[TablePartition, ...]
    equal: int

    def __bool__(self) -> bool:
        return bool(self.load or self.remove)


def plan(
    tables: Collection[str],
    listing: Mapping[TablePartition, str],
    ledger: Mapping[TablePartition, Loaded],
    columns: Mapping[str, str],
) -> LoadPlan:
    """Compare the etags of ``listing`` with ``ledger``; ``columns`` are the declarations' hashes by table.

    Raises ``ListingLost`` for a table that the lake seems to have lost.
    """
    for table in tables:
        held = [place for place in ledger if place.table == table]
        if held and not any(place.table == table for place in listing):
            raise ListingLost(
                f"refined/{table}/ is empty, and the warehouse holds {len(held)} partitions of it; nothing "
                "was removed: check LAKE_BUCKET and the right to list it, or drop the table if it is meant"
            )
    current = {place: etag for place, etag in listing.items() if place.table in tables}
    equal = {
        place
        for place, etag in current.items()
        if place in ledger and (ledger[place].etag, ledger[place].columns) == (etag, columns[place.table])
    }
    return LoadPlan(
        load=tuple(sorted(set(current) - equal)),
        remove=tuple(sorted(place for place in ledger if place.table in tables and place not in current)),
        equal=len(equal),
    )


def listed(objects: Mapping[str, str], levels: Sequence[str]) -> dict[TablePartition, str]:
    """Etags by partition, of etags by key below ``refined/<table>/``.

    Whatever else lies there is no part, nor is what has other levels than the table's.
    """
    etags = {}
    for key, etag in objects.items():
        try:
            parsed = RefinedKey.parse(key)
        except BadKey:
            continue
        if list(parsed.partition.levels) == list(levels):
            etags[TablePartition(parsed.table, parsed.partition)] = etag
    return etags
