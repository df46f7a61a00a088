"""CoinGecko: prices by id, the past of one coin, and the list of coins."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sources.coingecko import CoinGecko

DUE = datetime(2024, 11, 21, 7, 0, tzinfo=UTC)
ASSETS = {"BTC": {"coingecko": "bitcoin"}, "TRX": {"coingecko": "tron"}}


def test_prices_are_asked_for_by_id_with_all_that_they_can_hold(quotes_feed):
    (page,) = CoinGecko.plan(quotes_feed(dataset="prices", assets=("BTC", "TRX")), ASSETS, DUE)
    assert page.path == "/simple/price"
    assert page.params == {
        "ids": "bitcoin,tron",
        "vs_currencies": "usd",
        "include_market_cap": "true",
        "include_24hr_vol": "true",
        "include_24hr_change": "true",
        "include_last_updated_at": "true",
        "precision": "full",
    }
    assert str(page.key).endswith("dataset=prices/dt=2024-11-21/20241121T070000Z.top.usd.p1.json.gz")


def test_prices_of_many_assets_come_in_batches(quotes_feed):
    assets = {f"A{n}": {"coingecko": f"a-{n}"} for n in range(251)}
    pages = CoinGecko.plan(quotes_feed(dataset="prices", assets=tuple(assets)), assets, DUE)
    assert [len(page.params["ids"].split(",")) for page in pages] == [250, 1]
    assert [page.key.slot.parts[-1] for page in pages] == ["p1", "p2"]


@pytest.mark.parametrize(("interval", "named", "hours"), [("1h", "hourly", 1), ("1d", "daily", 24)])
def test_a_chart_ends_a_second_before_its_window_does(quotes_feed, interval, named, hours):
    feed = quotes_feed(dataset="price_points", interval=interval, lookback=24, assets=("BTC",))
    (chart,) = CoinGecko.plan(feed, ASSETS, DUE)
    end = int(DUE.timestamp())
    assert chart.path == "/coins/bitcoin/market_chart/range"
    assert chart.params == {
        "vs_currency": "usd",
        "from": str(end - 24 * hours * 3600),
        "to": str(end - 1),
        "interval": named,
        "precision": "full",
    }
    assert str(chart.key).endswith(f"/20241121T070000Z.bitcoin-usd.{interval}.24.json.gz")


@given(lookback=st.integers(1, 2400))
def test_an_hourly_chart_never_reaches_over_a_hundred_days(quotes_feed, lookback):
    feed = quotes_feed(dataset="price_points", interval="1h", lookback=lookback, assets=("BTC",))
    params = CoinGecko.plan(feed, ASSETS, DUE)[0].params
    assert int(params["to"]) - int(params["from"]) < 100 * 86400


@pytest.mark.parametrize("days", [1, 7, 14, 30, 90, 180, 365])
def test_bars_are_asked_for_by_days_back_from_now(quotes_feed, days):
    feed = quotes_feed(dataset="ohlc", interval="1d", lookback=days, assets=("BTC",))
    (bars,) = CoinGecko.plan(feed, ASSETS, DUE)
    assert (bars.name, bars.path) == ("bitcoin", "/coins/bitcoin/ohlc")
    assert bars.params == {"vs_currency": "usd", "days": str(days), "precision": "full"}
    assert str(bars.key).endswith(f"dataset=ohlc/dt=2024-11-21/20241121T070000Z.bitcoin-usd.{days}d.json.gz")


def test_all_coins_come_in_one_answer(quotes_feed):
    (coins,) = CoinGecko.plan(quotes_feed(dataset="assets", top=None), {}, DUE)
    assert (coins.path, coins.params) == ("/coins/list", {"include_platform": "true"})
    assert str(coins.key).endswith("dataset=assets/dt=2024-11-21/20241121T070000Z.coins.json.gz")
