"""A run of load: list refined, read the warehouse's ledger, load what differs, remove what is gone.

Nothing depends on events: an event or a schedule only says when to compare. So an incremental load, a first
load, a load after a rebuild and the healing of a restored warehouse are this one path.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from coinlake import parquet, tables
from coinlake.errors import BadEvent, CoinlakeError, NotFound
from coinlake.keys import REFINED, Partition
from coinlake.observability import MetricUnit, add_if_any, logger, metrics
from coinlake.stores import ObjectStore
from load.ddl import SinkTable
from load.hashing import declaration_hash, row_hash
from load.planning import LoadPlan, TablePartition, listed, plan
from load.targets import Part, Target

MAX_PART_BYTES: Final = 512 << 20
RESERVE_SECONDS: Final = 60.0  # of the invocation, for the part under way
MAX_REPORTED: Final = 500  # partitions in one answer: Lambda's answers hold 6 MB


class LoadFailed(CoinlakeError):
    """Some partitions failed; the others are loaded, and the next run tries these again."""


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """Which partitions an event is about; ``again`` loads those that are up to date too."""

    tables: tuple[str, ...]
    partition: Partition | None
    again: bool
    check: bool
    plan: bool

    @classmethod
    def from_event(cls, event: Any, known: Sequence[str]) -> "LoadRequest":
        """Read ``{"load": …, "tables": […], "partition": "dt=…", "again", "check", "plan": true}``."""
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
            again=event.get("again") is True,
            check=event.get("check") is True,
            plan=event.get("plan") is True,
        )

    def covers(self, place: TablePartition) -> bool:
        return place.table in self.tables and self.partition in (None, place.partition)


@dataclass(slots=True)
class Report:
    """How a run went; ``left`` were not reached in time."""

    loaded: list[dict[str, Any]] = field(default_factory=list)
    removed: int = 0
    equal: int = 0
    left: int = 0
    failures: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "loaded": self.loaded[:MAX_REPORTED],
            "partitions_loaded": len(self.loaded),
            "rows_loaded": sum(entry["rows"] for entry in self.loaded),
            "partitions_removed": self.removed,
            "partitions_equal": self.equal,
            "partitions_left": self.left,
            "failures": dict(list(self.failures.items())[:MAX_REPORTED]),
        }


@dataclass(frozen=True, slots=True)
class Load:
    """One warehouse, and the refined tables that it mirrors by name."""

    lake: ObjectStore
    target: Target
    tables: Mapping[str, SinkTable]
    seconds: Callable[[], float]

    def handle(self, event: Any, seconds_left: float) -> dict[str, Any]:
        """Do what the event asks within the invocation; a manual call gets failures in the report.

        Raises ``LoadFailed`` where a schedule's run left failures behind: Lambda's error alarm tells of it.
        """
        until = self.seconds() + seconds_left - RESERVE_SECONDS
        request = LoadRequest.from_event(event, sorted(self.tables))
        if request.check:
            return {"partitions": self.compare(request)[:MAX_REPORTED]}
        self.target.prepare([self.tables[name] for name in request.tables])
        todo = self.plan(request)
        if request.plan:
            return {
                "load": [_shown(place) for place in todo.load],
                "remove": [_shown(place) for place in todo.remove],
                "partitions_equal": todo.equal,
            }
        report = self.run(todo, until)
        metrics.add_metric("PartsLoaded", MetricUnit.Count, len(report.loaded))
        add_if_any("PartsFailed", len(report.failures))
        if report.failures and not event.get("by_hand"):
            first = next(iter(report.failures.items()))
            raise LoadFailed(f"{len(report.failures)} partitions failed, as {first[0]}: {first[1]}")
        return report.to_json()

    def plan(self, request: LoadRequest) -> LoadPlan:
        """The lake's listing against the ledger; ``load.planning`` says how they are compared."""
        listing: dict[TablePartition, str] = {}
        for name in request.tables:
            listing |= listed(self.lake.etags(f"{REFINED}{name}/").items())
        columns = {name: declaration_hash(table.schema) for name, table in self.tables.items()}
        whole = plan(request.tables, listing, self.target.loaded(), columns, again=request.again)
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
                logger.error("part failed", object_name=_shown(place), reason=str(error))
                report.failures[_shown(place)] = str(error)
                continue
            if loaded is None:
                report.removed += 1
            else:
                report.loaded.append({"partition": _shown(place), "rows": loaded.rows})
        return report

    def read(self, place: TablePartition) -> Part | None:
        """The partition's object as it is now; None where it is gone."""
        try:
            stored = self.lake.get(place.key, MAX_PART_BYTES)
        except NotFound:
            return None
        table = tables.refined()[place.table]
        return Part(stored.etag, parquet.decode(table, stored.body).cast(table.schema))

    def compare(self, request: LoadRequest) -> list[dict[str, Any]]:
        """Rows and hash of each partition in lake, ledger and warehouse; ``equal`` where all three agree."""
        ledger = self.target.loaded()
        listing: dict[TablePartition, str] = {}
        for name in request.tables:
            listing |= listed(self.lake.etags(f"{REFINED}{name}/").items())
        places = sorted({place for place in (*listing, *ledger) if request.covers(place)})
        return [self._compared(place, ledger) for place in places]

    def _compared(self, place: TablePartition, ledger: Mapping[TablePartition, Any]) -> dict[str, Any]:
        part, loaded = self.read(place), ledger.get(place)
        sides = {
            "lake": (part.rows.num_rows, row_hash(part.rows)) if part else (0, 0),
            "ledger": (loaded.rows, loaded.hash) if loaded else (0, 0),
            "warehouse": self.target.check(self.tables[place.table], place),
        }
        equal = len(set(sides.values())) == 1 and (part is None) == (loaded is None)
        shown = {name: {"rows": rows, "hash": str(total)} for name, (rows, total) in sides.items()}
        return {"partition": _shown(place), "equal": equal, **shown}


def _shown(place: TablePartition) -> str:
    """``candles/interval=1h/month=2026-11``."""
    return "/".join(filter(None, (place.table, place.partition)))
