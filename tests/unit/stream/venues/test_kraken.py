"""Kraken: its three channels, its names, and trades by a cursor in nanoseconds."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinlake.errors import SourceUnavailable
from stream.frames import BadFrame, Ignored, Reply
from stream.venues.kraken import Kraken
from stream.venues.rest_trades import MICROS, Hole, RestTrades, TradesPage
from tests.examples import examples

SAMPLES = Path(__file__).parents[3] / "samples" / "kraken"
NOW = 1_795_132_857_000_000
RECEIVED_AT = 7
KRAKEN = Kraken()


def sample(name):
    return (SAMPLES / f"{name}.json").read_bytes().strip()


@pytest.mark.parametrize(
    ("name", "expected", "ids"),
    [
        ("trade_update", ("trades", "BTCUSD@trade", "BTCUSD", 104772812), (104772812,)),
        ("trade_snapshot", ("trades", "BTCUSD@trade", "BTCUSD", 104772811), (104772810, 104772811)),
        ("ticker_update", ("tickers", "BTCUSD@ticker", "BTCUSD", NOW + 18_412), ()),
        ("ohlc_snapshot", ("klines", "BTCUSD@ohlc", "BTCUSD", NOW + 504_201), ()),
        ("ohlc_update", ("klines", "BTCUSD@ohlc", "BTCUSD", NOW + 1_114_514), ()),
    ],
)
def test_a_frame_says_what_it_is_and_which_trades_are_in_it(name, expected, ids):
    frame = KRAKEN.read(sample(name))
    assert (frame.dataset, frame.stream, frame.market, frame.key) == expected
    assert frame.trade_ids == ids


@pytest.mark.parametrize(
    ("name", "price", "event_time", "details"),
    [
        ("trade_update", "77361.3", NOW + 18_412, {"quantity": "0.00412280"}),
        (
            "ticker_update",
            "77361.4",
            NOW + 18_412,
            {
                "bid": "77361.3",
                "ask": "77361.4",
                "high": "78015.9",
                "low": "76120.5",
                "volume": "2184.91370044",
            },
        ),
        (
            "ohlc_update",
            "77361.3",
            NOW + 1_114_514,
            {"open": "77310.0", "high": "77361.4", "low": "77290.0", "volume": "1.41128832"},
        ),
    ],
)
def test_a_frame_has_a_price_in_the_venues_own_digits(name, price, event_time, details):
    shown = KRAKEN.price(sample(name), RECEIVED_AT)
    assert (shown.price, shown.event_time, shown.symbol, shown.details) == (
        price,
        event_time,
        "BTCUSD",
        details,
    )


def test_digits_are_those_of_the_text():
    text = sample("trade_update").replace(b"77361.3,", b"0.00000004100,").replace(b"0.00412280", b"3")
    shown = KRAKEN.price(text, RECEIVED_AT)
    assert (shown.price, shown.details) == ("0.00000004100", {"quantity": "3"})


def test_a_ticker_without_a_time_is_of_its_receipt_and_known_again():
    text = sample("ticker_update").replace(b',"timestamp":"2026-11-20T00:00:57.018412Z"', b"")
    frame = KRAKEN.read(text)
    assert KRAKEN.price(text, RECEIVED_AT).event_time == RECEIVED_AT
    assert KRAKEN.read(text).key == frame.key != KRAKEN.read(text.replace(b"61877", b"61878")).key


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (sample("subscribed_trade"), Reply(market="BTCUSD")),
        (sample("subscribed_ohlc"), Reply(market="BTCUSD")),
        (sample("subscribe_refused"), Reply("Currency pair not supported XBT/USD", "XBTUSD")),
        (
            b'{"error":"Symbol(s) not found","method":"subscribe","success":false}',
            Reply("Symbol(s) not found"),
        ),
        (b'{"error":"Malformed request","success":false}', Reply("Malformed request")),
        (sample("heartbeat"), Ignored()),
        (sample("status"), Ignored()),
        (sample("pong"), Ignored()),
        (sample("unsubscribed_trade"), Ignored()),
    ],
)
def test_replies_name_their_market_and_the_rest_is_ignored(text, message):
    assert KRAKEN.read(text) == message


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"hello", b"[1]", b"{", b"\x00", b"{}", b"1e5", b"[" * 100_000),
        b'{"channel":"trade","data":[]}',
        b'{"channel":"trade","data":[7]}',
        b'{"channel":"trade","data":{"symbol":"BTC/USD"}}',
        b'{"channel":"trade","data":[{"symbol":"BTC/USD","trade_id":"7"}]}',
        b'{"channel":"ticker","data":[{"symbol":"BTC/USD"},{"symbol":"ETH/USD"}]}',
        b'{"channel":"book","data":[{"symbol":"BTC/USD"}]}',
        b'{"channel":["trade"],"data":[{"symbol":"BTC/USD"}]}',
        sample("trade_update").replace(b'"sell"', b'"\xff"'),
    ],
    ids=range(16),
)
def test_a_message_that_cannot_be_read_is_a_bad_frame(text):
    with pytest.raises(BadFrame):
        KRAKEN.read(text)


def test_a_subscription_is_of_one_channel_and_of_the_websockets_symbols():
    streams = ["BTCUSD@trade", "BTCUSD@ticker", "ETHUSD@trade", "ETHBTC@ohlc", "DOGEUSDT@trade"]
    batches = KRAKEN.batches(streams)
    assert sorted(name for batch in batches for name in batch) == sorted(streams)
    asked = [json.loads(KRAKEN.subscription(number, batch)) for number, batch in enumerate(batches, 1)]
    assert [message["params"] for message in asked] == [
        {"channel": "trade", "symbol": ["BTC/USD", "ETH/USD", "DOGE/USDT"], "snapshot": False},
        {"channel": "ticker", "symbol": ["BTC/USD"]},
        {"channel": "ohlc", "symbol": ["ETH/BTC"], "interval": 1},
    ]
    assert [message["req_id"] for message in asked] == [1, 2, 3]
    assert max(map(len, KRAKEN.batches([f"A{number}USD@trade" for number in range(120)]))) == 50


@pytest.mark.parametrize(
    ("market", "pair"),
    [
        *(("BTCUSD", "XBT-USD"), ("DOGEUSDT", "XDG-USDT"), ("ETHBTC", "ETH-XBT"), ("SOLUSD", "SOL-USD")),
        ("ABCXYZ", "ABC-XYZ"),
    ],
)
def test_a_market_has_the_names_of_rest_in_keys_and_urls(market, pair):
    assert KRAKEN.pair(market, ["XBT", "XDG", "ETH"]) == pair
    url = f"https://host/0/public/Trades?pair={pair.replace('-', '')}&since=1&count=2"
    assert KRAKEN.market_of_url(url) == market
    assert (
        KRAKEN.trade_market(f"{market}@trade") == market and KRAKEN.trade_market(f"{market}@ticker") is None
    )


def test_an_answer_gives_its_trades_ids_and_the_moment_after_the_last():
    assert KRAKEN.read_trades(sample("trades")) == (
        [104772810, 104772811, 104772812],
        "1795132857018412346",
    )


@pytest.mark.parametrize("name", ["error_too_many_requests"])
def test_an_error_that_a_retry_may_heal_is_told_apart(name):
    with pytest.raises(SourceUnavailable, match="kraken: EGeneral:Too many requests"):
        KRAKEN.read_trades(sample(name))
    for body in (
        sample("error_unknown_asset_pair"),
        b"no JSON",
        b"7",
        b"[]",
        b'{"error":[],"result":{"last":"1"}}',
    ):
        with pytest.raises((ValueError, TypeError, LookupError)):
            KRAKEN.read_trades(body)


class Rest:
    """``Trades`` over times in nanoseconds by id; with ``inclusive`` the trades of ``since`` come too."""

    def __init__(self, trades, *, inclusive=True):
        self.trades, self.inclusive, self.requests = sorted(trades.items()), inclusive, 0
        self.rest = RestTrades(self.get)

    async def get(self, path):
        self.requests += 1
        pair, since, count = (part.partition("=")[2] for part in path.partition("?")[2].split("&"))
        assert path.startswith("/public/Trades?") and pair == "XBTUSD"
        first = int(since) + (not self.inclusive)
        trades = [(number, moment) for number, moment in self.trades if moment >= first][: int(count)]
        rows = [["1.0", "1.0", moment / 1e9, "b", "m", "", number] for number, moment in trades]
        last = str(trades[-1][1] if trades else first)
        body = json.dumps({"error": [], "result": {"XXBTZUSD": rows, "last": last}}).encode()
        ids, cursor = KRAKEN.read_trades(body)
        url = f"https://host/0{path}"
        return TradesPage(url, body, datetime(2026, 11, 21, tzinfo=UTC), ids, cursor)

    def fetch(self, first, last):
        return asyncio.run(KRAKEN.fetch_trades(Hole("BTCUSD", first, last, NOW), self.rest)).ids


@pytest.mark.parametrize("inclusive", [True, False])
def test_exactly_the_missing_trades_are_asked_for(inclusive):
    rest = Rest(
        {number: (NOW - (100 - number) * MICROS) * 1000 for number in range(100)}, inclusive=inclusive
    )
    assert rest.fetch(90, 94) == [90, 91, 92, 93, 94]
    assert rest.requests <= 4


@pytest.mark.parametrize("inclusive", [True, False])
def test_trades_of_one_nanosecond_are_all_had_with_those_before_them(inclusive):
    rest = Rest(dict.fromkeys(range(40), (NOW - 5 * MICROS) * 1000), inclusive=inclusive)
    ids = rest.fetch(17, 19)
    assert ids[-3:] == [17, 18, 19]


def test_trades_that_kraken_does_not_have_are_not_asked_for_for_ever():
    rest = Rest(
        {number: (NOW - (100 - number) * MICROS) * 1000 for number in range(100) if number not in (50, 51)}
    )
    assert not {50, 51} & set(rest.fetch(50, 51))
    assert rest.requests < 12


@given(st.data(), st.booleans())
@settings(max_examples=examples(200))
def test_every_missing_trade_that_exists_is_answered(data, inclusive):
    steps = data.draw(st.lists(st.integers(0, 10**8), min_size=2, max_size=60))
    moments, now = {}, (NOW - sum(steps)) * 1000
    for number, step in enumerate(steps, 1):
        now += step * 1000 + data.draw(st.integers(0, 1))
        moments[number] = now
    first = data.draw(st.integers(2, len(steps)))
    last = min(len(steps), first + data.draw(st.integers(0, 9)))
    rest = Rest(moments, inclusive=inclusive)
    ids = asyncio.run(KRAKEN.fetch_trades(Hole("BTCUSD", first, last, NOW + MICROS), rest.rest)).ids
    assert set(range(first, last + 1)) <= set(ids)
