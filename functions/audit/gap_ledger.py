"""The gap ledger, a file for each source, interval and month, and what the last audit left in it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final, Self

import pyarrow as pa

from audit.classification import Run, State, times_asked
from audit.committed import times
from audit.months import Month
from coinlake import parquet
from coinlake.errors import NotFound
from coinlake.keys import GapsKey, Partition
from coinlake.stores import ObjectStore
from coinlake.tables import tables

MAX_BYTES: Final = 64 << 20
_LISTED: Final = frozenset({State.PRESENT, State.NO_TRADE, State.VENUE_OUTAGE})
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class GapLedger:
    """What audits wrote about one source's candles of one interval."""

    lake: ObjectStore
    source: str
    interval: str

    def read(self, month: Month) -> list[Run]:
        """The month's runs as the last audit left them; none where there was no audit."""
        try:
            body = self.lake.get(self._key(month), MAX_BYTES).body
        except NotFound:
            return []
        table = parquet.decode(tables()["gaps"], body)
        rows = table.drop_columns(["source", "open_time"]).to_pylist()
        return [
            Run(open_time=start, **{**row, "state": State(row["state"])})
            for row, start in zip(rows, times(table["open_time"]), strict=True)
        ]

    def write(self, month: Month, runs: Iterable[Run]) -> None:
        """Replace the month; the same runs give the same bytes."""
        table = tables()["gaps"]
        ordered = sorted(runs, key=lambda run: (run.base, run.quote, run.open_time))
        rows = [{"source": self.source, **asdict(run), "state": run.state.value} for run in ordered]
        body = parquet.encode(table, pa.Table.from_pylist(rows, schema=table.schema))
        self.lake.put(self._key(month), body, content_type=parquet.CONTENT_TYPE)

    def _key(self, month: Month) -> str:
        return str(GapsKey(self.source, Partition.month(str(month), interval=self.interval)))


@dataclass(frozen=True, slots=True)
class PreviousAudit:
    """What the last audits left about one series and month, by base and quote.

    ``spans`` are what the last audit of the month accounted for (end exclusive), ``reached`` how far
    that of the month before did: what was expected once stays expected, whatever left the ledger.
    ``listed`` are markets that had a candle or traded the month before; ``given_up`` is why a bucket could
    not be refilled, ``asked`` how often one was asked for, where that was more than once.
    """

    spans: dict[Pair, tuple[datetime, datetime]]
    reached: dict[Pair, datetime]
    listed: frozenset[Pair]
    given_up: dict[Pair, dict[datetime, str]]
    asked: dict[Pair, dict[datetime, int]]

    @classmethod
    def of(cls, month_before: Iterable[Run], month: Iterable[Run], step: timedelta) -> Self:
        """From the runs of the month before, and those that the month itself had so far."""
        spans: dict[Pair, tuple[datetime, datetime]] = {}
        given_up: dict[Pair, dict[datetime, str]] = {}
        asked: dict[Pair, dict[datetime, int]] = {}
        for run in month:
            pair, end = (run.base, run.quote), run.open_time + run.buckets * step
            first, last = spans.get(pair, (run.open_time, end))
            spans[pair] = min(first, run.open_time), max(last, end)
            buckets = [run.open_time + number * step for number in range(run.buckets)]
            if (times := times_asked(run.evidence)) > 1:
                asked.setdefault(pair, {}).update(dict.fromkeys(buckets, times))
            if run.state is State.UNFILLABLE:
                given_up.setdefault(pair, {}).update((bucket, run.evidence or "") for bucket in buckets)
        reached: dict[Pair, datetime] = {}
        listed = set()
        for run in month_before:
            pair, end = (run.base, run.quote), run.open_time + run.buckets * step
            reached[pair] = max(reached.get(pair, end), end)
            if run.state in _LISTED:
                listed.add(pair)
        return cls(spans, reached, frozenset(listed), given_up, asked)
