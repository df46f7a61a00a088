"""How the venues' messages are read, and how they are asked."""

import json

import pytest

from coinlake.sources import catalog
from stream.frames import NO_PRICE, BadFrame, Frame, Ignored, Reply, ShutdownNotice, join_lines, line
from stream.venues import venue, websockets
from stream.venues.binance import Binance
from stream.venues.coinbase import Coinbase

MINI = (
    '{"stream":"btcusdt@miniTicker","data":{"e":"24hrMiniTicker","E":1795132857136,"s":"BTCUSDT",'
    '"c":"77361.43000000","o":"78108.76000000","h":"78828.37000000","l":"76471.70000000",'
    '"v":"18913.30000000","q":"1466013104.15300000"}}'
)
MICRO = MINI.replace("1795132857136", "1795132857136482")
TRADE = (
    '{"stream":"btcusdt@trade","data":{"e":"trade","E":1795132857137,"s":"BTCUSDT","t":12345,'
    '"p":"77361.43000000","q":"0.00100000","T":1795132857136,"m":true,"M":true}}'
)
BOOK = (
    '{"stream":"btcusdt@bookTicker","data":{"u":400900217,"s":"BTCUSDT","b":"25.35190000",'
    '"B":"31.21000000","a":"25.36520000","A":"40.66000000"}}'
)
KLINE = (
    '{"stream":"btcusdt@kline_1m","data":{"e":"kline","E":1795132857136,"s":"BTCUSDT","k":{"t":1795132800000,'
    '"i":"1m","o":"1.0","c":"2.0","h":"3.0","l":"0.5","v":"4.1","x":false}}}'
)
TICKER = json.dumps(
    {"type": "ticker", "sequence": 37475248783, "product_id": "BTC-USD", "price": "1285.22"}
    | {"open_24h": "1310.79", "best_bid": "1285.04", "best_ask": "1285.27", "side": "buy"}
    | {"time": "2026-11-21T10:05:19.228450Z", "trade_id": 370843401, "last_size": "11.4396987"}
)
MATCH = json.dumps(
    {"type": "match", "trade_id": 10, "sequence": 50, "maker_order_id": "a", "taker_order_id": "b"}
    | {"time": "2026-11-21T10:05:19.228450Z", "product_id": "BTC-USD", "size": "5.23512", "price": "400.23"}
    | {"side": "sell"}
)


SENT_AT = 1795132857136000
COINBASE_AT = 1795255519228450
RECEIVED_AT = 7


@pytest.mark.parametrize(
    ("venue", "text", "expected"),
    [
        (Binance(), MINI, ("tickers", "btcusdt@miniTicker", "BTCUSDT", SENT_AT // 1000)),
        (Binance(), MICRO, ("tickers", "btcusdt@miniTicker", "BTCUSDT", SENT_AT + 482)),
        (Binance(), TRADE, ("trades", "btcusdt@trade", "BTCUSDT", 12345)),
        (Binance(), BOOK, ("book_tickers", "btcusdt@bookTicker", "BTCUSDT", 400900217)),
        (Binance(), KLINE, ("klines", "btcusdt@kline_1m", "BTCUSDT", SENT_AT // 1000)),
        (Coinbase(), TICKER, ("tickers", "BTC-USD@ticker", "BTC-USD", 37475248783)),
        (Coinbase(), MATCH, ("trades", "BTC-USD@match", "BTC-USD", 10)),
    ],
    ids=["mini", "micro", "trade", "book", "kline", "ticker", "match"],
)
def test_a_frame_says_what_it_is(venue, text, expected):
    frame = venue.read(text.encode())
    assert (frame.dataset, frame.stream, frame.market, frame.key) == expected


@pytest.mark.parametrize(
    ("venue", "text", "price", "event_time"),
    [
        (Binance(), MINI, "77361.43000000", SENT_AT),
        (Binance(), MICRO, "77361.43000000", SENT_AT + 482),
        (Binance(), TRADE, "77361.43000000", SENT_AT),
        (Binance(), BOOK, "25.35855000", RECEIVED_AT),
        (Binance(), KLINE, "2.0", SENT_AT),
        (Coinbase(), TICKER, "1285.22", COINBASE_AT),
        (Coinbase(), MATCH, "400.23", COINBASE_AT),
    ],
    ids=["mini", "micro", "trade", "book", "kline", "ticker", "match"],
)
def test_a_frame_has_a_price_in_the_venues_own_digits(venue, text, price, event_time):
    shown = venue.price(text.encode(), RECEIVED_AT)
    assert (shown.price, shown.event_time) == (price, event_time)


@pytest.mark.parametrize(
    ("venue", "text", "message"),
    [
        (Binance(), '{"result":null,"id":1}', Reply()),
        (Binance(), '{"code":2,"msg":"Invalid request","id":1}', Reply("2: Invalid request")),
        (Binance(), '{"error":{"code":2,"msg":"invalid stream"},"id":2}', Reply("2: invalid stream")),
        (Binance(), '{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}', ShutdownNotice()),
        (Binance(), '{"e":"serverShutdown","E":1795132860000}', ShutdownNotice()),
        (Coinbase(), '{"type":"subscriptions","channels":[]}', Reply()),
        (
            Coinbase(),
            '{"type":"error","message":"Failed","reason":"no product"}',
            Reply("Failed: no product"),
        ),
        (Coinbase(), '{"type":"heartbeat","sequence":90}', Ignored()),
    ],
)
def test_replies_shutdown_notices_and_heartbeats_are_recognised(venue, text, message):
    assert venue.read(text.encode()) == message


@pytest.mark.parametrize("venue", [Binance(), Coinbase()], ids=["binance", "coinbase"])
@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"hello",
        b"[1]",
        b"{",
        b"\x00\x01",
        b'{"stream":"btcusdt@trade","data":{"s":"BTCUSDT","t":"7"}}',
        b"1e5",
        b'{"stream":"btcusdt@depth","data":{"e":"depthUpdate","s":"BTCUSDT","u":1}}',
        b"[" * 100_000,
        b'{"skipped":' + b"[" * 100_000,
    ],
    ids=range(10),
)
def test_a_message_that_cannot_be_read_is_a_bad_frame(venue, text):
    with pytest.raises(BadFrame):
        venue.read(text)


@pytest.mark.parametrize(
    ("venue", "text"), [(Binance(), TRADE), (Coinbase(), MATCH)], ids=["binance", "coinbase"]
)
@pytest.mark.parametrize(
    "skipped",
    [
        b"NaN",
        b"01",
        b"1.",
        b"-",
        b"[1,]",
        b"tru",
        b'"\n"',
        b'"\\x"',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b'"\xc0\xaf"',
        b'"',
    ],
)
def test_a_value_that_nobody_reads_must_be_json_too(venue, text, skipped):
    frame = (
        text.encode().removesuffix(b"}}").removesuffix(b"}")
        + b',"zz":%b'
        + b"}" * (2 if b"data" in text.encode() else 1)
    )
    assert isinstance(venue.read(frame % b'"\xc3\xa9"'), Frame)
    with pytest.raises(BadFrame):
        venue.read(frame % skipped)


@pytest.mark.parametrize(
    ("venue", "text"),
    [
        (Binance(), TRADE.replace('"p":"77361.43000000",', "")),
        (Binance(), KLINE.replace('"k":{', '"j":{')),
        (Binance(), BOOK.replace('"25.36520000"', "null")),
        (Binance(), BOOK.replace('"25.36520000"', '"much"')),
        (Coinbase(), MATCH.replace('"price"', '"prize"')),
    ],
)
def test_a_frame_that_shows_no_price_is_kept_and_says_so(venue, text):
    assert isinstance(venue.read(text.encode()), Frame)
    with pytest.raises(NO_PRICE):
        venue.price(text.encode(), RECEIVED_AT)


@pytest.mark.parametrize(
    ("venue", "text", "ids"),
    [
        (Binance(), TRADE, (12345,)),
        (Coinbase(), MATCH, (10,)),
        (Binance(), MINI, ()),
        (Coinbase(), TICKER, ()),
    ],
)
def test_only_frames_of_trades_have_trade_ids(venue, text, ids):
    assert venue.read(text.encode()).trade_ids == ids


def test_coinbases_last_match_is_a_trade_like_any_other():
    frame = Coinbase().read(MATCH.replace('"match"', '"last_match"').encode())
    assert isinstance(frame, Frame) and frame.trade_ids == (10,) and frame.stream == "BTC-USD@match"


def test_binance_is_asked_for_many_streams_in_one_message():
    message = json.loads(Binance().subscription(3, ["btcusdt@trade", "ethusdt@trade"]))
    assert message == {"method": "SUBSCRIBE", "params": ["btcusdt@trade", "ethusdt@trade"], "id": 3}
    assert Binance().address("wss://host", ["btcusdt@trade"]) == "wss://host/stream?streams=btcusdt@trade"


def test_coinbase_is_asked_for_products_by_channel():
    message = json.loads(Coinbase().subscription(1, ["BTC-USD@ticker", "BTC-USD@match", "ETH-USD@match"]))
    assert message["channels"] == [
        {"name": "ticker", "product_ids": ["BTC-USD"]},
        {"name": "matches", "product_ids": ["BTC-USD", "ETH-USD"]},
    ]


@pytest.mark.parametrize(
    ("market", "sides"),
    [
        ("BTCUSDT", "BTC-USDT"), ("ETHBTC", "ETH-BTC"), ("SHIBFDUSD", "SHIB-FDUSD"), ("BTCUSD", "BTC-USD"),
        ("WBTCUSDC", "WBTC-USDC"), ("XYZABCD", "XYZABCD"),
    ],
)  # fmt: skip
def test_a_symbol_is_split_into_base_and_quote(market, sides):
    assert Binance().pair(market, ["BTC", "ETH", "WBTC"]) == sides


def test_every_source_with_a_websocket_has_a_venue_of_its_name():
    assert set(websockets()) == {name for name, source in catalog().items() if source.websocket}
    assert [venue(name).source for name in websockets()] == list(websockets())


def test_a_line_is_the_frame_as_received_on_one_line():
    assert line(7, b'{"a": 1.50}') == b'{"received_at":7,"frame":{"a": 1.50}}\n'
    whole = join_lines([line(7, b'{"a":0}'), line(8, b'{\r\n"a":\n1}'), line(9, b'{"a":2}\r')])
    assert [json.loads(one) for one in whole.split(b"\n")[:-1]] == [
        {"received_at": 7 + number, "frame": {"a": number}} for number in range(3)
    ]
    assert whole.count(b"\n") == 3 and b"\r" not in whole
