"""What a window's event asks for, and which request answers it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake.config import LakeConfig
from coinlake.errors import BadConfiguration, BadEvent
from ingest.clock import Clock
from ingest.errors import NotYet, Unlisted
from ingest.sources.registry import SOURCES
from ingest.wanted import Wanted
from ingest.windows import planned

NOW = datetime(2024, 11, 21, 7, 35, tzinfo=UTC)
CLOCK = Clock(now=lambda: NOW)
ASSETS = {
    "BTC": {
        "coinbase": "BTC",
        "binance": "BTC",
        "coingecko": "bitcoin",
        "coincap": "bitcoin",
        "coindesk": "BTC",
    },
    "TRX": {"coingecko": "tron"},
}
CONFIG = LakeConfig(ASSETS, {}, {}, (), None, private_sources=False, environment="local")
HOUR = {"source": "coinbase", "dataset": "candles", "asset": "BTC", "quote": "USD", "interval": "1h"}
HOUR |= {"end": "2024-11-21T07:00:00Z", "count": 300}
MONTH = {
    **HOUR,
    "source": "binance_archive",
    "quote": "USDT",
    "end": None,
    "count": None,
    "period": "2024-02",
}


def plan(**changes):
    return planned(Wanted.of({**HOUR, **changes}), CONFIG, CLOCK)


def test_a_window_is_asked_for_and_named_as_a_feed_does(candles_feed):
    feed = candles_feed(lookback=300, assets=("BTC",))
    (scheduled,) = SOURCES["coinbase"].plan(feed, ASSETS, datetime(2024, 11, 21, 7, tzinfo=UTC))
    window = plan()
    assert (window.key, window.path, window.params) == (scheduled.key, scheduled.path, scheduled.params)
    assert (window.yields, scheduled.yields) == (True, False)


@pytest.mark.parametrize(
    ("source", "dataset", "quote", "interval", "market"),
    [
        ("coinbase", "candles", "USD", "1h", "BTC-USD"),
        ("binance", "candles", "USDT", "4h", "BTC-USDT"),
        ("coindesk", "candles", "USD", "1d", "BTC-USD"),
        ("coingecko", "price_points", "USD", "1d", "bitcoin-usd"),
        ("coincap", "price_points", "USD", "30m", "bitcoin-usd"),
    ],
)
def test_every_source_with_a_past_answers_for_its_windows(source, dataset, quote, interval, market):
    wanted = {"source": source, "dataset": dataset, "quote": quote, "interval": interval}
    key = plan(**wanted, end="2024-11-19T00:00:00Z", count=30).key
    assert str(key) == (
        f"raw/source={source}/dataset={dataset}/dt=2024-11-19/20241119T000000Z.{market}.{interval}.30.json.gz"
    )


@pytest.mark.parametrize(
    ("period", "end", "hours"),
    [("2024-02", "20240301", 29 * 24), ("2023-12", "20240101", 31 * 24), ("2024-02-29", "20240301", 24)],
)
def test_a_period_is_a_month_or_a_day_of_the_calendar(period, end, hours):
    wanted = Wanted.of({**MONTH, "period": period})
    assert (wanted.end.strftime("%Y%m%d"), wanted.count) == (end, hours)
    assert str(planned(wanted, CONFIG, CLOCK).key).endswith(f"/{end}T000000Z.BTC-USDT.1h.{period}.zip.gz")


@given(st.dates(datetime(2017, 8, 1).date(), datetime(2024, 10, 1).date()))
def test_days_fill_their_month_exactly(day):
    month = Wanted.of({**MONTH, "period": f"{day:%Y-%m}"})
    first = Wanted.of({**MONTH, "period": f"{day:%Y-%m}-01"})
    assert month.end - month.count * timedelta(hours=1) == first.end - timedelta(days=1)
    assert month.end.day == 1


@pytest.mark.parametrize("event", [None, [], {}, "x", {**HOUR, "asset": 1}, {**HOUR, "count": "24"}])
def test_an_event_of_another_kind_is_refused(event):
    with pytest.raises(BadEvent, match="bad_window: it needs"):
        Wanted.of(event)


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"end": "2024-11-21T07:30:00Z"}, BadEvent, "is not the end of a 1h bucket"),
        ({"end": "2024-11-21T07:00:00"}, BadConfiguration, "tz_required"),
        ({"end": None}, BadEvent, "an end and a whole count, or a period"),
        ({"count": True}, BadEvent, "an end and a whole count, or a period"),
        ({"interval": "2h"}, BadConfiguration, "bad_interval"),
        ({"period": "2024-13"}, BadEvent, "2024-13 is not in the calendar"),
        ({"period": "2024-02-30"}, BadEvent, "not in the calendar"),
        ({"period": "May 2024"}, BadEvent, "neither a month"),
        ({"period": 2024}, BadEvent, "neither a month"),
        ({"count": 301}, BadConfiguration, "the window asks for 301 buckets; set count to 1 to 300"),
        ({"count": 0}, BadConfiguration, "set count to 1 to 300"),
        ({"source": "kraken"}, BadConfiguration, "no past of kraken's candles; there is binance's candles"),
        ({"dataset": "quotes"}, BadConfiguration, "no past of coinbase's quotes"),
        ({"asset": "XYZ"}, BadConfiguration, "there is no asset XYZ; add it to assets"),
        ({"asset": "TRX"}, Unlisted, "TRX has no id at coinbase"),
        ({"period": "2024-02"}, BadConfiguration, "coinbase is asked by count"),
        ({"source": "binance_archive", "quote": "USDT"}, BadConfiguration, "is asked by period"),
        ({"end": "2024-11-21T08:00:00Z"}, NotYet, "the window is complete at 2024-11-21T08:00:00Z"),
    ],
)
def test_a_window_that_cannot_be_had_says_why(changes, kind, message):
    with pytest.raises(kind, match=message):
        plan(**changes)


def test_a_window_of_coingecko_is_complete_when_its_last_point_is_there():
    window = {**HOUR, "source": "coingecko", "dataset": "price_points"}
    half_past = Clock(now=lambda: NOW - timedelta(minutes=5))
    with pytest.raises(NotYet, match="complete at 2024-11-21T07:35:00Z"):
        planned(Wanted.of(window), CONFIG, half_past)
    assert planned(Wanted.of(window), CONFIG, CLOCK).name == "bitcoin"
