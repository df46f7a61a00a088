"""The Spark job against the functions' code alone, and against what a user would write in plain Spark SQL.

``make bench`` has a row of it. ``make bench-spark`` is the long run: a hundred million mini-tickers through
the job at ``local[2]``, the first ten million through each other contestant. A contestant is one process,
given block after block: the block's days are made, worked on, and forgotten; seconds are those of the work
alone, by the clock. What is measured is kept in build/bench, and the same command goes on after it.
"""

import argparse
import json
import math
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from rich.console import Console
from rich.table import Table

from bench import history, processes
from bench.inputs import FETCHED_AT, SYMBOLS
from bench.jobs.spark_blocks import put_configuration
from bench.measure import BenchFailed, Job, environment
from bench.paths import CACHE, PYSPARK, ROOT
from bench.report import Row, pinned
from bench.server import CONFIG, LAKE, RAW, Server, serving
from coinlake.stores import Entry
from ops.local.spark import require_java, spark_venv

ROWS: Final = 100_000_000
OTHERS: Final = 10_000_000
DAYS_A_BLOCK: Final = 4
WIDTH: Final = 120  # of the tables, also in a file
MARKETS: Final = (40, 160)  # with a month of minutes each
DAY_ROWS: Final = SYMBOLS * history.SYMBOL_DAY_ROWS
JOB_2, JOB_1, PLAIN, SQL = "the job, local[2]", "the job, local[1]", "plain Python", "Spark SQL, local[2]"
MODULES: Final = {JOB_2: "spark_job", JOB_1: "spark_job", PLAIN: "spark_plain", SQL: "spark_sql"}


@dataclass(frozen=True, slots=True)
class Block:
    """So many days of every symbol, in the bench's S3."""

    number: int
    days: int
    entries: Sequence[Entry]
    trusted: Sequence[str]

    @property
    def rows(self) -> int:
        return self.days * DAY_ROWS


@dataclass(frozen=True, slots=True)
class Measured:
    """One contestant's work on one block; memory is the most that it had held by then, in MB."""

    name: str
    block: int
    rows: int
    trusted_seconds: float
    refined_seconds: float
    both_seconds: float
    cpu_seconds: float
    jvm_mb: float
    python_mb: float
    load: float


@dataclass(slots=True)
class Contestant:
    """A process that works on the blocks it is sent."""

    name: str
    server: Server
    _process: Any = field(default=None, repr=False)
    _log: Path = field(default_factory=Path)

    def __enter__(self) -> "Contestant":
        CACHE.mkdir(parents=True, exist_ok=True)
        module = MODULES[self.name]
        self._log = CACHE / f"{module}.log"
        python = sys.executable if self.name == PLAIN else str(spark_venv().python)
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [python, "-m", f"bench.jobs.{module}", json.dumps({"endpoint": self.server.endpoint})],
                env={**environment(), **self._variables(python)},
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._answer()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def work(self, block: Block) -> Measured:
        before = self._cpu_seconds()
        entries = [(entry.key, entry.size, entry.etag) for entry in block.entries]
        self._process.stdin.write(json.dumps({"entries": entries, "trusted": block.trusted}) + "\n")
        self._process.stdin.flush()
        seconds = self._answer()
        trusted, refined = (seconds.get(f"{zone}_seconds", math.nan) for zone in ("trusted", "refined"))
        family = processes.family(self._process.pid)
        peaks = {pid: processes.peak_mb(pid) for pid in family}
        return Measured(
            self.name,
            block.number,
            block.rows,
            trusted,
            refined,
            seconds.get("both_seconds", trusted + refined),
            self._cpu_seconds() - before,
            max((peak for pid, peak in peaks.items() if family[pid] == "java"), default=0.0),
            # Of Spark's Python the workers; the driver only hands out.
            max(
                (peak for pid, peak in peaks.items() if family[pid] != "java" and pid != self._process.pid),
                default=peaks[self._process.pid],
            ),
            os.getloadavg()[0],
        )

    def _variables(self, python: str) -> dict[str, str]:
        if self.name == PLAIN:
            return {}
        master = self.name.rpartition(" ")[2]
        memory = "2g" if self.name == SQL else "1g"
        return {
            "PYSPARK_SUBMIT_ARGS": f"--master {master} --driver-memory {memory} pyspark-shell",
            "PYSPARK_PYTHON": python,
            "SPARK_LOCAL_IP": "127.0.0.1",
        }

    def _cpu_seconds(self) -> float:
        return sum(map(processes.cpu_seconds, processes.family(self._process.pid)))

    def _answer(self) -> Mapping[str, Any]:
        line = self._process.stdout.readline()
        if not line:
            raise BenchFailed(f"{self.name} ended: {self._log.read_text().strip().splitlines()[-1:]}")
        answer: Mapping[str, Any] = json.loads(line)
        return answer


def land(server: Server, symbol_day: history.SymbolDay) -> Entry:
    """Make the raw object and put it as ingest does."""
    body = symbol_day.body()
    etag = server.put(str(symbol_day.key), body, FETCHED_AT)
    return Entry(str(symbol_day.key), len(body), etag)


def blocks(server: Server, rows: int, days_a_block: int, done: int = 0) -> Iterator[Block]:
    """``rows`` rows or some more, in whole days, from block number ``done`` on, each forgotten after it."""
    days, s3 = math.ceil(rows / DAY_ROWS), server.client()
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=spawn) as pool:
        for number in range(done, math.ceil(days / days_a_block)):
            first = number * days_a_block
            count = min(days_a_block, days - first)
            symbol_days = list(history.symbol_days(first, count))
            entries = list(pool.map(partial(land, server), symbol_days))
            yield Block(number, count, entries, [each.trusted for each in symbol_days])
            for entry in entries:
                s3.delete_object(Bucket=RAW, Key=entry.key)


def clear(server: Server) -> None:
    """As if nobody had worked on the block."""
    s3 = server.client()
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=LAKE):
        for item in page.get("Contents", ()):
            if item["Key"] != CONFIG:
                s3.delete_object(Bucket=LAKE, Key=item["Key"])


def rows(server: Server, runs: int) -> Iterator[Row]:
    """For `make bench`: a day of twenty symbols through the job and through the functions' code alone."""
    what = f"{DAY_ROWS:,} mini-tickers, raw → trusted → refined, the Spark job at local[2]"
    if not spark_venv().installed:
        yield Row(what, "not measured: `make spark-test` sets up Spark", "–", "–", "–", None)
        return
    put_configuration(server)
    rounds: dict[str, list[Measured]] = {JOB_2: [], PLAIN: []}
    with ExitStack() as stack:
        contestants = [stack.enter_context(Contestant(name, server)) for name in rounds]
        for block in blocks(server, (runs + 1) * DAY_ROWS, 1):
            for contestant in contestants:
                clear(server)
                measured = contestant.work(block)
                if block.number:  # the first is not counted: workers start, modules are imported
                    rounds[contestant.name].append(measured)
        clear(server)
    job, plain = (Total.of(rounds[name]) for name in (JOB_2, PLAIN))
    yield Row(
        what,
        f"{job.rate / 1000:,.0f} k rows/s; JVM {job.jvm_mb:.0f} MB, workers {job.python_mb:.0f} MB each",
        f"{plain.rate / 1000:,.0f} k rows/s, the functions' code in one process; {plain.python_mb:.0f} MB",
        f"{job.rate / plain.rate:.2f}×",
        "–",
        None,
    )


@dataclass(frozen=True, slots=True)
class Total:
    """All blocks of one contestant."""

    rows: int
    trusted_seconds: float
    refined_seconds: float
    both_seconds: float
    cpu_seconds: float
    jvm_mb: float
    python_mb: float

    @classmethod
    def of(cls, measured: Sequence[Measured]) -> "Total":
        names = ("rows", "trusted_seconds", "refined_seconds", "both_seconds", "cpu_seconds")
        sums = {name: sum(getattr(each, name) for each in measured) for name in names}
        peaks = {name: max(getattr(each, name) for each in measured) for name in ("jvm_mb", "python_mb")}
        return cls(**sums, **peaks)

    @property
    def rate(self) -> float:
        return self.rows / self.both_seconds


def main(arguments: Sequence[str] | None = None) -> int:
    options, console = _options(arguments), Console(width=max(Console().width, WIDTH))
    require_java()
    spark_venv().install()
    results = CACHE / f"spark-{options.rows}-{options.others}-{options.days}.jsonl"
    if options.again:
        results.unlink(missing_ok=True)
    measured = [Measured(**json.loads(line)) for line in _lines(results)]
    try:
        with serving() as server:
            put_configuration(server)
            for name in MODULES:
                count = options.rows if name == JOB_2 else options.others
                mine = [each for each in measured if each.name == name]
                for each in _worked(server, name, count, options.days, len(mine)):
                    measured.append(each)
                    mine.append(each)
                    with results.open("a") as file:
                        file.write(json.dumps(asdict(each)) + "\n")
                    console.print(_progress(each, sum(one.rows for one in mine), count))
            derived = list(_derived(server))
    except BenchFailed as error:
        console.print(f"[red]{error}[/]")
        return 1
    _show(measured, console)
    console.print(_derived_table(derived))
    return 0


def _worked(server: Server, name: str, rows: int, days: int, done: int) -> Iterator[Measured]:
    """One contestant's blocks that are not measured yet, in one process."""
    if done >= math.ceil(math.ceil(rows / DAY_ROWS) / days):
        return
    with Contestant(name, server) as contestant:
        for block in blocks(server, rows, days, done):
            clear(server)
            yield contestant.work(block)
        clear(server)


def _derived(server: Server) -> Iterator[tuple[int, float, Mapping[str, float], Mapping[str, float]]]:
    """Markets, MB of their month of minutes, and what the job and refine took to derive all from it."""
    for markets in MARKETS:
        part, numbers = history.minutes(markets), []
        for by_job in (True, False):
            clear(server)
            server.client().put_object(Bucket=LAKE, Key=history.MINUTES.key, Body=part)
            numbers.append(Job("spark_derived", {"endpoint": server.endpoint, "by_job": by_job}).run())
        yield markets, len(part) / 1e6, numbers[0], numbers[1]
    clear(server)


def _derived_table(derived: Sequence[tuple[int, float, Mapping[str, float], Mapping[str, float]]]) -> Table:
    table = Table(title="longer candles and derived tables of a month of minutes")
    for heading in ("minutes", "part, MB", "the job's code: seconds, peak MB", "refine: seconds, peak MB"):
        table.add_column(heading, justify="right")
    for markets, size, job, refine in derived:
        rows = history.MINUTES_A_MONTH * markets
        taken = (f"{each['seconds']:.0f}, {each['peak_mb']:,.0f}" for each in (job, refine))
        table.add_row(f"{rows:,} of {markets} markets", f"{size:,.0f}", *taken)
    return table


def _progress(each: Measured, done: int, count: int) -> str:
    rate = each.rows / each.both_seconds
    return f"{each.name}: {done:,} of {count:,} rows, {rate / 1000:,.0f} k rows/s"


def _show(measured: Sequence[Measured], console: Console) -> None:
    table = Table(title="mini-tickers, raw → trusted → refined")
    for heading in ("", "rows", "trusted", "refined", "both, k rows/s", "to plain", "CPU s / 1 M"):
        table.add_column(heading, justify="right" if heading else "left")
    table.add_column("peak MB of each process", justify="right")
    totals = {name: Total.of([each for each in measured if each.name == name]) for name in MODULES}
    for name, total in totals.items():
        zones = (total.rows / seconds / 1000 for seconds in (total.trusted_seconds, total.refined_seconds))
        table.add_row(
            name,
            f"{total.rows:,}",
            *("–" if math.isnan(rate) else f"{rate:,.0f}" for rate in zones),
            f"{total.rate / 1000:,.0f}",
            f"{total.rate / totals[PLAIN].rate:.2f}×",
            f"{total.cpu_seconds / total.rows * 1e6:.2f}",
            " + ".join(
                f"{mb:,.0f} {what}" for mb, what in ((total.jvm_mb, "JVM"), (total.python_mb, "Python")) if mb
            ),
        )
    console.print(table)
    loads = [each.load for each in measured]
    console.print(
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, load {min(loads):.1f} to {max(loads):.1f}, "
        f"Python {sys.version.split()[0]}, pyarrow {pa.__version__}, "
        f"{pinned('pyspark', PYSPARK)}, {_java()}"
    )


def _java() -> str:
    said = subprocess.run([require_java(), "-version"], capture_output=True, text=True, check=True).stderr
    return said.splitlines()[0].replace('"', "")


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.spark", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="of the job at local[2]")
    parser.add_argument("--others", type=int, default=OTHERS, help="of every other contestant")
    parser.add_argument("--days", type=int, default=DAYS_A_BLOCK, help="of twenty symbols in a block")
    parser.add_argument("--again", action="store_true", help="forget what an earlier run measured")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
