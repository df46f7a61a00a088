"""The rows of the table: who runs against whom, and what counts as good enough."""

import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zipfile import ZipFile

from bench import inputs
from bench.measure import BenchFailed, Contest, Job, environment, interleaved
from bench.paths import PACKAGES, ROOT
from bench.report import Row
from bench.server import Server

FULL_OBJECT_ROWS = 240_000  # mini-tickers in about ``MAX_RAW_MB`` (64) of JSON lines
IMPORT_SECONDS = {"ingest": 0.25, "transform": 0.35, "notify": 0.25, "reconcile": 0.25}
MIB = 1 << 20
LAYER_MIB = 170


@dataclass(frozen=True, slots=True)
class Bench:
    """``runs`` rounds; ``rows`` mini-tickers; small pages ``times`` times in each process."""

    server: Server
    rows: int
    runs: int
    times: int

    def tickers(self) -> Iterator[Row]:
        """Throughput, memory and size of the columnar path."""
        task = self._tickers_task(self.rows)
        plain = interleaved(Job("tickers", task), Job("tickers_duckdb", task), self.runs)
        alike = interleaved(Job("tickers", task), Job("tickers_duckdb", {**task, "alike": True}), self.runs)
        what = f"{self.rows:,} mini-tickers, S3 → exact decimals → S3, one core"
        yield self._speed(what, plain, "DuckDB read_json → COPY", target=0.95)
        yield self._speed("the same", alike, "DuckDB, equal work: sorted, repeats found", target=1.4)
        memory, size = plain.ours("peak_mb"), plain.ours("bytes") / self.rows
        yield Row(
            "peak memory of that process",
            f"{memory:.0f} MB",
            f"{plain.theirs('peak_mb'):.0f} MB, DuckDB; {alike.theirs('peak_mb'):.0f} MB, equal work",
            f"{plain.ratio('peak_mb'):.2f}×",
            "≤ 200 MB",
            memory <= 200,  # noqa: PLR2004 - the target
        )
        rows = min(self.rows, FULL_OBJECT_ROWS)
        full = self._tickers_task(rows)
        most = [Job("tickers", full).run()["peak_mb"] for _ in range(self.runs)]
        yield Row(
            f"the same, an object of {rows:,} rows (MAX_RAW_MB: 64 MB unpacked)",
            f"{statistics.median(most):.0f} MB",
            "–",
            "–",
            "–",
            None,
        )
        yield Row(
            "bytes per row of tickers in Parquet",
            f"{size:.1f}",
            f"{alike.theirs('bytes') / self.rows:.1f}, DuckDB, equal work, zstd",
            f"{alike.ratio('bytes'):.2f}×",
            "≤ 12",
            size <= 12,  # noqa: PLR2004 - the target
        )

    def _tickers_task(self, rows: int) -> dict[str, Any]:
        """So many mini-tickers are in raw, and what a job must know of them."""
        self.server.put(str(inputs.TICKERS_KEY), inputs.tickers(rows).read_bytes(), inputs.FETCHED_AT)
        return {"endpoint": self.server.endpoint, "key": str(inputs.TICKERS_KEY), "rows": rows}

    def _speed(self, what: str, contest: Contest, peer: str, target: float | None) -> Row:
        ours, theirs = (
            self.rows / seconds / 1000 for seconds in (contest.ours("seconds"), contest.theirs("seconds"))
        )
        speed = 1 / contest.ratio("seconds")
        return Row(
            what,
            f"{ours:,.0f} k rows/s",
            f"{theirs:,.0f} k rows/s, {peer}",
            f"{speed:.2f}×",
            f"≥ {target:.2f}×" if target else "–",
            speed >= target if target else None,
        )

    def pages(self) -> Iterator[Row]:
        """Small answers through the warm handler, and what they cost in AWS calls."""
        answers = {
            "250-coin CoinGecko page": (str(inputs.COINS_KEY), inputs.coins()),
            "300 Coinbase candles": (str(inputs.CANDLES_KEY), inputs.candles()),
        }
        for what, (key, body) in answers.items():
            self.server.put(key, body, inputs.FETCHED_AT)
            task = {"endpoint": self.server.endpoint, "key": key, "times": self.times}
            floor = interleaved(Job("pages", task), Job("pages_floor", task), self.runs)
            ratio, calls, lists = floor.ratio("milliseconds"), floor.ours("calls"), floor.ours("lists")
            yield Row(
                f"{what}, warm handler",
                f"{floor.ours('milliseconds'):.1f} ms, {calls:.0f} calls",
                f"{floor.theirs('milliseconds'):.1f} ms, the same calls, orjson + pyarrow, floats",
                f"{ratio:.2f}×",
                "≤ 2.50×",
                ratio <= 2.5,  # noqa: PLR2004 - the target
            )
            peer = interleaved(Job("pages", task), Job("pages_awswrangler", task), self.runs)
            times = 1 / peer.ratio("milliseconds")
            yield Row(
                "the same",
                f"{peer.ours('milliseconds'):.1f} ms",
                f"{peer.theirs('milliseconds'):.1f} ms, pandas and awswrangler's dataset with its catalog",
                f"{times:.2f}×",
                "≥ 2.00×",
                times >= 2,  # noqa: PLR2004 - the target
            )
        good = calls <= 3 and not lists  # noqa: PLR2004 - the target
        yield Row(
            "AWS calls per raw object", f"{calls:.0f}, {lists:.0f} lists", "–", "–", "≤ 3, no list", good
        )

    def imports(self) -> Iterator[Row]:
        """A handler's import in a fresh interpreter against what it imports of others."""
        for stage, limit in IMPORT_SECONDS.items():
            handler = f"{stage}.handler"
            jobs = [Job("imports", {"modules": names}) for names in ([handler], needed(handler))]
            contest = interleaved(jobs[0], jobs[1], self.runs)
            ours, ratio = contest.ours("seconds"), contest.ratio("seconds")
            yield Row(
                f"cold import of {handler}",
                f"{ours:.2f} s",
                f"{contest.theirs('seconds'):.2f} s, its third-party imports alone",
                f"{ratio:.2f}×",
                f"≤ {limit} s",
                ours <= limit,
            )


def needed(handler: str) -> list[str]:
    """The third-party modules that a handler imports, itself or through its own modules."""
    arguments = f'{{"modules": ["{handler}"], "needed": true}}'
    done = subprocess.run(
        [sys.executable, "-m", "bench.jobs.imports", arguments],
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchFailed(f"{handler} cannot be imported: {done.stderr.strip().splitlines()[-1:]}")
    return done.stderr.strip().splitlines()[-1].split(",")


def layers() -> Iterator[Row]:
    """The built dependencies layers, unpacked as Lambda unpacks them."""
    paths = sorted(PACKAGES.glob("*/dependencies-layer.zip"))
    for path in paths:
        with ZipFile(path) as layer:
            size = sum(entry.file_size for entry in layer.infolist()) / MIB
        yield Row(
            f"dependencies layer, {path.parent.name}, unpacked",
            f"{size:.0f} MiB",
            "250 MiB, Lambda's limit",
            f"{size / 250:.2f}×",
            f"≤ {LAYER_MIB} MiB",
            size <= LAYER_MIB,
        )
    if not paths:
        yield Row("dependencies layer", "not built: make build", "–", "–", f"≤ {LAYER_MIB} MiB", None)
