"""A column that may be null condemns no row: a value that does not fit it is null, and the ledger notes it.

Of the reports: a ``circulating_supply`` of 9e20, and a 24-hour high of 0, cost a coin its good price.
"""

import json

import pytest

from coinlake.tables import tables
from tests.unit.transform.answers import rows
from tests.unit.transform.recorded import SAMPLES

BINANCE, BINANCE_TICKER = SAMPLES["binance_klines_1h.json"], SAMPLES["binance_ticker_24hr_mini_array.json"]
INFO, PRODUCTS = SAMPLES["binance_exchange_info.json"], SAMPLES["coinbase_products.json"]
CANDLES, TICKER, STATS = (SAMPLES[f"coinbase_{name}.json"] for name in ("candles_3600", "ticker", "stats"))
COINS, SIMPLE = SAMPLES["coingecko_coins_markets.json"], SAMPLES["coingecko_simple_price.json"]
CHART, LIST = SAMPLES["coingecko_market_chart_days7_hourly.json"], SAMPLES["coingecko_coins_list.json"]
CAP, RATES = SAMPLES["coincap_v3_assets.json"], SAMPLES["coincap_v3_rates.json"]
TICKS, DAYS = SAMPLES["coindesk_latest_tick.json"], SAMPLES["coindesk_spot_days.json"]
TRADES = SAMPLES["binance_historical_trades.json"]
TICK = ("Data", "BTC-USD")

CASES = [
    (COINS, (0, "circulating_supply"), 9 * 10**20, "circulating_supply", "out_of_range"),
    (COINS, (0, "total_supply"), 1e300, "total_supply", "out_of_range"),
    (COINS, (0, "max_supply"), "x", "max_supply", "bad_type"),
    (COINS, (0, "high_24h"), 0, "high_24h", "out_of_range"),
    (COINS, (0, "low_24h"), -1, "low_24h", "out_of_range"),
    (COINS, (0, "total_volume"), -1, "volume_24h_quote", "out_of_range"),
    (COINS, (0, "market_cap"), 10**20, "market_cap", "out_of_range"),
    (COINS, (0, "market_cap"), float("-inf"), "market_cap", "nonfinite"),
    (COINS, (0, "price_change_percentage_24h"), False, "change_24h_percent", "bad_type"),
    (COINS, (0, "market_cap_rank"), 2**31, "rank", "out_of_range"),
    (COINS, (0, "market_cap_rank"), 1.5, "rank", "bad_type"),
    (SIMPLE, ("ethereum", "usd_24h_vol"), -1, "volume_24h_quote", "out_of_range"),
    (SIMPLE, ("ethereum", "usd_market_cap"), True, "market_cap", "bad_type"),
    (LIST, (1, "name"), "x" * 201, "name", "too_long"),
    (LIST, (1, "name"), "Bit\x00coin", "name", "bad_text"),
    (LIST, (1, "symbol"), 7, "symbol", "bad_type"),
    (LIST, (1, "symbol"), "\ud800", "symbol", "bad_text"),
    (CHART, ("market_caps", 1, 1), "x", "market_cap", "bad_type"),
    (CHART, ("total_volumes", 0, 1), -1, "volume_24h_quote", "out_of_range"),
    (CHART, ("total_volumes", 0, 1), 1e300, "volume_24h_quote", "out_of_range"),
    (CAP, ("data", 1, "rank"), "first", "rank", "bad_type"),
    (CAP, ("data", 1, "rank"), "9999999999", "rank", "out_of_range"),
    (CAP, ("data", 1, "volumeUsd24Hr"), "-1", "volume_24h_quote", "out_of_range"),
    (CAP, ("data", 1, "supply"), "Infinity", "circulating_supply", "nonfinite"),
    (RATES, ("data", 2, "currencySymbol"), "\x00", "currency_symbol", "bad_text"),
    (TICKS, (*TICK, "MOVING_24_HOUR_VOLUME"), -1, "volume_24h_base", "out_of_range"),
    (TICKS, (*TICK, "MOVING_24_HOUR_HIGH"), 0, "high_24h", "out_of_range"),
    (DAYS, ("Data", 0, "TOTAL_TRADES"), -1, "trades", "out_of_range"),
    (DAYS, ("Data", 0, "TOTAL_TRADES"), 1.5, "trades", "bad_type"),
    (DAYS, ("Data", 0, "VOLUME"), 1e25, "volume", "out_of_range"),
    (BINANCE, (1, 5), "-1", "volume", "out_of_range"),
    (BINANCE, (1, 7), "1e30", "quote_volume", "out_of_range"),
    (BINANCE, (1, 8), -1, "trades", "out_of_range"),
    (BINANCE, (1, 8), 2**63, "trades", "out_of_range"),
    (BINANCE_TICKER, (0, "highPrice"), "0", "high_24h", "out_of_range"),
    (BINANCE_TICKER, (0, "volume"), "x", "volume_24h_base", "bad_type"),
    (INFO, ("symbols", 0, "status"), "\x1b", "status", "bad_text"),
    (CANDLES, (1, 5), -1, "volume", "out_of_range"),
    (CANDLES, (1, 5), "1", "volume", "bad_type"),
    (TICKER, ("bid",), "-1", "bid", "out_of_range"),
    (TICKER, ("ask",), [], "ask", "bad_type"),
    (TICKER, ("volume",), "NaN", "volume_24h_base", "nonfinite"),
    (STATS, ("open",), "0", "open_24h", "out_of_range"),
    (PRODUCTS, (1, "quote_increment"), "-1", "price_increment", "out_of_range"),
    (PRODUCTS, (1, "base_increment"), "x", "quantity_increment", "bad_type"),
    (PRODUCTS, (1, "display_name"), 1, "name", "bad_type"),
    (TRADES, (0, "quoteQty"), "0.123456789", "quote_quantity", "inexact"),
]


def by_key(sample, body=None):
    parsed = sample.read(body)
    table = tables()[parsed.slices[0].table]
    keys = [name for name in table.natural_key if name in table.schema.names]
    return parsed, {tuple(row[name] for name in keys): row for row in rows(parsed)}


@pytest.mark.parametrize(("sample", "path", "value", "column", "code"), CASES, ids=str)
def test_a_value_that_does_not_fit_is_null_and_its_row_stays(sample, path, value, column, code):
    parsed, kept = by_key(sample, sample.changed(*path, to=value))
    (before, good), (field, where, count) = by_key(sample), parsed.notes[0].split(":")[1:]
    assert parsed.rejections == before.rejections and kept.keys() == good.keys()
    changed = [key for key in good if kept[key] != good[key]]
    assert [kept[key] for key in changed] == [{**good[key], column: None} for key in changed]
    assert len(changed) == 1 and (where, count) == (code, "1") and len(parsed.notes) == 1
    assert field in {str(path[-1]), column, *path} or sample in {BINANCE, CANDLES}


@pytest.mark.parametrize(
    ("sample", "path", "value"),
    [
        (COINS, (0, "high_24h"), 1),
        (STATS, ("high",), "1"),
        (BINANCE_TICKER, (0, "highPrice"), "1"),
        (TICKS, (*TICK, "MOVING_24_HOUR_HIGH"), 1),
    ],
    ids=str,
)
def test_a_high_below_the_low_costs_both_and_not_the_price(sample, path, value):
    parsed, kept = by_key(sample, sample.changed(*path, to=value))
    _, good = by_key(sample)
    assert kept.keys() == good.keys()
    assert {**kept[next(k for k in good if kept[k] != good[k])]}.items() >= {
        "high_24h": None,
        "low_24h": None,
    }.items()
    assert [note.split(":")[2] for note in parsed.notes] == ["inconsistent"] * 2


@pytest.mark.parametrize(("value", "code"), [(10**9, "bad_time"), (-1, "bad_time"), ("x", "bad_type")])
def test_a_tick_whose_fraction_of_a_second_is_none_keeps_its_price_at_the_second(value, code):
    parsed = TICKS.read(TICKS.changed(*TICK, "VALUE_LAST_UPDATE_TS_NS", to=value))
    assert [row["observed_at"].microsecond for row in rows(parsed)] == [0]
    assert parsed.notes == (f"nulled:VALUE_LAST_UPDATE_TS_NS:{code}:1",)


def test_a_row_that_is_rejected_for_another_column_is_not_noted():
    coins = json.loads(COINS.body)
    coins[0] |= {"market_cap": -(10**30), "current_price": 0}
    parsed = COINS.read(json.dumps(coins).encode())
    assert "out_of_range" in {rejection.code for rejection in parsed.rejections} and parsed.notes == ()


@pytest.mark.parametrize("table", tables())
def test_what_a_row_is_for_is_never_null(table):
    """The columns that condemn are those that the table declares without null; its natural key are such.

    But for the ids of a gap, which tell it from others where they are known.
    """
    schema = tables()[table].schema
    known = [name for name in tables()[table].natural_key if name in schema.names]
    nullable = [name for name in known if schema.field(name).nullable]
    assert nullable == (["first_id", "last_id"] if table == "stream_gaps" else [])
