"""Coverage: whatever of the minutes is there, a derived candle is the true one, or is not complete."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinlake import parquet
from coinlake.intervals import duration
from coinlake.tables import refined
from refine.coverage import AnsweredBuckets, with_own_coverage
from refine.merge import merge, union
from refine.tables.candles import with_derived
from tests.examples import examples
from tests.unit.refine.rows import DAY, answer, candle, file, nothing, raw_key, window

CANDLES = refined()["candles"]
HOURS = 8
MINUTES = HOURS * 60
VALUES = ("open", "high", "low", "close", "volume")
Row = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """What a source says: ``files`` of some of the minutes that ``traded``."""

    source: str
    traded: frozenset[int]
    files: list[pa.Table]


def values(minute: int) -> dict[str, Decimal]:
    """A minute's candle, no two alike."""
    low = Decimal(1000 - minute if minute % 2 else 1000 + minute)
    return {"open": low, "low": low, "high": low + 3, "close": low + 1, "volume": Decimal(minute + 1)}


def true_candles(traded: frozenset[int], minutes: int) -> dict[int, Row]:
    """Each bucket of so many minutes in which anything traded, by plain Python."""
    buckets: dict[int, list[Row]] = {}
    for minute in sorted(traded):
        buckets.setdefault(minute // minutes, []).append(values(minute))
    return {
        number: {
            "open": parts[0]["open"],
            "close": parts[-1]["close"],
            "high": max(part["high"] for part in parts),
            "low": min(part["low"] for part in parts),
            "volume": sum(part["volume"] for part in parts),
        }
        for number, parts in buckets.items()
    }


@st.composite
def told(draw: st.DrawFn) -> Told:
    """Answers to windows, complete or with rejected rows, and live batches with any minutes.

    A source that omits idle minutes, or one that trades in every minute, some of which it lost.
    """
    source = draw(st.sampled_from(["coinbase", "binance"]))
    quiet = draw(st.sets(st.integers(0, MINUTES - 1), max_size=MINUTES)) if source == "coinbase" else set()
    holes = draw(st.lists(st.tuples(st.integers(0, MINUTES), st.integers(0, 90)), max_size=4))
    if source == "coinbase":
        quiet |= {minute for start, length in holes for minute in range(start, start + length)}
    traded = frozenset(range(MINUTES)) - quiet
    files = []
    for number in range(draw(st.integers(0, 7))):
        end, length = draw(st.integers(1, MINUTES)), draw(st.sampled_from([5, 30, 60, 300]))
        minutes = traded & set(range(max(end - length, 0), end))
        lost = {minute for start, size in holes for minute in range(start, start + size)}
        kind = draw(st.sampled_from(["window", "window", "rejected", "live"]))
        if kind != "window" or source == "binance":
            minutes -= lost
        if kind == "live":
            key = raw_key(end, revision=number, source=source)
            rows = file("candles", [candle(minute, 0, key) for minute in sorted(minutes)])
            rows = with_own_coverage(rows, "1m")
        else:
            key = window(end, length, revision=number, source=source)
            rows = answer(key, sorted(minutes), rejected=kind == "rejected")
        files.append(_with_values(rows, sorted(minutes)))
    return Told(source, traded, files)


def _with_values(rows: pa.Table, minutes: list[int]) -> pa.Table:
    for name in VALUES:
        column, kind = rows.schema.get_field_index(name), rows.schema.field(name).type
        known = pa.array([values(minute)[name] for minute in minutes], kind)
        rows = rows.set_column(column, rows.schema.field(column), known)
    return rows


@dataclass
class Parts:
    """Parts of refined candles as refine keeps them: what each derives is derived again at each merge."""

    minutes: pa.Table
    longer: dict[str, pa.Table]

    @classmethod
    def empty(cls) -> "Parts":
        return cls(nothing("candles"), {name: nothing("candles") for name in ("5m", "15m", "1h", "4h")})

    def take(self, files: list[pa.Table]) -> None:
        self.minutes = merge(CANDLES, self.minutes, files)
        for name in self.longer:
            shorter, interval = (self.longer["1h"], "1h") if name == "4h" else (self.minutes, "1m")
            self.longer[name] = with_derived(self.longer[name], shorter, interval, name)

    def bodies(self) -> list[bytes]:
        return [parquet.encode(CANDLES, rows) for rows in (self.minutes, *self.longer.values())]


@settings(max_examples=examples(150))
@given(told())
def test_a_derived_candle_is_the_true_one_or_is_not_complete(told: Told):
    parts = Parts.empty()
    parts.take(told.files)
    for name, rows in parts.longer.items():
        minutes = duration(name) // timedelta(minutes=1)
        truth = true_candles(told.traded, minutes)
        for row in rows.to_pylist():
            assert 0 <= row["coverage"] <= 1
            if row["is_closed"] or row["is_complete"]:
                number = (row["open_time"] - DAY) // duration(name)
                assert {column: row[column] for column in VALUES} == truth[number], name
                assert (row["coverage"], row["has_gap"]) == (1, False)


@settings(max_examples=examples(60))
@given(told(), st.data())
def test_any_order_and_any_batches_end_in_equal_bytes_and_a_rebuild_does(told: Told, data: st.DataObject):
    whole = Parts.empty()
    whole.take(told.files)
    again = data.draw(
        st.lists(st.sampled_from(told.files), max_size=3) if told.files else st.just([]), label="again"
    )
    shuffled = data.draw(st.permutations([*told.files, *again]))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(shuffled)), max_size=3)) | {0, len(shuffled)})
    parts = Parts.empty()
    for start, end in pairwise(cuts):
        parts.take(shuffled[start:end])
    if told.files:
        assert parts.bodies() == whole.bodies()


@settings(max_examples=examples(60))
@given(st.sets(st.integers(0, MINUTES - 1), min_size=1))
def test_without_a_window_coverage_counts_the_minutes_that_are_there(present: set[int]):
    key = raw_key(MINUTES, source="binance")
    parts = Parts.empty()
    parts.take([with_own_coverage(file("candles", [candle(at, 1, key) for at in sorted(present)]), "1m")])
    for name, rows in parts.longer.items():
        minutes = duration(name) // timedelta(minutes=1)
        for row in rows.to_pylist():
            first = (row["open_time"] - DAY) // timedelta(minutes=1)
            there = sorted(present & set(range(first, first + minutes)))
            assert row["coverage"] == pytest.approx(len(there) / minutes, abs=1e-9)
            assert row["is_complete"] == (len(there) == minutes)
            assert row["has_gap"] == (len(there) != there[-1] - first + 1)


runs = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8)


@given(runs, st.integers(0, 60), st.integers(0, 60))
def test_answered_buckets_are_counted_as_a_set_counts_them(
    spans: list[tuple[int, int]], start: int, end: int
):
    buckets = {bucket for first, last in spans for bucket in range(first, last)}
    pairs = np.array(spans, np.int64).reshape(-1, 2)
    answered = AnsweredBuckets.of(pairs[:, 0], pairs[:, 1])
    start, end = sorted((start, end))
    (count,) = answered.count(np.array([start]), np.array([end]))
    assert count == len(buckets & set(range(start, end)))


@st.composite
def rivals(draw: st.DrawFn) -> list[Row]:
    """Rows with one natural key, of different raw objects, own and derived, open and closed."""
    names = draw(st.sets(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=6))
    rows = []
    for number, (minute, revision) in enumerate(sorted(names)):
        closed, own = draw(st.booleans()), draw(st.booleans())
        coverage = 1.0 if closed else draw(st.sampled_from([None, 0.0, 0.25, 0.5]))
        rows.append(
            candle(
                0,
                number,
                raw_key(minute, revision),
                is_closed=closed,
                coverage=coverage,
                derived_from=None if own else "1m",
                received_at=DAY + timedelta(minutes=draw(st.integers(0, 2))),
            )
        )
    return rows


@given(rivals(), st.randoms(use_true_random=False))
def test_of_any_rows_with_one_key_the_same_one_wins_in_any_order_and_grouping(rows: list[Row], chance: Any):
    def merit(row: Row) -> tuple[Any, ...]:
        own = row["derived_from"] is None
        return row["is_closed"], row["coverage"] or 0.0, own, row["received_at"], row["raw_key"]

    ranked = sorted(rows, key=merit)
    assert len({merit(row) for row in rows}) == len(rows), "a total order"
    chance.shuffle(rows)
    winner = nothing("candles")
    for row in rows:
        winner = union(CANDLES, [winner, file("candles", [row])])
    at_once = union(CANDLES, [file("candles", rows), file("candles", rows[:2])])
    assert winner.to_pylist() == at_once.to_pylist() == [ranked[-1]]
