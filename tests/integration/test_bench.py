"""The bench's inputs are the same every time, and a tiny run of it works."""

import gzip
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from bench import history, inputs
from bench.__main__ import measured_rows
from bench.growth import Measurement, Point
from bench.load import embedded_postgres
from bench.measure import BenchFailed, Job
from bench.paths import ROOT
from bench.report import Row
from coinlake import parquet
from coinlake.keys import TrustedKey
from coinlake.stores import StoredObject
from coinlake.tables import refined, tables
from transform.model import AssetMap
from transform.pipeline import parse


def read_raw(key, body):
    stored = StoredObject(body, "etag", {"fetched_at": inputs.FETCHED_AT.isoformat()}, inputs.FETCHED_AT)
    return parse(stored, key, AssetMap(lambda source, name: f"{source}:{name}"), 1 << 26)


def test_the_inputs_are_the_same_every_time():
    assert list(inputs.frames(50)) == list(inputs.frames(50))
    assert inputs.coins() == inputs.coins()
    assert inputs.candles() == inputs.candles()


def test_frames_have_the_shape_of_binance():
    line = json.loads(next(inputs.frames(1)))
    assert list(line) == ["received_at", "frame"]
    assert list(line["frame"]["data"]) == ["e", "E", "s", "c", "o", "h", "l", "v", "q"]


@pytest.mark.parametrize(
    ("key", "body", "rows"),
    [
        (inputs.TICKERS_KEY, gzip.compress("".join(inputs.frames(500)).encode()), 500),
        (inputs.COINS_KEY, inputs.coins(), 250),
        (inputs.CANDLES_KEY, inputs.candles(), 300),
    ],
    ids=["tickers", "coins", "candles"],
)
def test_every_row_of_the_inputs_is_good(key, body, rows):
    parsed = read_raw(key, body)
    assert (parsed.rows_trusted, parsed.rejections) == (rows, ())


def test_a_symbols_day_of_the_history_is_the_same_every_time_and_all_of_it_is_good():
    (day, *others) = history.symbol_days(7, 1)
    assert day.body() == history.SymbolDay(day.symbol, day.day).body() != others[0].body()
    parsed = read_raw(day.key, day.body())
    assert (parsed.rows_trusted, parsed.rejections) == (history.SYMBOL_DAY_ROWS, ())
    assert [str(day.key.trusted(part.table, part.partition)) for part in parsed.slices] == [day.trusted]


def test_a_month_of_minutes_is_a_part_as_refine_has_it():
    rows = parquet.decode(refined()["candles"], history.minutes(2))
    assert rows.num_rows == 2 * history.MINUTES_A_MONTH
    key, body = history.minute_file()
    assert TrustedKey.parse(key).partition == history.MINUTES.partition
    assert parquet.decode(tables()["candles"], body).num_rows == 1


def test_a_tiny_run_measures_everything(tmp_path: Path):
    table = tmp_path / "table.md"
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--rows", "2000", "--quick", "--markdown", str(table)],
        env={"PYTHONPATH": f"{ROOT}:{ROOT}/functions:{ROOT}/layers/coinlake/python", "PATH": "/usr/bin:/bin"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    measured = table.read_text()
    for what in (
        "2,000 mini-tickers",
        "peak memory",
        "CoinGecko page",
        "transform.handler",
        "dependencies layer",
        "refine: 3 pages",
        "awswrangler's dataset",
        f"duckdb {version('duckdb')}",
        "load ",
    ):
        assert what in measured


def test_a_part_that_fails_leaves_the_rows_of_the_others(capsys):
    row, failures = Row("what", "1", "2", "0.5×", "–", None), []

    def fails():
        yield row
        raise BenchFailed("the peer ended")

    measured = list(measured_rows([fails, lambda: iter([row])], Console(stderr=True), failures))
    assert (measured, [str(failure) for failure in failures]) == ([row, row], ["the peer ended"])
    assert "the peer ended" in capsys.readouterr().err


def test_growth_takes_the_least_of_turns_and_tells_the_bend():
    costs = iter((1.0, 2.0, 3.0, 9.0, 2.5, 3.5, 1.2, 2.2, 9.9))  # three rounds of three amounts
    measurement = Measurement(
        "events",
        "refine: pages",
        "ms a page",
        (1, 10, 100),
        lambda amount: {"milliseconds": next(costs), "peak_mb": 100.0 + amount},
        lambda result, _: result["milliseconds"],
    )
    line = measurement.line(runs=3)
    assert line.points == [Point(1, 1.0, 101.0), Point(10, 2.0, 110.0), Point(100, 3.0, 200.0)]
    assert line.bend == 3.0


def test_the_load_into_postgres_is_measured_by_copy_by_first_load_and_by_the_same_rows_again(tmp_path: Path):
    part = tmp_path / "candles.parquet"
    pq.write_table(inputs.candle_rows(400), part)
    with embedded_postgres() as (url, pid):
        numbers = Job("load_postgres", {"url": url, "pid": pid, "part": str(part)}).run()
    assert numbers["first_wal_mb"] > numbers["again_wal_mb"] >= 0
    assert {"copy_seconds", "first_seconds", "again_seconds", "again_wall_seconds"} < set(numbers)
