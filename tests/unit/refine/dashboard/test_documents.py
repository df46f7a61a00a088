"""The dashboard's files: what they say of a lake, read back from their bytes."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from coinlake.tables import refined, tables
from refine.dashboard import candles
from refine.dashboard.documents import exact, number
from refine.dashboard.lake import LakeReader
from refine.dashboard.market import sources
from refine.dashboard.publisher import changed_files
from refine.partitions import TablePartition
from tests.unit.refine.rows import partition
from tests.unit.refine.world import Lake, buckets, candle, moods, noon, quote, quotes

DAY = date(2026, 3, 5)
NOW = datetime(2026, 3, 5, 12, 5, tzinfo=UTC)


def no_gaps(_intervals, _months) -> pa.Table:
    return gaps([])


def gaps(rows: list[dict[str, Any]]) -> pa.Table:
    schema = tables()["gaps"].schema.append(pa.field("interval", pa.string()))
    return pa.Table.from_pylist(rows, schema)


def published(lake: Lake, *changed: TablePartition, gaps_of=no_gaps) -> dict[str, Any]:
    found = changed_files(
        frozenset(changed or lake.bodies), LakeReader(lake.read, lake.existing, gaps_of), NOW
    )
    return {name: json.loads(body) for name, body in found}


def coin(price: str, hour: int = 12, **more: Any) -> dict[str, Any]:
    return quote(
        "coingecko", "BTC", "USD", noon(DAY, hour), price, rank=1, market_cap=Decimal(10**12), **more
    )


def test_the_watchlist_shows_each_asset_by_the_source_that_ranks_it_and_every_venue_beside():
    lake = Lake()
    lake.take(
        [
            quotes(
                coin("77361.430000", volume_24h_quote=Decimal(5), change_24h_percent=Decimal("-0.97")),
                quote("coingecko", "coingecko:odd", "USD", noon(DAY), "0.00000012", rank=200),
                quote("binance", "BTC", "USDT", noon(DAY), "77400", volume_24h_base=Decimal(2)),
                quote("binance", "XRP", "USDT", noon(DAY), "2.1"),
                quote("coindesk", "BTC", "USD", noon(DAY), "77361.43"),
            ),
            buckets("1h", candle("coinbase", "BTC", "USD", noon(DAY, 11), "77400")),
        ]
    )
    document = published(lake)["watchlist.json"]
    assert [asset["base"] for asset in document["assets"]] == ["BTC", "XRP", "coingecko:odd"]
    assert document["generated_at"] == int((NOW - timedelta(minutes=5)).timestamp()) + 2 * 86_400 - 3_600
    asset, _, odd = document["assets"]
    assert {
        name: asset[name] for name in ("price", "source", "quote", "rank", "market_cap", "volume_24h")
    } == {
        **{"price": "77361.43", "source": "coingecko", "quote": "USD", "rank": 1},
        **{"market_cap": 1e12, "volume_24h": 5},
    }
    assert asset["change_24h_percent"] == -0.97
    venues = {(venue["source"], venue["quote"]): venue for venue in asset["venues"]}
    assert venues["coinbase", "USD"]["bps"] == pytest.approx((77400 / 77361.43 - 1) * 1e4, abs=1e-4)
    assert venues["coingecko", "USD"]["bps"] == 0
    assert venues["binance", "USDT"]["bps"] is None
    assert asset["spread_bps"] == venues["coinbase", "USD"]["bps"]
    assert (odd["price"], odd["spread_bps"], odd["spark"]) == ("0.00000012", None, [[seconds(12), 1.2e-7]])


def seconds(hour: int, minute: int = 0) -> int:
    return int(noon(DAY, hour, minute).timestamp())


def test_names_come_from_coingeckos_list_and_else_are_the_sources_own():
    lake = Lake()
    known = dict.fromkeys(refined()["assets"].schema.names) | {
        **{"source": "coingecko", "asset_id": "bitcoin", "base": "BTC", "name": "Bitcoin"},
        **{"received_at": noon(DAY), "raw_key": "raw/x"},
    }
    eth = quote("coingecko", "ETH", "USD", noon(DAY), 1, raw_symbol="ethereum")
    lake.take([quotes(coin("1"), eth), (partition("assets", f"dt={DAY}"), [known])])
    names = {asset["base"]: asset["name"] for asset in published(lake)["watchlist.json"]["assets"]}
    assert names == {"BTC": "Bitcoin", "ETH": "ethereum"}


def test_a_sparkline_reaches_two_days_back_in_at_most_48_points():
    lake = Lake()
    yesterday = DAY - timedelta(days=1)
    lake.take([quotes(*(coin(str(1 + hour), hour) for hour in range(13)))])
    lake.take([quotes(*(quote("coingecko", "BTC", "USD", noon(yesterday, hour), 9) for hour in range(24)))])
    (asset,) = published(lake)["watchlist.json"]["assets"]
    assert len(asset["spark"]) == 37
    assert asset["spark"][-1] == [seconds(12), 13]
    assert asset["spark"] == sorted(asset["spark"])


def test_a_market_without_a_price_for_a_week_is_left_out():
    lake = Lake()
    old = quote("coingecko", "LUNA", "USD", noon(DAY - timedelta(days=8)), 1)
    lake.take([quotes(coin("1")), quotes(old)])
    assert [asset["base"] for asset in published(lake)["watchlist.json"]["assets"]] == ["BTC"]


def test_a_candle_file_has_every_venues_last_500_and_what_is_missing_of_them():
    lake = Lake()
    start = datetime(2026, 2, 10, tzinfo=UTC)
    rows = [
        candle("coinbase", "BTC", "USD", start + timedelta(hours=at), 100 + at)
        for at in range(560)
        if at != 550
    ]
    for month in (2, 3):
        lake.take([buckets("1h", *(row for row in rows if row["open_time"].month == month))])
    lake.take([buckets("1d", candle("binance", "BTC", "USDT", noon(DAY, 0), 7))])
    hole = start + timedelta(hours=550)
    common = {"source": "coinbase", "base": "BTC", "quote": "USD", "buckets": 1, "interval": "1h"}

    def gaps_of(intervals, months):
        assert list(months) == ["2026-02", "2026-03"] or list(intervals) == ["1d"]
        shown = [
            {**common, "open_time": hole, "state": "no_trade", "evidence": "nobody traded"},
            {**common, "open_time": start, "state": "our_outage", "evidence": "too old to be shown"},
            {**common, "open_time": hole, "state": "present", "quote": "EUR"},
        ]
        return gaps(shown if list(intervals) == ["1h"] else [])

    found = published(lake, gaps_of=gaps_of)
    assert {name for name in found if name.startswith("candles/")} == {
        "candles/BTC/1h.json",
        "candles/BTC/1d.json",
    }
    (venue,) = found["candles/BTC/1h.json"]["venues"]
    last = int(rows[-1]["open_time"].timestamp())
    assert len(venue["candles"]) == 500
    assert venue["candles"][-1] == [last, 659, 659, 659, 659, 1.5]
    at = int(hole.timestamp())
    assert venue["gaps"] == [
        {"start": at, "end": at + 3600, "status": "no_trade", "evidence": "nobody traded"}
    ]
    days = {venue["source"]: venue["derived_from"] for venue in found["candles/BTC/1d.json"]["venues"]}
    assert days == {"binance": None, "coinbase": "1h"}


def test_a_candle_file_says_which_candles_lack_a_part_and_how_much_is_known_of_them():
    lake = Lake()
    hours = [*range(24), *range(30, 48), *range(48, 60)]
    start = datetime(2026, 3, 3, tzinfo=UTC)
    rows = [candle("coinbase", "BTC", "USD", start + timedelta(hours=at), 100) for at in hours]
    lake.take([buckets("1h", *rows)])
    (venue,) = published(lake)["candles/BTC/1d.json"]["venues"]
    days = [int((start + timedelta(days=day)).timestamp()) for day in range(3)]
    assert [candle[0] for candle in venue["candles"]] == days
    assert venue["incomplete"] == [[days[1], 0.75, True], [days[2], 0.5, False]]


def test_an_old_months_candles_that_no_chart_shows_are_not_published_again():
    lake = Lake()
    for month in (1, 3):
        lake.take([buckets("1h", candle("coinbase", "BTC", "USD", datetime(2026, month, 5, tzinfo=UTC), 7))])
    assert published(lake, partition("candles", "interval=1h/month=2026-01")) == {}
    assert list(published(lake, partition("candles", "interval=1h/month=2026-03"))) == ["candles/BTC/1h.json"]


def test_no_file_is_named_after_an_asset_that_the_map_does_not_hold():
    lake = Lake()
    lake.take([buckets("1h", candle("coingecko", "coingecko:../x", "USD", noon(DAY), 7))])
    assert [name for name in published(lake) if name.startswith("candles/")] == []


def test_the_index_says_which_intervals_each_asset_has_in_order():
    body = candles.index(["candles/BTC/1h.json", "candles/BTC/15m.json", "candles/AAVE/1d.json"])
    assert json.loads(body) == {
        "markets": {"AAVE": {"intervals": ["1d"]}, "BTC": {"intervals": ["15m", "1h"]}}
    }


def test_the_market_file_lists_its_days():
    lake = Lake()
    whole = [coin("1", hour, change_24h_percent=Decimal(1)) for hour in range(24)]
    lake.take([quotes(*whole), moods((DAY, 20))])
    assert published(lake)["market.json"] == {
        "generated_at": int(NOW.timestamp()),
        "days": [
            {
                **{"dt": "2026-03-05", "assets": 1, "assets_up": 1, "breadth": 1, "total_market_cap": 1e12},
                **{"btc_dominance": 1, "eth_dominance": None, "sentiment": 20, "classification": "Fear"},
                "coverage": 1,
            }
        ],
    }


def test_an_empty_lake_publishes_nothing_and_an_untouched_one_neither():
    assert published(Lake(), partition("candles", "interval=1h/month=2026-03")) == {}
    lake = Lake()
    lake.take([quotes(coin("1"))])
    assert published(lake, partition("gaps")) == {}


def test_every_source_of_a_feed_is_attributed_with_a_link():
    found = json.loads(sources(["coingecko", "binance", "coingecko", "elsewhere"]))["attributions"]
    assert [entry["source"] for entry in found] == ["binance", "coingecko"]
    assert found[1] == {
        **{"source": "coingecko", "text": "Data provided by CoinGecko", "url": "https://www.coingecko.com"}
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [("77361.430000000000000000", "77361.43"), ("1E-18", "0.000000000000000001"), ("1000", "1000")],
)
def test_prices_keep_every_digit_that_counts(value, text):
    assert exact(Decimal(value)) == text


def test_points_of_a_chart_keep_eight_digits():
    assert [number(Decimal("0.000012345678912")), number(1 / 3), number(None)] == [
        1.2345679e-5,
        0.33333333,
        None,
    ]
