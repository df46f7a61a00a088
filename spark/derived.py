"""The tables that refine derives, over parts that no function could hold, in the driver.

Refine derives from what changed and from what the table held before, so it can be given part after part; what
it writes is a draft until the last. Of candles shorter than an hour it is given the rows that count. So there
are in memory a month of quotes and of hours, and one part.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coinlake.errors import CoinlakeError
from coinlake.intervals import duration
from coinlake.keys import RefinedKey
from coinlake.ranks import Numbers
from coinlake.stores import ObjectStore, StoredObject, sha256
from coinlake.tables import refined
from refine.partitions import RefinedZone, TablePartition, TrustedFiles
from refine.pipeline import Outcome, Pipeline
from refine.tables import DERIVED, asset_days, market_days
from refine.tables.grouping import MARKET, MICROSECOND, codes, last
from refine.tables.observations import ends
from spark.report import Fault, Tally

_HOUR: Final = timedelta(hours=1) // MICROSECOND
_SLOT: Final = timedelta(minutes=5) // MICROSECOND  # as spreads has it
_BY_MONTHS: Final = (asset_days, market_days)
_BY_PARTS: Final = tuple(table for table in DERIVED if table not in _BY_MONTHS)


@dataclass(frozen=True, slots=True)
class Drafts:
    """A store whose writes are kept here, until ``RefinedZone.replace`` has each of them."""

    store: ObjectStore
    bodies: dict[str, bytes] = field(default_factory=dict)

    @property
    def client(self) -> Any:
        return self.store.client

    @property
    def bucket(self) -> str:
        return self.store.bucket

    def get(self, key: str, max_bytes: int) -> StoredObject:
        if key not in self.bodies:
            return self.store.get(key, max_bytes)
        body = self.bodies[key]
        return StoredObject(body, sha256(body), {}, datetime.now(UTC))

    def put(self, key: str, body: bytes, **_: Any) -> None:
        """One process writes here, so conditions always hold."""
        self.bodies[key] = body

    def keys(self, prefix: str) -> Iterator[str]:
        drafts = {key for key in self.bodies if key.startswith(prefix)}
        yield from sorted({*self.store.keys(prefix), *drafts})


class CondensedZone(RefinedZone):
    """A refined zone that gives of candles shorter than an hour only what tables are derived from."""

    def read(self, partition: TablePartition) -> pa.Table:
        interval = partition.values.get("interval")
        if partition.table != "candles" or duration(interval or "1d") >= timedelta(hours=1):
            return super().read(partition)
        table = refined()["candles"]
        groups = [condensed(rows, str(interval)) for rows in self.groups(partition)]
        rows = pa.concat_tables([table.schema.empty_table(), *(group.cast(table.schema) for group in groups)])
        for name, value in partition.values.items():
            rows = rows.append_column(name, pa.repeat(pa.scalar(value), rows.num_rows))
        return rows


def condensed(rows: pa.Table, interval: str) -> pa.Table:
    """Of one row group's candles those that spreads or latest can show, and the first, which says that there
    are some.

    Spreads keeps the last price before each full hour, and all of its newest hour; latest the newest of each
    market. Both take closed candles of the source's own alone.
    """
    with_interval = rows.append_column("interval", pa.repeat(pa.scalar(interval), rows.num_rows))
    closed = ends(with_interval)
    slot = -(-closed // _SLOT) * _SLOT
    lasting = pc.and_(rows["is_closed"], pc.is_null(rows["derived_from"])).to_numpy()
    kept: Numbers = lasting & ((slot % _HOUR == 0) | (slot > slot.max(initial=0) - _HOUR))
    own = np.flatnonzero(lasting)
    newest = last(codes(rows.filter(pa.array(lasting)), MARKET), closed[own])
    kept[own[newest]] = True
    kept[:1] = True
    return rows.filter(pa.array(kept))


def derive(zone: RefinedZone, touched: set[TablePartition], tally: Tally) -> None:
    """What follows from the touched parts; a fault is counted in ``tally``, the other tables are derived.

    Days are derived month by month, each carrying on from the one before; the other tables part by part.
    """
    drafts = Drafts(zone.store)
    drafted: Any = drafts  # an ObjectStore, as far as refine uses one
    outcome, condensed_zone = Outcome(), CondensedZone(drafted)
    files = TrustedFiles(zone.store)
    by_months = Pipeline(zone.store.bucket, files, condensed_zone, _BY_MONTHS)
    by_months.derive({partition: {partition.key} for partition in touched}, outcome)
    by_parts = Pipeline(zone.store.bucket, files, condensed_zone, _BY_PARTS)
    for partition in sorted(touched, key=lambda partition: (partition.month, partition)):
        by_parts.derive({partition: {partition.key}}, outcome)
    why = "a table derived from it failed; the log says why"
    tally.add(Tally(failed=len(outcome.failed), faults=[Fault(key, why) for key in sorted(outcome.failed)]))
    for key in drafts.bodies:
        _write(zone, key, drafts.bodies[key], tally)


def _write(zone: RefinedZone, key: str, body: bytes, tally: Tally) -> None:
    parsed = RefinedKey.parse(key)
    try:
        is_changed = zone.replace(TablePartition(parsed.table, parsed.partition), lambda _: body)
    except CoinlakeError as error:
        tally.fail(key, error)
        return
    tally.add(Tally(objects=1, written=int(is_changed), unchanged=int(not is_changed)))
