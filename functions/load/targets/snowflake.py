"""Snowflake. It is handed copies of parts (``load.handoff``), which its own pipes load; nothing here logs in.

The set-up (``load.dialects.snowflake``) shows of each partition the newest copy that is there in whole, so
copies may come in any order and more than once. Once a day Snowflake writes into the lake's bucket what it
holds, counted and hashed anew: by that report a restored or an emptied Snowflake is found and caught up.

pk              sk                    attributes
load#snowflake  <table>/<partition>   number: of the last copy that was begun, see load.handoff
                                      recorded: the number of the copy that the following are about
                                      etag: of the part; "gone" of a partition that is gone; empty where
                                      the partition is to be handed over again whatever it is
                                      rows, hash, columns: as in load.planning.Loaded
                                      written_at, repeats: how often it was repeated because it was lost

A copy is recorded only where no other was begun since. Where ``recorded`` is not ``number`` somebody was
killed or is at work, and the partition is handed over again, with a higher number.
"""

import csv
import io
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple, Self

import pyarrow as pa
from botocore.exceptions import BotoCoreError, ClientError

from coinlake.errors import BadConfiguration, BadKey, CoinlakeError, NotFound, StoreUnavailable
from coinlake.items import deserialize, serialize, sortable
from coinlake.keys import Partition, handoff_report
from coinlake.stores import error_code
from load.ddl import SinkTable
from load.dialects.snowflake import PART_COLUMNS
from load.handoff import Handoff, with_partition
from load.hashing import declaration_hash, row_hash
from load.planning import Loaded, TablePartition
from load.probe import PROBE
from load.targets import Read

NAME: Final = "snowflake"
MAX_REPORT_BYTES: Final = 64 << 20  # some 400,000 partitions
GRACE: Final = timedelta(hours=2)  # Snowpipe takes a copy within minutes
MAX_REPEATS: Final = 1
_GONE: Final = "gone"
_UNSETTLED: Final = Loaded("", 0, 0, "")


class NotTaken(CoinlakeError):
    """Snowflake does not load the copies of a partition."""


class Held(NamedTuple):
    """What Snowflake holds of a partition by its own count: its newest copy that is there in whole."""

    number: int
    rows: int
    hash: int


@dataclass(frozen=True, slots=True)
class HeldReport:
    """What Snowflake wrote about itself, and when."""

    written_at: datetime
    held: Mapping[TablePartition, Held]

    @classmethod
    def parse(cls, body: bytes, written_at: datetime) -> Self:
        """CSV with a header, of the columns TABLE_NAME, PARTITION, VERSION, ROWS and HASH."""
        held = {}
        try:
            for row in csv.DictReader(io.StringIO(body.decode())):
                place = TablePartition(row["TABLE_NAME"], Partition.parse(row["PARTITION"]))
                held[place] = Held(int(row["VERSION"]), int(row["ROWS"]), int(row["HASH"]))
        except (KeyError, TypeError, ValueError, BadKey) as error:
            raise BadConfiguration(
                f"Snowflake's report {handoff_report(NAME)} cannot be read ({type(error).__name__}): "
                "run the files of `coinlake snowflake sql` again"
            ) from None
        return cls(written_at, held)


@dataclass(frozen=True, slots=True)
class Copy:
    """A partition's item in the state table."""

    number: int
    recorded: int = 0
    etag: str = ""
    rows: int = 0
    hash: int = 0
    columns: str = ""
    written_at: str = ""
    repeats: int = 0

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> Self:
        values: dict[str, Any] = {name: item[name] for name in cls.__dataclass_fields__ if name in item}
        whole = {name: int(value) for name, value in values.items() if isinstance(value, Decimal)}
        return cls(**values | whole)

    @property
    def settled(self) -> bool:
        return bool(self.etag) and self.recorded == self.number


@dataclass(slots=True)
class Snowflake:
    """The copies that Snowflake was handed, and its report; ``now`` is the time in UTC."""

    handoff: Handoff
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    name: str = NAME
    copies: dict[TablePartition, Copy] = field(default_factory=dict)  # as at the beginning of a run
    report: HeldReport | None = None

    def prepare(self, tables: Collection[SinkTable]) -> None:
        """Nothing: the user makes the tables, with what `coinlake snowflake sql` prints."""

    def loaded(self) -> Mapping[TablePartition, Loaded]:
        """What was handed over and not lost since; with an empty etag what must be handed over again."""
        self.copies, self.report = dict(self._copies()), self._report()
        ledger = {}
        for place, copy in self.copies.items():
            if not copy.settled or self._lost(place):
                ledger[place] = _UNSETTLED
            elif copy.etag != _GONE:
                ledger[place] = Loaded(copy.etag, copy.rows, copy.hash, copy.columns)
        unknown = set(self.report.held if self.report else ()) - set(self.copies)
        return ledger | dict.fromkeys(unknown, _UNSETTLED)

    def forget(self, tables: Collection[str], partition: Partition | None) -> None:
        for place, _ in self._copies():
            if place.table in tables and partition in (None, place.partition):
                self._update(place, {"etag": "", "repeats": 0})

    def load(self, table: SinkTable, place: TablePartition, read: Read) -> Loaded | None:
        copy, lost = self.copies.get(place, Copy(0)), self._lost(place)
        if lost and copy.repeats >= MAX_REPEATS:
            raise NotTaken(
                f"Snowflake has loaded neither the copy of {copy.written_at[:16]} nor the one before: its "
                f"COPY_HISTORY of {place.table.upper()}_PARTS says why; mend it, then `coinlake load --again`"
            )
        number = self._claim(place)
        part = read(place)
        etag, rows = (part.etag, part.rows) if part else (_GONE, table.schema.empty_table())
        loaded = Loaded(etag, rows.num_rows, row_hash(rows), declaration_hash(table.schema))
        self._hand_over(place, number, loaded, rows, copy.repeats + 1 if lost else 0)
        return loaded if part else None

    def check(self, table: SinkTable, place: TablePartition) -> tuple[int, int]:  # noqa: ARG002
        """Count and hash by Snowflake's own report."""
        if self.report is None:
            raise BadConfiguration(
                "Snowflake has not reported yet what it holds: it does so once a day, and at once after "
                "EXECUTE TASK DELETE_REPLACED in its schema"
            )
        held = self.report.held.get(place)
        return (held.rows, held.hash) if held else (0, 0)

    def probe(self, rows: pa.Table) -> tuple[int, int] | None:
        """None where Snowflake has yet to load them and to report: a later call knows."""
        place = TablePartition(PROBE, Partition())
        expected = Loaded(PROBE, rows.num_rows, row_hash(rows), declaration_hash(rows.schema))
        copy, report = dict(self._copies()).get(place, Copy(0)), self._report()
        if not copy.settled or copy.hash != expected.hash:
            self._hand_over(place, self._claim(place), expected, rows, repeats=0)
            return None
        held = report.held.get(place) if report else None
        if held is None or held.number != copy.number:
            return None
        self._update(place, {"etag": ""})  # the next probe hands over anew
        return held.rows, held.hash

    def close(self) -> None:
        """Nothing is open."""

    def _lost(self, place: TablePartition) -> bool:
        """Whether Snowflake should have a copy by now, and its report says that it has another or none."""
        copy = self.copies.get(place)
        if not (copy and copy.settled and self.report):
            return False
        due = datetime.fromisoformat(copy.written_at) + GRACE
        held = self.report.held.get(place)
        return due < self.report.written_at and (held is None or held.number != copy.number)

    def _report(self) -> HeldReport | None:
        try:
            stored = self.handoff.lake.get(handoff_report(NAME), MAX_REPORT_BYTES)
        except NotFound:
            return None
        return HeldReport.parse(stored.body, stored.modified)

    def _claim(self, place: TablePartition) -> int:
        """A number above the time, so that they go on rising in a Snowflake that outlives the state table."""
        return self.handoff.claim(place, above=int(self.now().timestamp() * 1000))

    def _hand_over(
        self, place: TablePartition, number: int, loaded: Loaded, rows: pa.Table, repeats: int
    ) -> None:
        self.handoff.write(place, number, loaded.etag, versioned(rows, place, number, loaded))
        values = {
            "recorded": number,
            "etag": loaded.etag,
            "rows": loaded.rows,
            "hash": loaded.hash,
            "columns": loaded.columns,
            "written_at": sortable(self.now()),
            "repeats": repeats,
        }
        with suppress(self.handoff.dynamodb.exceptions.ConditionalCheckFailedException):
            self._update(place, values, "#number = :recorded")  # else a later copy was begun, and counts

    def _copies(self) -> Iterator[tuple[TablePartition, Copy]]:
        try:
            for page in self.handoff.dynamodb.get_paginator("query").paginate(
                TableName=self.handoff.state_table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues=serialize({":pk": f"load#{NAME}"}),
                ConsistentRead=True,
            ):
                for item in map(deserialize, page["Items"]):
                    table, _, partition = item["sk"].partition("/")
                    yield TablePartition(table, Partition(partition)), Copy.of(item)
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"could not read what was handed over: {error_code(error)}") from error

    def _update(self, place: TablePartition, values: Mapping[str, Any], condition: str = "") -> None:
        changes = ", ".join(f"#{name} = :{name}" for name in values)
        names = {f"#{name}": name for name in [*values, "number"] if f"#{name}" in f"{changes} {condition}"}
        try:
            self.handoff.dynamodb.update_item(
                TableName=self.handoff.state_table,
                Key=serialize(self.handoff.item_key(place)),
                UpdateExpression=f"SET {changes}",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=serialize({f":{name}": value for name, value in values.items()}),
                **({"ConditionExpression": condition} if condition else {}),
            )
        except self.handoff.dynamodb.exceptions.ConditionalCheckFailedException:
            raise
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"could not record what was handed over: {error_code(error)}") from error


def versioned(rows: pa.Table, place: TablePartition, number: int, loaded: Loaded) -> pa.Table:
    """The copy of a part: its rows, its partition, ``PART_COLUMNS``; one row of nulls where it has none."""
    count = max(rows.num_rows, 1)
    nulls = {field.name: pa.nulls(1, field.type) for field in rows.schema}
    own = rows if rows.num_rows else pa.table(nulls)
    copy = with_partition(own, place)
    values = {
        "part_version": pa.repeat(number, count),
        "part_rows": pa.repeat(rows.num_rows, count),
        "part_row": pa.array(range(1, count + 1) if rows.num_rows else [0]),
        "part_hash": pa.repeat(str(loaded.hash), count),
        "part_columns": pa.repeat(loaded.columns, count),
    }
    for name, kind in PART_COLUMNS.items():
        copy = copy.append_column(name, values[name].cast(kind))
    return copy
