"""Which request a window of history makes."""

from datetime import UTC, datetime, timedelta

import pytest

from coinlake.config import LakeConfig
from coinlake.errors import BadConfiguration
from coinlake.windows import Window
from ingest import windows
from ingest.errors import NotYet, Unlisted
from ingest.sources import registry

NOW = datetime(2024, 11, 21, 7, 35, tzinfo=UTC)
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


def plan(**changes):
    return windows.plan(Window.from_event({**HOUR, **changes}), CONFIG, NOW)


def test_a_window_is_asked_for_and_named_as_a_feed_does(candles_feed):
    feed = candles_feed(lookback=300, assets=("BTC",))
    (scheduled,) = registry.load("coinbase").plan(feed, ASSETS, datetime(2024, 11, 21, 7, tzinfo=UTC))
    window = plan()
    assert (window.key, window.path, window.params) == (scheduled.key, scheduled.path, scheduled.params)
    assert (window.low_priority, scheduled.low_priority) == (True, False)


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
    ("changes", "kind", "message"),
    [
        ({"count": 301}, BadConfiguration, "the window asks for 301 buckets; set count to 1 to 300"),
        ({"count": 0}, BadConfiguration, "set count to 1 to 300"),
        ({"source": "nowhere"}, BadConfiguration, "no past of nowhere's candles; there is binance's candles"),
        ({"dataset": "quotes"}, BadConfiguration, "no past of coinbase's quotes"),
        ({"asset": "XYZ"}, BadConfiguration, "there is no asset XYZ; add it to assets"),
        ({"asset": "TRX"}, Unlisted, "TRX has no id at coinbase"),
        ({"period": "2024-02"}, BadConfiguration, "coinbase is asked by count"),
        ({"source": "binance_archive", "quote": "USDT"}, BadConfiguration, "is asked by period"),
        ({"end": "2024-11-21T08:00:00Z"}, NotYet, "the window is complete at 2024-11-21T08:00:00Z"),
    ],
)
def test_a_window_that_cannot_be_planned_says_why(changes, kind, message):
    with pytest.raises(kind, match=message):
        plan(**changes)


def test_a_window_of_coingecko_is_complete_when_its_last_point_is_there():
    window = Window.from_event({**HOUR, "source": "coingecko", "dataset": "price_points"})
    with pytest.raises(NotYet, match="complete at 2024-11-21T07:35:00Z"):
        windows.plan(window, CONFIG, NOW - timedelta(minutes=5))
    assert windows.plan(window, CONFIG, NOW).name == "bitcoin"


@pytest.mark.parametrize("period", ["2024-01", "2024-02", "2024-02-29"])
def test_a_file_of_the_archive_is_asked_for_by_its_period(period):
    request = plan(source="binance_archive", quote="USDT", interval="1m", period=period)
    assert request.path.endswith(f"BTCUSDT-1m-{period}.zip")
    assert str(request.key).endswith(f".BTC-USDT.1m.{period}.zip.gz")
