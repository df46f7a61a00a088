import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.unit.transform.answers import codes, rows
from tests.unit.transform.recorded import SAMPLES
from transform.readers import decoding

KLINES = SAMPLES["binance_klines_1h.json"]
TICKER = SAMPLES["binance_ticker_24hr_full.json"]
TICKERS = SAMPLES["binance_ticker_24hr_mini_array.json"]
MARKETS = SAMPLES["binance_exchange_info.json"]
OPEN_TIME, OPEN, HIGH, LOW, CLOSE, VOLUME, CLOSE_TIME, QUOTE_VOLUME, TRADES = range(9)
MIDNIGHT = 1795132800000
HOUR = 3_600_000


def test_microseconds_are_recognized_by_size_in_each_row():
    kline = json.loads(KLINES.body)[0]
    micro = [MIDNIGHT * 1000, *kline[1:6], MIDNIGHT * 1000 + HOUR * 1000 - 1, *kline[7:]]
    parsed = KLINES.read(json.dumps([kline, micro]).encode())
    assert [row["open_time"] for row in rows(parsed)] == [
        datetime(2026, 11, 19, 22, tzinfo=UTC),
        datetime(2026, 11, 20, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    ("fetched_at", "closed"),
    [
        ("2026-11-20T00:59:59.998+00:00", False),
        ("2026-11-20T00:59:59.999+00:00", False),
        ("2026-11-20T01:00:00+00:00", True),
    ],
)
def test_a_kline_is_closed_after_its_close_time(fetched_at, closed):
    assert rows(KLINES.read(fetched_at=fetched_at))[-1]["is_closed"] == closed


def test_a_kline_without_trades_is_kept():
    kline = [MIDNIGHT, "1", "1", "1", "1", "0.00000000", MIDNIGHT + HOUR - 1, "0.00000000", 0, "0", "0", "0"]
    (row,) = rows(KLINES.read(json.dumps([kline]).encode()))
    assert (row["volume"], row["quote_volume"], row["trades"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("place", "value", "code", "field"),
    [
        (OPEN_TIME, None, "missing_field", "open_time"),
        (OPEN_TIME, 1795129200, "bad_time", "open_time"),
        (OPEN_TIME, 10**18, "bad_time", "open_time"),
        (OPEN_TIME, 2**63, "out_of_range", "open_time"),
        (OPEN_TIME, 1795129200000.5, "bad_type", "open_time"),
        (OPEN_TIME, MIDNIGHT + HOUR, "future_time", "open_time"),
        (CLOSE_TIME, None, "missing_field", "close_time"),
        (CLOSE_TIME, MIDNIGHT - 2 * HOUR, "inconsistent", "close_time"),
        (OPEN, None, "missing_price", "open"),
        (HIGH, "x", "bad_type", "high"),
        (HIGH, "1", "inconsistent", "high"),
        (CLOSE, "99999", "inconsistent", "close"),
        (LOW, "0.00000000", "out_of_range", "low"),
    ],
)
def test_a_bad_kline_is_rejected_and_its_neighbours_stay(place, value, code, field):
    parsed = KLINES.read(KLINES.changed(1, place, to=value))
    assert codes(parsed) == [(code, 1, field)]
    assert parsed.rows_trusted == 2


@pytest.mark.parametrize("row", [None, {}, [], [1] * 11])
def test_a_kline_without_twelve_values_has_a_bad_shape(row):
    assert codes(KLINES.read(KLINES.changed(1, to=row))) == [("bad_shape", 1, None)]


def test_a_thirteenth_value_is_a_new_field():
    kline = [*json.loads(KLINES.body)[0], "new"]
    assert KLINES.read(json.dumps([kline]).encode()).notes == ("new_field:column_13",)


@pytest.mark.parametrize(
    ("slot", "code"),
    [("BTCUSDT.1h.3", "unknown_symbol"), ("BTC-USDT.2h.3", "bad_slot"), ("BTC-USDT", "bad_slot")],
)
def test_a_slot_that_names_no_market_rejects_the_klines(slot, code):
    assert [found for found, *_ in codes(replace(KLINES, slot=slot).read())] == [code]


def test_a_tether_price_is_never_a_dollar_price():
    assert {row["quote"] for sample in (KLINES, TICKER, MARKETS) for row in rows(sample.read())} == {"USDT"}


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("symbol", None, "missing_field"),
        ("symbol", "BTCFDUSD", "unknown_symbol"),
        ("symbol", "USDT", "unknown_symbol"),
        ("symbol", "USDTBTC", "unknown_symbol"),
        ("lastPrice", "0.00000000", "out_of_range"),
        ("lastPrice", ..., "missing_price"),
        ("closeTime", None, "missing_field"),
        ("closeTime", 1795132857, "bad_time"),
        ("closeTime", MIDNIGHT + HOUR, "future_time"),
    ],
)
def test_a_bad_ticker_is_rejected(field, value, code):
    assert codes(TICKER.read(TICKER.changed(field, to=value))) == [(code, 0, field)]


def test_an_empty_side_of_the_book_is_no_price():
    (row,) = rows(TICKER.read(TICKER.changed("bidPrice", to="0.00000000")))
    assert (row["bid"], row["ask"]) == (None, Decimal("77361.43"))


def test_a_ticker_in_microseconds_is_read_too():
    (row,) = rows(TICKER.read(TICKER.changed("closeTime", to=1795132857040123)))
    assert row["observed_at"] == datetime(2026, 11, 20, 0, 0, 57, 40123, tzinfo=UTC)


def test_a_symbol_that_was_not_requested_is_an_unknown_symbol():
    url = "https://data-api.binance.vision/api/v3/ticker/24hr?symbols=%5B%22BTCUSDT%22%5D&type=FULL"
    assert codes(TICKERS.read(url=url)) == [("unknown_symbol", 1, "symbol")]
    assert TICKERS.read(url=url.replace("%5D", "%2C%22PEPEUSDT%22%5D")).rejections == ()


@pytest.mark.parametrize("body", [b"{}", b'{"serverTime": 1}', b"1", b'"x"'])
def test_a_document_without_tickers_is_rejected_as_a_whole(body):
    assert codes(TICKER.read(body)) == [("not_a_list", None, None)]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("symbol", None, "missing_field"),
        ("baseAsset", 7, "bad_type"),
        ("quoteAsset", ..., "missing_field"),
    ],
)
def test_a_bad_market_is_rejected_and_its_neighbour_stays(field, value, code):
    parsed = MARKETS.read(MARKETS.changed("symbols", 0, field, to=value))
    assert codes(parsed) == [(code, 0, field)]
    assert parsed.rows_trusted == 1


@pytest.mark.parametrize("filters", [..., None, [], 7, [None, 7], [{}], [{"filterType": "NOTIONAL"}]])
def test_a_market_may_lack_its_filters(filters):
    row = rows(MARKETS.read(MARKETS.changed("symbols", 0, "filters", to=filters)))[0]
    assert (row["asset_id"], row["price_increment"], row["quantity_increment"]) == ("BTCUSDT", None, None)


def test_a_market_that_is_not_traded_stays_in_the_list():
    row = rows(MARKETS.read(MARKETS.changed("symbols", 0, "status", to="BREAK")))[0]
    assert row["status"] == "BREAK"


def test_what_binance_adds_to_the_envelope_or_to_a_market_is_noted():
    assert MARKETS.read(MARKETS.changed("extra", to=1)).notes == ("new_field:extra",)
    assert MARKETS.read(MARKETS.changed("symbols", 0, "extra", to=1)).notes == ("new_field:extra",)


@pytest.mark.parametrize("value", [..., None, {}, 7])
def test_an_exchange_without_symbols_is_rejected_as_a_whole(value):
    assert codes(MARKETS.read(MARKETS.changed("symbols", to=value))) == [("not_a_list", None, None)]


def test_the_list_of_markets_may_hold_more_values_than_a_page(monkeypatch):
    monkeypatch.setattr(decoding, "MAX_VALUES", 10)
    assert MARKETS.read().rows_trusted == 2
    assert [code for code, *_ in codes(TICKER.read())] == ["too_large"]


def test_the_list_of_markets_has_a_cap_of_its_own():
    flood = b'{"symbols": [{"filters": [' + b"1," * 1_000_000 + b"1]}]}"
    assert len(gzip.compress(flood)) < 1 << 20
    assert [code for code, *_ in codes(MARKETS.read(flood, max_bytes=4 << 20))] == ["too_large"]
    many = b'{"symbols": [' + b"{}," * 250_000 + b"{}]}"
    assert [code for code, *_ in codes(MARKETS.read(many))] == ["too_large"]
