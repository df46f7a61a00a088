"""The gap ledger's files: one for each source, interval and month."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from audit.evidence import times
from audit.judging import Run, State
from audit.months import Month
from coinlake.errors import NotFound
from coinlake.keys import gaps_key
from coinlake.stores import ObjectStore
from coinlake.tables import tables

MAX_BYTES: Final = 64 << 20
_ZSTD_LEVEL: Final = 3


@dataclass(frozen=True, slots=True)
class Books:
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
        with pq.ParquetFile(pa.BufferReader(body)) as file:
            table = file.read(use_threads=False)
        rows = table.drop_columns(["source", "open_time"]).to_pylist()
        return [
            Run(open_time=moment, **{**row, "state": State(row["state"])})
            for row, moment in zip(rows, times(table["open_time"]), strict=True)
        ]

    def write(self, month: Month, runs: Iterable[Run]) -> None:
        """Replace the month; the same runs give the same bytes."""
        table = tables()["gaps"]
        ordered = sorted(runs, key=lambda run: (run.base, run.quote, run.open_time))
        rows = [{"source": self.source, **asdict(run), "state": run.state.value} for run in ordered]
        sink = pa.BufferOutputStream()
        pq.write_table(
            pa.Table.from_pylist(rows, schema=table.schema),
            sink,
            compression="zstd",
            compression_level=_ZSTD_LEVEL,
            use_dictionary=list(table.dictionary),
            store_schema=False,
        )
        body = sink.getvalue().to_pybytes()
        self.lake.put(self._key(month), body, content_type="application/vnd.apache.parquet")

    def _key(self, month: Month) -> str:
        return gaps_key(self.source, self.interval, str(month))
