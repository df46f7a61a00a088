"""``coinlake gaps`` over what audit writes."""

from datetime import UTC, date, datetime, timedelta

import pytest

from audit.classification import Run, State
from audit.gap_ledger import GapLedger
from audit.months import Month
from coinlake import parquet
from coinlake.keys import Partition, RefinedKey
from coinlake.tables import refined
from ops.dates import DateRange
from ops.gaps import coverage as gaps
from ops.gaps import derived
from ops.query import duckdb
from refine.tables.candles import with_derived
from tests.unit.refine.rows import DAY, answer, nothing, window


def test_what_audit_wrote_is_the_rows_of_the_command(stack, tmp_path, monkeypatch):
    monkeypatch.setattr(duckdb, "BUILD", tmp_path)
    start = datetime(2026, 11, 20, tzinfo=UTC)
    runs = [
        Run("BTC", "USD", start, 3, State.PRESENT, None, None),
        Run("BTC", "USD", start.replace(hour=3), 2, State.NO_TRADE, "answered without it", "raw/key"),
    ]
    ledger = GapLedger(stack.lake, "coinbase", "1h")
    ledger.write(Month.of(start.date()), runs)
    assert ledger.read(Month.of(start.date())) == runs
    market = gaps.CandleSeries("coinbase", "1h", "BTC", "USD")
    by_market = gaps.coverage(
        gaps.read(stack, DateRange(date(2026, 10, 18), date(2026, 11, 21))),
        DateRange(date(2026, 11, 20), date(2026, 11, 21)),
    )
    assert by_market == {market: {date(2026, 11, 20): {"present": 3, "no_trade": 2}}}
    assert gaps.explained_percent(gaps.total(by_market[market])) == 100.0


def test_where_no_audit_has_run_there_is_nothing_to_show(stack, tmp_path, monkeypatch):
    monkeypatch.setattr(duckdb, "BUILD", tmp_path)
    assert gaps.read(stack, DateRange(date(2026, 11, 1), date(2026, 11, 21))) == []


def test_derived_candles_are_counted_as_refined_has_them(stack):
    """Nine of fifteen minutes, a whole hour, and the quarter that still runs."""
    minutes = answer(window(130, 130, source="binance"), [*range(6, 15), *range(60, 125)])
    quarters = with_derived(nothing("candles"), minutes, "1m", "15m")
    table, key = refined()["candles"], RefinedKey("candles", Partition.month(DAY, interval="15m"))
    stack.lake.put(str(key), parquet.encode(table, quarters))
    days, now = DateRange(DAY.date(), DAY.date()), DAY + timedelta(minutes=130)
    (found,) = derived.read(stack, days, now)
    assert found.series == gaps.CandleSeries("binance", "15m", "BTC", "USD")
    assert found.states == {"incomplete": 1, "complete": 4, "running": 1}
    assert found.known_percent == pytest.approx(92)
    assert found.newest_hole == (DAY, 0.6)
    assert derived.summary([found]) == (
        "1 of 6 derived candles are incomplete, and say so: binance BTC-USD 15m of 2026-11-20 00:00 UTC has "
        "60.0 % of its time, is_complete = false"
    )
    assert derived.document([found])["derived"][0]["running"] == 1
    assert derived.read(stack, DateRange(date(2026, 11, 21), date(2026, 11, 22)), now) == []
