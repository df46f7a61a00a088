"""``coinlake gaps`` over what audit writes."""

from datetime import UTC, date, datetime

from audit.classification import Run, State
from audit.gap_ledger import GapLedger
from audit.months import Month
from ops.dates import DateRange
from ops.gaps import coverage as gaps
from ops.query import duckdb


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
