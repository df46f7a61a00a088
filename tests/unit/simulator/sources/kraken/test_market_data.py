"""Kraken's REST methods: names, windows, cursors, errors with HTTP 200, and the limit of calls."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from simulator import sources
from simulator.market.market import Market
from simulator.market.venues import Venue
from simulator.quotas import Quotas
from simulator.sources.kraken.pairs import KRAKEN
from tests.unit.simulator.asgi import NOW, Client

CLIENT = Client()
API = f"{sources.path('kraken')}/public"
SAMPLES = Path(__file__).parents[4] / "samples" / "kraken"
HOUR, DAY = 3_600, 86_400
VENUE = Venue(Market(1, lambda: NOW), KRAKEN)


def get(method, client=CLIENT, **parameters):
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    return client.get(f"{API}/{method}?{query}")


def result(method, client=CLIENT, **parameters):
    reply = get(method, client, **parameters)
    assert (reply.status, reply.json["error"]) == (200, []), reply.text
    return reply.json["result"]


def errors(method, client=CLIENT, **parameters):
    reply = get(method, client, **parameters)
    assert (reply.status, list(reply.json)) == (200, ["error"]), reply.text
    return reply.json["error"]


def shape(value):
    """Types, and of objects the names in their order; of a list of rows only the first."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value[: 1 if value and isinstance(value[0], list) else None]]
    return type(value)


@pytest.mark.parametrize(
    ("sample", "method", "parameters", "optional"),
    [
        ("time", "Time", {}, set()),
        ("system_status", "SystemStatus", {}, set()),
        ("assets", "Assets", {"asset": "XBT"}, set()),
        ("asset_pairs", "AssetPairs", {"pair": "XBTUSD"}, {"long_position_limit", "short_position_limit"}),
        ("ticker", "Ticker", {"pair": "XBTUSD"}, set()),
        ("ohlc", "OHLC", {"pair": "XBTUSD", "interval": 60}, set()),
        ("trades", "Trades", {"pair": "XBTUSD", "count": 3}, set()),
        ("error_unknown_asset_pair", "Ticker", {"pair": "NOPEUSD"}, set()),
        ("error_invalid_arguments", "OHLC", {"pair": "XBTUSD", "interval": 7}, set()),
        ("error_unknown_method", "Depths", {}, set()),
    ],
)
def test_answers_have_the_shape_of_the_samples(sample, method, parameters, optional):
    def first(document):
        content = document.get("result", document)
        return (
            shape(next(iter(content.values()))) if method not in {"Time", "SystemStatus"} else shape(content)
        )

    expected, answer = (
        first(json.loads((SAMPLES / f"{sample}.json").read_text())),
        first(get(method, **parameters).json),
    )
    if isinstance(expected, dict):
        expected = {name: kind for name, kind in expected.items() if name not in optional}
        assert list(answer) == list(expected)
        lists = {"leverage_buy", "leverage_sell", "fees", "fees_maker"}
        assert {name for name in answer if answer[name] != expected[name]} <= lists
    else:
        assert answer == expected


@pytest.mark.parametrize(
    ("symbol", "key", "altname", "wsname", "base"),
    [
        ("BTC/USD", "XXBTZUSD", "XBTUSD", "XBT/USD", "XXBT"),
        ("ETH/USD", "XETHZUSD", "ETHUSD", "ETH/USD", "XETH"),
        ("XRP/USD", "XXRPZUSD", "XRPUSD", "XRP/USD", "XXRP"),
        ("DOGE/USD", "XDGUSD", "XDGUSD", "XDG/USD", "XXDG"),
        ("SOL/USD", "SOLUSD", "SOLUSD", "SOL/USD", "SOL"),
    ],
)
def test_a_pair_has_its_old_names_and_is_known_by_all_of_them(symbol, key, altname, wsname, base):
    row = result("AssetPairs")[key]
    assert (row["altname"], row["wsname"], row["base"], row["quote"]) == (altname, wsname, base, "ZUSD")
    for name in (key, altname, wsname, symbol, altname.lower()):
        assert list(result("Ticker", pair=name)) == [key]
    display = result("AssetPairs", pair=altname, assetVersion=1)
    assert list(display) == [symbol]
    assert (display[symbol]["base"], display[symbol]["quote"]) == (symbol.partition("/")[0], "USD")
    assert display[symbol]["wsname"] == wsname


def test_assets_are_listed_by_old_or_display_name():
    assert result("Assets", asset="XBT,ZUSD")["XXBT"]["altname"] == "XBT"
    assert list(result("Assets", asset="XXDG", assetVersion=1)) == ["DOGE"]
    assert errors("Assets", asset="NOPE") == ["EQuery:Unknown asset"]


def test_tickers_agree_with_the_candles_and_one_unknown_pair_fails_all():
    ticker = result("Ticker", pair="XBTUSD,XDGUSD")["XXBTZUSD"]
    assert Decimal(ticker["b"][0]) < Decimal(ticker["a"][0])
    assert Decimal(ticker["l"][1]) <= Decimal(ticker["c"][0]) <= Decimal(ticker["h"][1])
    today = result("OHLC", pair="XBTUSD", interval=1440)["XXBTZUSD"][-1]
    assert (today[0], Decimal(today[1]), today[7]) == (NOW // DAY * DAY, Decimal(ticker["o"]), ticker["t"][0])
    assert len(result("Ticker")) == len(result("AssetPairs")) >= 30
    assert errors("Ticker", pair="XBTUSD,NOPEUSD") == ["EQuery:Unknown asset pair"]


def test_candles_are_the_newest_720_and_the_open_one_whatever_since_says():
    answer = result("OHLC", pair="XBTUSD", interval=60, since=1_700_000_000)
    rows, newest = answer["XXBTZUSD"], int(NOW // HOUR) * HOUR
    assert [row[0] for row in rows] == list(range(newest - 720 * HOUR, newest + 1, HOUR))
    assert answer["last"] == newest - HOUR
    assert all(row[7] > 0 and Decimal(row[3]) <= Decimal(row[5]) <= Decimal(row[2]) for row in rows)


def test_since_of_candles_is_exclusive_and_the_open_candle_always_comes():
    newest = int(NOW // HOUR) * HOUR
    for since, expected in (
        (newest - 2 * HOUR, [newest - HOUR, newest]),
        (newest - 2 * HOUR - 1, [newest - 2 * HOUR, newest - HOUR, newest]),
        (newest - HOUR, [newest]),
        (newest + 9 * DAY, [newest]),
    ):
        rows = result("OHLC", pair="XBTUSD", interval=60, since=since)["XXBTZUSD"]
        assert [row[0] for row in rows] == expected


def test_idle_minutes_are_flat_with_a_count_of_0():
    rows = result("OHLC", pair="SHIBUSD", interval=1)["SHIBUSD"]
    assert [row[0] for row in rows] == list(range(rows[0][0], rows[-1][0] + 60, 60))
    idle = next(index for index, row in enumerate(rows[1:], 1) if row[7] == 0)
    assert rows[idle][1:7] == [rows[idle - 1][4]] * 4 + ["0.00000000", "0.00000000"]


def test_a_pair_has_no_candle_before_its_listing():
    client = Client(clock=[VENUE.listed_at(VENUE.market.by_id["solana"]) + 5 * DAY])
    rows = result("OHLC", client, pair="SOLUSD", interval=1440)["SOLUSD"]
    assert 5 <= len(rows) <= 6


def ids(**parameters):
    answer = result("Trades", pair="XBTUSD", **parameters)
    return [row[6] for row in answer["XXBTZUSD"]], answer["last"]


def test_trades_are_the_newest_oldest_first_and_at_most_a_thousand():
    newest, last = ids()
    assert newest == list(range(newest[0], newest[0] + 1_000))
    row = result("Trades", pair="XBTUSD", count=1)["XXBTZUSD"][0]
    assert row[6] == newest[-1] and row[3] in "bs" and row[4] in "ml" and row[5] == ""
    assert 0 <= NOW - row[2] < 1 and last == str(round(row[2] * 1_000_000) * 1_000)


def test_since_of_trades_is_inclusive_in_nanoseconds_and_pages_overlap_by_one():
    first, last = ids(since=int(NOW - 600) * 10**9, count=100)
    second, _ = ids(since=last, count=100)
    assert second == list(range(first[-1], first[-1] + 100))
    assert ids(since=int(last) + 1, count=2)[0][0] == first[-1] + 1


def test_since_of_trades_may_be_in_seconds_and_before_the_first_trade_is_the_first():
    assert ids(since=int(NOW - 600), count=5)[0] == ids(since=int(NOW - 600) * 10**9, count=5)[0]
    assert ids(since=0, count=3)[0] == [1, 2, 3]
    assert ids(since=int(NOW + 60) * 10**9) == ([], str(int(NOW + 60) * 10**9))


@pytest.mark.parametrize(
    ("method", "parameters", "error"),
    [
        ("OHLC", {}, "EGeneral:Invalid arguments"),
        ("OHLC", {"pair": "XBTUSD", "interval": "x"}, "EGeneral:Invalid arguments"),
        ("OHLC", {"pair": "XBTUSD", "since": "soon"}, "EGeneral:Invalid arguments"),
        ("OHLC", {"pair": "OLDUSD"}, "EQuery:Unknown asset pair"),
        ("Trades", {}, "EGeneral:Invalid arguments"),
        ("Trades", {"pair": "XBTUSD", "count": 1_001}, "EGeneral:Invalid arguments"),
        ("Trades", {"pair": "XBTUSD", "since": "1e400"}, "EGeneral:Invalid arguments"),
        ("Trades", {"pair": "XBTUSD", "since": "NaN"}, "EGeneral:Invalid arguments"),
        ("AssetPairs", {"pair": "NOPE"}, "EQuery:Unknown asset pair"),
    ],
)
def test_errors_come_with_http_200(method, parameters, error):
    assert errors(method, **parameters) == [error]


def test_an_unknown_method_is_404_and_unknown_parameters_are_ignored():
    reply = get("Depths")
    assert (reply.status, reply.json) == (404, {"error": ["EGeneral:Unknown method"]})
    assert result("Time", foo=1)["unixtime"] == int(NOW)


def test_a_burst_of_30_and_then_one_call_a_second():
    client = Client(quotas=Quotas())
    for _ in range(30):
        result("Time", client)
    assert errors("Time", client) == ["EGeneral:Too many requests"]
    client.clock[0] += 1
    result("Time", client)
    assert errors("Time", client) == ["EGeneral:Too many requests"]


def faulty(fault, method, **parameters):
    client = Client()
    client.put("/_faults", [{"path": f"{API}/{method}", "fault": fault}])
    return get(method, client, **parameters)


def test_faults_are_worded_as_kraken_words_them_with_http_200():
    for fault, error in (
        ("429", "EGeneral:Too many requests"),
        ("500", "EService:Unavailable"),
        ("404", "EQuery:Unknown asset pair"),
    ):
        reply = faulty(fault, "Ticker")
        assert (reply.status, reply.json) == (200, {"error": [error]})
    assert faulty("503", "Ticker").status == 503


def test_rows_of_a_pair_are_corrupted_inside_of_the_envelope():
    query = {"pair": "XBTUSD", "interval": 60}
    whole = result("OHLC", **query)["XXBTZUSD"]
    assert faulty("null_price", "OHLC", **query).json["result"]["XXBTZUSD"][0][4] is None
    assert faulty("missing_assets", "OHLC", **query).json["result"]["XXBTZUSD"] == whole[1:]
    assert len(faulty("hole", "OHLC", **query).json["result"]["XXBTZUSD"]) == len(whole) - 1
    revised = faulty("revised", "OHLC", **query).json["result"]["XXBTZUSD"]
    assert Decimal(revised[0][6]) == 2 * Decimal(whole[0][6]) and revised[1:] == whole[1:]
    trade = faulty("null_price", "Trades", pair="XBTUSD").json["result"]["XXBTZUSD"][0]
    assert trade[0] is None and trade[6] > 0
    ticker = faulty("null_price", "Ticker", pair="XBTUSD").json["result"]["XXBTZUSD"]
    assert ticker["c"][0] is None and ticker["a"][0]
