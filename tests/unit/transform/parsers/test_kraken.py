"""Kraken: answers in an envelope, pairs with several names, messages of several rows."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from coinlake.sources import catalog
from tests.unit.transform.answers import SHARED, codes, rows
from tests.unit.transform.frames import RECEIVED, read
from tests.unit.transform.recorded import SAMPLES
from transform.parsers.kraken.names import base_of, live_market, live_sides

OHLC, TICKER = SAMPLES["kraken/ohlc.json"], SAMPLES["kraken/ticker.json"]
PAIRS, TRADES = SAMPLES["kraken/asset_pairs.json"], SAMPLES["kraken/trades.json"]
URL = "https://api.kraken.com/0/public/Ticker?pair={}"


def closed(body):
    return [row["is_closed"] for row in rows(OHLC.read(body))]


def test_the_last_bucket_is_never_closed():
    for last in (1795129200, 1795132800, None, "x", 1e300):
        assert closed(OHLC.changed("result", "last", to=last)) == [True, True, False]


def test_a_bucket_after_the_newest_committed_one_is_not_closed():
    assert closed(OHLC.changed("result", "last", to=1795125600)) == [True, False, False]
    assert closed(OHLC.changed("result", "last", to=...)) == [True, True, False]


def test_a_bucket_without_a_trade_is_a_row_and_no_quote_volume_is_made_up():
    flat = rows(OHLC.read())[1]
    assert (flat["volume"], flat["trades"]) == (0, 0)
    assert flat["open"] == flat["close"] == Decimal("77281.9")
    assert all(row["quote_volume"] is None for row in rows(OHLC.read()))


def test_buckets_in_another_order_are_the_same_rows():
    document = json.loads(OHLC.body)
    document["result"]["XXBTZUSD"].reverse()
    assert OHLC.read(json.dumps(document).encode()).slices == OHLC.read().slices


@pytest.mark.parametrize(
    ("place", "field", "code", "value"),
    [
        (0, "open_time", "bad_time", 1795125601),
        (1, "open", "missing_price", None),
        (2, "high", "inconsistent", "1"),
    ],
)
def test_a_bad_candle_costs_its_own_row_only(place, field, code, value):
    parsed = OHLC.read(OHLC.changed("result", "XXBTZUSD", 0, place, to=value))
    assert codes(parsed) == [(code, 0, field)]
    assert len(rows(parsed)) == 2


@pytest.mark.parametrize(("place", "name", "value"), [(6, "volume", "-1"), (7, "trades", -1)])
def test_a_bad_volume_or_count_costs_only_itself(place, name, value):
    parsed = OHLC.read(OHLC.changed("result", "XXBTZUSD", 0, place, to=value))
    assert (parsed.rejections, parsed.notes) == ((), (f"nulled:{name}:out_of_range:1",))
    assert rows(parsed)[0][name] is None


@pytest.mark.parametrize("sample", [OHLC, TRADES], ids=str)
@pytest.mark.parametrize(
    "result", [None, [], {}, {"last": 1}, {"A": [], "B": []}, {"A": 7, "last": 1}, {"A": {}}]
)
def test_a_result_that_is_not_of_one_pair_is_no_list(sample, result):
    assert codes(sample.read(sample.changed("result", to=result))) == [("not_a_list", None, None)]


@pytest.mark.parametrize("name", ["error_unknown_asset_pair", "error_too_many_requests"])
@pytest.mark.parametrize("sample", [OHLC, TICKER, PAIRS, TRADES], ids=str)
def test_an_error_with_status_200_is_named(sample, name):
    (rejection,) = sample.read((SHARED / "kraken" / f"{name}.json").read_bytes()).rejections
    assert rejection.code == "api_error" and rejection.value.startswith("E")


@pytest.mark.parametrize(
    ("pair", "currency", "base"),
    [
        ("XXBTZUSD", "USD", "XBT"),
        ("XETHXXBT", "XBT", "ETH"),
        ("XDGUSD", "USD", "XDG"),
        ("SOLUSD", "USD", "SOL"),
        ("XTZUSD", "USD", "XTZ"),
        ("ZUSDZCAD", "CAD", "USD"),
        ("XXBTZEUR", "USD", None),
        ("SOLEUR", "USD", None),
        ("USD", "USD", None),
    ],
)
def test_a_pairs_name_is_taken_apart(pair, currency, base):
    assert base_of(pair, currency) == base


def test_only_xbt_and_xdg_have_other_names_in_the_live_feed():
    assert catalog()["kraken"].websocket.asset_names == {"XBT": "BTC", "XDG": "DOGE"}
    assert live_sides("BTC/USD") == ("XBT", "USD") and live_sides("ETH/BTC") == ("ETH", "XBT")
    assert live_sides("SOL/USD") == ("SOL", "USD") and live_sides("SOLUSD") is None
    assert (live_market("XBT", "USD"), live_market("ETH", "XBT")) == ("BTCUSD", "ETHBTC")


def test_a_pair_that_was_not_asked_for_is_rejected():
    parsed = TICKER.read(url=URL.format("XDGUSD,SOLUSD"))
    assert codes(parsed) == [("unknown_symbol", 0, "pair")]
    assert [row["raw_symbol"] for row in rows(parsed)] == ["XDGUSD"]
    assert len(rows(TICKER.read(url=URL.format("XBTUSD%2CXDGUSD")))) == 2


@pytest.mark.parametrize("value", [[], "77361.4", 77361.4, {}])
def test_a_ticker_whose_price_is_no_list_is_rejected_and_another_such_field_is_null(value):
    parsed = TICKER.read(TICKER.changed("result", "XXBTZUSD", "c", to=value))
    assert codes(parsed) == [("bad_shape", 0, "c")]
    parsed = TICKER.read(TICKER.changed("result", "XXBTZUSD", "v", to=value))
    assert (parsed.rejections, parsed.notes) == ((), ("nulled:v:bad_shape:1",))
    assert rows(parsed)[0]["volume_24h_base"] is None


@pytest.mark.parametrize(
    ("field", "code", "value"),
    [
        ("wsname", "missing_field", ...),
        ("wsname", "unknown_symbol", "XBTUSD"),
        ("altname", "missing_field", None),
    ],
)
def test_a_pair_without_a_name_is_rejected(field, code, value):
    parsed = PAIRS.read(PAIRS.changed("result", "XXBTZUSD", field, to=value))
    assert codes(parsed) == [(code, 0, field)]
    assert len(rows(parsed)) == 3


@pytest.mark.parametrize(
    ("field", "code", "value", "column"),
    [
        ("lot_decimals", "out_of_range", 19, "quantity_increment"),
        ("lot_decimals", "out_of_range", -1, "quantity_increment"),
        ("lot_decimals", "bad_type", "eight", "quantity_increment"),
        ("tick_size", "bad_type", "small", "price_increment"),
    ],
)
def test_a_step_that_is_impossible_is_null(field, code, value, column):
    parsed = PAIRS.read(PAIRS.changed("result", "XXBTZUSD", field, to=value))
    assert (parsed.rejections, parsed.notes) == ((), (f"nulled:{field}:{code}:1",))
    assert [row[column] is None for row in rows(parsed)] == [False, False, True, False]


def recorded(name):
    return (Path(SHARED) / "kraken" / f"{name}.json").read_text().strip()


def kept(name, text=None):
    return f'{{"received_at":{RECEIVED},"frame":{text or recorded(name)}}}'


def test_a_snapshot_of_trades_is_a_row_for_each_and_an_update_goes_on():
    parsed = read(("kraken", "trades"), kept("trade_snapshot"), kept("trade_update"))
    assert parsed.rows_in == 3 and parsed.notes == ()
    (part,) = parsed.slices
    assert part.rows["trade_id"].to_pylist() == [104772810, 104772811, 104772812]
    assert part.rows["is_buyer_maker"].to_pylist() == [False, False, True]


def test_a_refilled_trade_is_the_live_one():
    """So that refined makes one row of both: all but when and in what it came."""
    (live,), (refilled,) = (
        parsed.slices
        for parsed in (
            read(("kraken", "trades"), kept("trade_snapshot"), kept("trade_update")),
            TRADES.read(),
        )
    )
    names = [name for name in live.rows.schema.names if name not in ("received_at", "raw_key")]
    assert live.rows.select(names).to_pylist() == refilled.rows.select(names).to_pylist()


def test_numbers_keep_every_digit_of_the_text():
    text = recorded("trade_update").replace("77361.3,", "77361.30000001,").replace("0.00412280", "4.1e-7")
    ((row,),) = (part.rows.to_pylist() for part in read(("kraken", "trades"), kept("", text)).slices)
    assert (row["price"], row["quantity"]) == (Decimal("77361.30000001"), Decimal("0.00000041"))


def test_candles_of_a_snapshot_are_closed_but_for_the_last():
    (part,) = read(("kraken", "klines"), kept("ohlc_snapshot")).slices
    assert part.rows["is_closed"].to_pylist() == [True, False]
    assert part.partition == "interval=1m/month=2026-11"


def test_a_candle_is_told_again_as_it_grows():
    (part,) = read(("kraken", "klines"), kept("ohlc_snapshot"), kept("ohlc_update")).slices
    assert part.rows["trades"].to_pylist() == [36, 104, 105]


def test_a_ticker_without_a_time_is_of_its_receipt():
    text = recorded("ticker_update").replace(',"timestamp":"2026-11-20T00:00:57.018412Z"', "")
    ((row,),) = (part.rows.to_pylist() for part in read(("kraken", "tickers"), kept("", text)).slices)
    assert row["event_time"] == row["received_at"]


@pytest.mark.parametrize("name", ["status", "heartbeat", "subscribed_trade", "pong"])
def test_what_is_no_data_is_another_stream(name):
    (rejection,) = read(("kraken", "trades"), kept(name)).rejections
    assert rejection.code == "unsupported_stream"
