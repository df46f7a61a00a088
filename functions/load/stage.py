"""A run of load: list refined, read the warehouse's ledger, load what differs, remove what is gone.

Nothing depends on events: an event or a schedule only says when to compare. So an incremental load, a first
load, a load after a rebuild and the healing of a restored warehouse are this one path.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from coinlake import parquet, tables
from coinlake.errors import BadEvent, CoinlakeError, NotFound
from coinlake.keys import REFINED, Partition
from coinlake.observability import MetricUnit, add_if_any, logger, metrics
from coinlake.stores import ObjectStore
from load.ddl import SinkTable
from load.hashing import declaration_hash, row_hash
from load.planning import Loaded, LoadPlan, TablePartition, listed, plan
from load.probe import probe_rows
from load.targets import HasRoles, Part, Target

MAX_PART_BYTES: Final = 512 << 20
RESERVE_SECONDS: Final = 60.0  # of the invocation, for the part under way
MAX_REPORTED: Final = 500  # partitions in one answer: Lambda's answers hold 6 MB


class LoadFailed(CoinlakeError):
    """Some partitions failed; the others are loaded, and the next run tries these again."""


class UnreadablePart(CoinlakeError):
    """An object at a part's key that refine did not write."""


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """Which partitions an event is about, and what to do with them.

    ``again`` compares the rows of those that are up to date too; ``check`` compares lake, ledger and
    warehouse, from the partition that follows ``after``; ``plan`` says what would be done; ``probe`` tries
    extreme values; ``administrator`` are the user and password that make the warehouse's roles.
    """

    tables: tuple[str, ...]
    partition: Partition | None = None
    after: str = ""
    again: bool = False
    check: bool = False
    plan: bool = False
    probe: bool = False
    administrator: tuple[str, str] | None = field(default=None, repr=False)

    @classmethod
    def from_event(cls, event: Any, known: Sequence[str]) -> "LoadRequest":
        """Read ``{"load": …, "tables": […], "partition": "dt=…", "again": true}``; see README.md.

        Messages of a queue only ring: each batch of them is a run over all tables.
        """
        if isinstance(event, dict) and "Records" in event:
            return cls(tables=tuple(known))
        if not isinstance(event, dict) or "load" not in event:
            raise BadEvent("bad_event", 'an event of load is {"load": time} with, if wanted, "tables"')
        names = event.get("tables") or list(known)
        if unknown := [name for name in names if name not in known]:
            raise BadEvent(
                "unknown_table",
                f"{unknown[0]!r} is not loaded into this warehouse; those are {', '.join(known)}",
            )
        text = event.get("partition")
        return cls(
            tables=tuple(names),
            partition=None if text is None else Partition.parse(text),
            after=event.get("after") or "",
            again=event.get("again") is True,
            check=event.get("check") is True,
            plan=event.get("plan") is True,
            probe=event.get("probe") is True,
            administrator=(event["init"]["user"], event["init"]["password"]) if "init" in event else None,
        )

    def covers(self, place: TablePartition) -> bool:
        return (
            place.table in self.tables
            and self.partition in (None, place.partition)
            and (not self.after or str(place) > self.after)
        )


@dataclass(slots=True)
class Report:
    """How a run went; ``left`` were not reached in time."""

    loaded: dict[str, int] = field(default_factory=dict)  # rows by partition
    removed: list[str] = field(default_factory=list)
    equal: int = 0
    left: int = 0
    failures: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "loaded": dict(list(self.loaded.items())[:MAX_REPORTED]),
            "partitions_loaded": len(self.loaded),
            "rows_loaded": sum(self.loaded.values()),
            "partitions_removed": len(self.removed),
            "partitions_equal": self.equal,
            "partitions_left": self.left,
            "partitions_failed": len(self.failures),
            "failures": dict(list(self.failures.items())[:MAX_REPORTED]),
        }


@dataclass(frozen=True, slots=True)
class Load:
    """One warehouse, and the refined tables that it mirrors by name; ``seconds`` is a monotonic clock."""

    lake: ObjectStore
    target: Target
    tables: Mapping[str, SinkTable]
    seconds: Callable[[], float]

    def handle(self, event: Any, seconds_left: float) -> dict[str, Any]:
        """Do what the event asks within the invocation; a call by hand gets failures in the report.

        Raises ``LoadFailed`` where a schedule's run left failures behind: Lambda's error metric shows it.
        """
        until = self.seconds() + seconds_left - RESERVE_SECONDS
        request = LoadRequest.from_event(event, sorted(self.tables))
        try:
            if request.administrator:
                return {"init": self.create_roles(*request.administrator)}
            if request.probe:
                rows = probe_rows()
                expected, actual = (rows.num_rows, row_hash(rows)), self.target.probe(rows)
                equal = None if actual is None else actual == expected  # None: it is not known yet
                return {"probe": {"rows": (actual or expected)[0], "equal": equal}}
            if request.check:
                return self.compare(request, until)
            self.target.prepare([self.tables[name] for name in request.tables])
            if request.again and not request.plan:
                self.target.forget(request.tables, request.partition)
            todo = self.plan(request)
            if request.plan:
                return {
                    "load": [str(place) for place in todo.load[:MAX_REPORTED]],
                    "remove": [str(place) for place in todo.remove[:MAX_REPORTED]],
                    "partitions_to_load": len(todo.load),
                    "partitions_to_remove": len(todo.remove),
                    "partitions_equal": todo.equal,
                }
            report = self.run(todo, until)
        finally:
            self.target.close()
        metrics.add_metric("PartsLoaded", MetricUnit.Count, len(report.loaded))
        metrics.add_metric("PartsBehind", MetricUnit.Count, len(report.failures) + report.left)
        add_if_any("PartsFailed", len(report.failures))
        if report.failures and not event.get("by_hand"):
            name, reason = next(iter(report.failures.items()))
            raise LoadFailed(f"{len(report.failures)} partitions failed; the first is {name}: {reason}")
        return report.to_json()

    def create_roles(self, user: str, password: str) -> list[str]:
        """What was made in the warehouse by its administrator; ``BadEvent`` for one without such roles."""
        if not isinstance(self.target, HasRoles):
            raise BadEvent("no_roles", f"the roles of {self.target.name} are made by hand: see docs/load.md")
        return self.target.create_roles(user, password)

    def plan(self, request: LoadRequest) -> LoadPlan:
        """The lake's listing against the ledger; ``load.planning`` says how they are compared."""
        columns = {name: declaration_hash(table.schema) for name, table in self.tables.items()}
        ledger = self.target.loaded()
        whole = plan(request.tables, self._listing(request), ledger, columns)
        return LoadPlan(
            load=tuple(filter(request.covers, whole.load)),
            remove=tuple(filter(request.covers, whole.remove)),
            equal=whole.equal,
        )

    def run(self, todo: LoadPlan, until: float) -> Report:
        """Load and remove, one transaction a partition; a fault stays with its partition."""
        report, places = Report(equal=todo.equal), [*todo.remove, *todo.load]
        for number, place in enumerate(places):
            if self.seconds() >= until:
                report.left = len(places) - number
                break
            try:
                loaded = self.target.load(self.tables[place.table], place, self.read)
            except CoinlakeError as error:
                logger.error("part failed", partition=str(place), reason=str(error))
                report.failures[str(place)] = str(error)
                continue
            if loaded is None:
                report.removed.append(str(place))
            else:
                report.loaded[str(place)] = loaded.rows
        return report

    def read(self, place: TablePartition) -> Part | None:
        """The partition's object as it is now; None where it is gone."""
        try:
            stored = self.lake.get(place.key, MAX_PART_BYTES)
        except NotFound:
            return None
        table = tables.refined()[place.table]
        plain = pa.schema([field.with_nullable(True) for field in table.schema])  # older parts lack columns
        try:
            return Part(stored.etag, parquet.decode(table, stored.body).cast(plain))
        except pa.ArrowInvalid as error:
            raise UnreadablePart(f"{place.key} is no file of the table {place.table}: {error}") from error

    def compare(self, request: LoadRequest, until: float) -> dict[str, Any]:
        """Rows and hash of each partition in lake, ledger and warehouse; ``equal`` where all three agree.

        ``next`` is the last partition that was reached, to go on ``after``; None where all were.
        """
        ledger = self.target.loaded()
        places = {place for place in (*self._listing(request), *ledger) if request.covers(place)}
        compared: list[dict[str, Any]] = []
        for place in sorted(places, key=str):
            if compared and (len(compared) == MAX_REPORTED or self.seconds() >= until):
                return {"partitions": compared, "next": compared[-1]["partition"]}
            compared.append(self._compared(place, ledger.get(place)))
        return {"partitions": compared, "next": None}

    def _compared(self, place: TablePartition, loaded: Loaded | None) -> dict[str, Any]:
        part = self.read(place)
        sides = {
            "lake": (part.rows.num_rows, row_hash(part.rows)) if part else None,
            "ledger": (loaded.rows, loaded.hash) if loaded else None,
            "warehouse": self.target.check(self.tables[place.table], place),
        }
        empty = (
            None if loaded is None else (0, 0)
        )  # a warehouse tells no empty partition from one that is gone
        if sides["warehouse"] == (0, 0):
            sides["warehouse"] = empty
        shown = {
            name: None if side is None else {"rows": side[0], "hash": str(side[1])}
            for name, side in sides.items()
        }
        return {"partition": str(place), "equal": len(set(sides.values())) == 1, **shown}

    def _listing(self, request: LoadRequest) -> dict[TablePartition, str]:
        listing: dict[TablePartition, str] = {}
        for name in request.tables:
            listing |= listed(self.lake.etags(f"{REFINED}{name}/"), self.tables[name].partitions)
        return listing
