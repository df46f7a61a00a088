"""``alerts test``: notify's rules over a day of the lake, with nothing sent."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from coinlake import parquet
from coinlake.keys import Partition, RawKey, RefinedKey, Slot
from coinlake.tables import refined, tables
from ops import cli
from ops.alerts import dry_run
from ops.alerts.dry_run import DryRun, FiredRule
from ops.stack import Stack

from .conftest import CONFIG, NOW

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
RULE = {"asset": "BTC", "quote": "USD", "source": None, "window_minutes": 30, "window_days": 30}


def rule(**changes: Any) -> dict[str, Any]:
    return RULE | {"cooldown_minutes": 60} | changes


def configured(stack: Stack, **rules: dict[str, Any]) -> DryRun:
    """The day against these rules."""
    body = json.dumps(CONFIG | {"alert_rules": rules, "digest": {"at": "07:00", "movers": 3}})
    stack.artifacts.put(stack.config_key, body.encode())
    return DryRun.of(stack.lake, stack.config(), DAY)


def quote(stack: Stack, at: datetime, price: str) -> None:
    raw = RawKey("coingecko", "quotes", Slot(at, ("quotes", "usd", "p1")))
    row = {"source": "coingecko", "base": "BTC", "quote": "USD", "observed_at": at, "price": Decimal(price)}
    written(
        stack,
        str(raw.trusted("quotes", f"dt={at:%Y-%m-%d}")),
        tables()["quotes"],
        row | {"raw_key": str(raw)},
    )


def candle(stack: Stack, end: datetime, close: str, asset: str = "BTC") -> None:
    raw = RawKey("coinbase", "candles", Slot(end, (f"{asset}-USD", "1h", "24")))
    row = {"source": "coinbase", "base": asset, "quote": "USD", "raw_key": str(raw), "is_closed": True}
    row |= {"open_time": end - timedelta(hours=1), "close": Decimal(close)}
    key = raw.trusted("candles", f"interval=1h/month={row['open_time']:%Y-%m}")
    written(stack, str(key), tables()["candles"], row)


def part(stack: Stack, table: str, partition: str, *rows: dict[str, Any]) -> None:
    written(stack, str(RefinedKey(table, Partition(partition))), refined()[table], *rows)


def written(stack: Stack, key: str, table: Any, *rows: dict[str, Any]) -> None:
    known = [{name: row.get(name) for name in table.schema.names} for row in rows]
    stack.lake.put(key, parquet.encode(table, pa.Table.from_pylist(known, table.schema)))


def spread(at: datetime, price: str) -> dict[str, Any]:
    row = {"source": "coinbase", "base": "BTC", "quote": "USD", "observed_at": at, "slot_time": at}
    return row | {"price": Decimal(price), "median": Decimal(100), "venues": 3, "made_from": "quotes"}


def market_day(dt: str, close: str, peak: str) -> dict[str, Any]:
    prices = dict.fromkeys(("open", "high", "low", "close"), Decimal(close))
    row = {"source": "coinbase", "base": "BTC", "quote": "USD", "dt": dt, "made_from": "1d"}
    return row | prices | {"peak": Decimal(peak), "is_complete": True, "has_gap": False}


def summary(fired: list[FiredRule]) -> list[tuple[str, str, str, int]]:
    return [(one.name, one.market, one.first.value, one.mails) for one in fired]


def test_a_level_counts_the_mails_that_its_cooldown_lets_out(stack):
    day_run = configured(stack, high=rule(above=75000), low=rule(below=1))
    for minutes in (0, 5, 59, 60, 90):
        quote(stack, NOON + timedelta(minutes=minutes), f"76{minutes:03}")
    assert summary(day_run.fired()) == [("high", "coingecko BTC-USD", "76,000.00 USD", 2)]
    assert day_run.fired()[0].first.condition == "above 75,000 USD"


def test_a_change_may_be_measured_from_the_evening_before(stack):
    day_run = configured(stack, moves=rule(change_percent=5))
    quote(stack, datetime(2026, 11, 19, 23, 45, tzinfo=UTC), "100")
    quote(stack, datetime(2026, 11, 20, 0, 15, tzinfo=UTC), "106")
    assert summary(day_run.fired()) == [("moves", "coingecko BTC-USD", "+6.0 % in 30 min", 1)]


def test_other_days_do_not_count(stack):
    day_run = configured(stack, high=rule(above=75000))
    for at in (NOON - timedelta(days=1), NOON + timedelta(days=1)):
        quote(stack, at, "76000")
        candle(stack, at, "76000")
    assert day_run.fired() == []


def test_candles_count_and_those_of_other_markets_are_not_read(stack):
    day_run = configured(stack, high=rule(above=75000))
    candle(stack, NOON, "77000")
    candle(stack, NOON, "1", asset="ETH")
    read = [key.slot.parts[0] for key, _ in day_run._objects()]
    assert read == ["BTC-USD"]
    assert summary(day_run.fired()) == [("high", "coinbase BTC-USD", "77,000.00 USD", 1)]


def test_rules_on_refined_tables_see_the_day_alone(stack):
    day_run = configured(stack, apart=rule(spread_bps=30), down=rule(drawdown_percent=20))
    times = [NOON - timedelta(days=1), NOON, NOON + timedelta(hours=1), NOON + timedelta(days=1)]
    part(stack, "spreads", "month=2026-11", *(spread(at, "101") for at in times))
    days = [market_day("2026-11-19", "100", "100"), market_day("2026-11-20", "75", "100")]
    part(stack, "asset_days", "month=2026-11", *days)
    assert summary(day_run.fired()) == [
        ("apart", "coinbase BTC-USD", "100.0 bps above the median", 2),
        ("down", "coinbase BTC-USD", "25.0 % below its peak", 1),
    ]


def test_an_empty_lake_fires_nothing_and_says_so(stack):
    assert configured(stack, high=rule(above=1), apart=rule(spread_bps=1)).fired() == []


def test_an_unreadable_file_is_passed_over_as_notify_does(stack):
    day_run = configured(stack, high=rule(above=75000))
    raw = RawKey("coingecko", "quotes", Slot(NOON, ("quotes", "usd", "p1")))
    stack.lake.put(str(raw.trusted("quotes", f"dt={DAY}")), b"no parquet")
    quote(stack, NOON + timedelta(minutes=5), "76000")
    assert len(day_run.fired()) == 1


@pytest.fixture
def command(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(Stack, "find", classmethod(lambda _cls, _environment: stack))
    monkeypatch.setattr("ops.dates.now", lambda: NOW)
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *arguments: CliRunner().invoke(cli.app, ["alerts", "test", *arguments])


def test_the_command_shows_yesterday_what_fires_and_what_does_not(stack, command):
    configured(stack, high=rule(above=75000), low=rule(below=1))
    quote(stack, NOON, "77361.43")
    shown = command().output
    assert "Rules on the data of 2026-11-20: 1 mail, none sent" in shown
    for text in ("coingecko BTC-USD", "12:00", "77,361.43 USD", "above 75,000 USD", "[coinlake] BTC above"):
        assert text in shown
    assert "does not fire" in shown
    assert "below 1 USD" in shown


def test_the_command_shows_the_digest_for_today_alone(stack, command):
    configured(stack)
    row = {"source": "coingecko", "base": "BTC", "quote": "USD", "observed_at": NOW, "price": Decimal(5)}
    part(stack, "latest", "", row | {"change_24h_percent": 2.5, "market_cap": Decimal(1)})
    assert "1 of 1 asset up" in command("--date", "2026-11-21").output
    assert "1 of 1 asset up" not in command("--date", "2026-11-20").output


def test_a_day_that_has_not_come_is_refused(stack, command):
    configured(stack)
    assert "future_range" in str(command("--date", "2026-11-22").exception)


def test_prices_are_read_a_batch_at_a_time_and_in_order(stack, monkeypatch):
    monkeypatch.setattr(dry_run, "READ_AHEAD", 2)
    day_run = configured(stack, high=rule(above=1))
    for minutes in range(5):
        quote(stack, NOON + timedelta(minutes=minutes), "2")
    times = [key.slot.time.minute for key, _ in day_run._objects()]
    assert times == [0, 1, 2, 3, 4]
