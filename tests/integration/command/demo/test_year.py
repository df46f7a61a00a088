"""The demo's year: it never claims a candle that is neither there nor explained."""

import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from audit.classification import Run, State
from audit.gap_ledger import GapLedger
from audit.months import Month
from ops import waiting
from ops.demo import year as demo_year
from ops.demo.landing import LandingTimeout, LandingWait
from ops.demo.year import YearOfCandles
from ops.query import duckdb
from ops.stack import Stack

from ..conftest import CONFIG
from ..landing import NOW
from ..states import machine

BINANCE = {**CONFIG["sources"]["coinbase"], "base_url": "https://binance.test"}
LISTED = {
    **CONFIG,
    "assets": {"BTC": {"binance": "BTC"}, "ETH": {"binance": "ETH"}},
    "sources": {**CONFIG["sources"], "binance": BINANCE},
}
TODAY = NOW.replace(hour=0, minute=0)


@pytest.fixture
def running(stack: Stack, s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    monkeypatch.setattr(duckdb, "BUILD", tmp_path)
    monkeypatch.setattr(demo_year, "COMMIT_SECONDS", 0)
    monkeypatch.setattr(waiting, "POLL_SECONDS", 0)
    s3.put_object(Bucket="artifacts", Key="config/1.json", Body=json.dumps(LISTED).encode())
    return machine(stack, s3)[0]


def year(stack: Stack) -> YearOfCandles:
    return YearOfCandles(stack, LandingWait(stack, Path("ministack.log")), NOW)


def audited(stack: Stack, monkeypatch: pytest.MonkeyPatch, unexplained: int, *markets: str) -> None:
    """What an audit leaves: yesterday of each market, and its answer."""
    stack.functions["audit"] = "audit"
    runs = [Run(base, "USDT", TODAY - timedelta(days=1), 1, State.PRESENT, None, None) for base in markets]
    GapLedger(stack.lake, "binance", "1d").write(Month.of(TODAY.date()), runs)
    GapLedger(stack.lake, "binance", "1m").write(Month.of(TODAY.date()), runs[:1])
    body = json.dumps({"unexplained": unexplained}).encode()
    answer = SimpleNamespace(invoke=lambda **_: {"Payload": io.BytesIO(body)})
    monkeypatch.setitem(stack.aws.clients, "lambda", answer)


def test_a_year_that_lands_but_is_not_committed_ends_the_demo(running):
    with pytest.raises(LandingTimeout, match="^2 windows: nothing came within 0 s"):
        year(running).fetch()


def test_a_year_that_is_committed_lets_the_demo_go_on(running):
    for market in ("BTC-USDT", "ETH-USDT"):
        name = ledger_key(market, TODAY)
        running.lake.put(name, b"{}")
    year(running).fetch()


def ledger_key(market: str, end: datetime) -> str:
    """Of the window that ends with yesterday; windows of a thousand days begin on 2024-10-04."""
    days = (end - datetime(2024, 10, 4, tzinfo=end.tzinfo)).days
    return f"ledger/binance/candles/dt={end:%Y-%m-%d}/{end:%Y%m%dT000000Z}.{market}.1d.{days}.json"


def test_a_window_that_did_not_land_ends_the_demo_with_its_outcome(stack, s3, running):
    running.aws.clients["stepfunctions"].child = lambda event: {
        "Input": json.dumps(event),
        "Output": '{"outcome": "unlisted", "detail": "no such market"}',
        "Status": "SUCCEEDED",
    }
    with pytest.raises(LandingTimeout, match="of binance's past year landed: 2 unlisted; the table says why"):
        year(running).fetch()


def test_a_year_without_unexplained_gaps_is_shown(running, monkeypatch, capsys):
    audited(running, monkeypatch, 0, "BTC", "ETH")
    year(running).audit()
    output = capsys.readouterr().out
    assert "0 gaps unexplained" in output
    assert "ETH-USDT" in output
    assert "1m" not in output


def test_a_gap_that_nothing_explains_ends_the_demo(running, monkeypatch):
    audited(running, monkeypatch, 3, "BTC", "ETH")
    with pytest.raises(LandingTimeout, match="^3 candles are missing and nothing says why; `coinlake gaps"):
        year(running).audit()


def test_a_market_that_the_audit_passed_over_ends_the_demo(running, monkeypatch):
    audited(running, monkeypatch, 0, "BTC")
    with pytest.raises(LandingTimeout, match="^the audit does not know ETH at binance; "):
        year(running).audit()
