"""Every live dataset: good frames become rows, bad ones are named, and both ways of reading agree."""

import gzip
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinlake.keys import RawKey
from coinlake.tables import tables
from stream.venues import venue
from tests.examples import examples
from tests.unit.transform.frames import RECEIVED, SENT, key, line, read, rows
from tests.unit.transform.recorded import LIVE, SAMPLES
from transform.model import AssetMap, RawDocument, Unreadable
from transform.parsers import reader_of
from transform.readers.json_lines import LineReader
from transform.readers.line_blocks import Block
from transform.readers.line_template import LineTemplate

NAMES = ["/".join(where) for where in LIVE]
PARTITIONS = {"klines": "interval=1m/month=2026-11"}
WORTH = {
    ("binance", "trades"): {
        "stream": "btcusdt@trade",
        "base": "BTC",
        "quote": "USDT",
        "raw_symbol": "BTCUSDT",
        "trade_id": 12345,
        "price": Decimal("77361.43"),
        "quantity": Decimal("0.1"),
        "quote_quantity": None,
        "is_buyer_maker": True,
        "traded_at": datetime(2026, 11, 20, 0, 0, 57, 135000, tzinfo=UTC),
    },
    ("binance", "book_tickers"): {
        "stream": "btcusdt@bookTicker",
        "base": "BTC",
        "quote": "USDT",
        "update_id": 400900217,
        "bid": Decimal("77361.43"),
        "bid_quantity": Decimal("31.21"),
        "ask": Decimal("77361.44"),
        "ask_quantity": Decimal("40.66"),
    },
    ("binance", "klines"): {
        "base": "BTC",
        "quote": "USDT",
        "raw_symbol": "BTCUSDT",
        "open": Decimal("77355.1"),
        "high": Decimal("77370"),
        "low": Decimal("77350.02"),
        "close": Decimal("77361.43"),
        "volume": Decimal("4.1022"),
        "quote_volume": Decimal("317331.2011"),
        "trades": 501,
        "is_closed": False,
        "open_time": datetime(2026, 11, 20, tzinfo=UTC),
    },
    ("coinbase", "trades"): {
        "stream": "BTC-USD@match",
        "base": "BTC",
        "quote": "USD",
        "raw_symbol": "BTC-USD",
        "trade_id": 10,
        "price": Decimal("400.23"),
        "quantity": Decimal("5.23512"),
        "is_buyer_maker": False,
        "traded_at": datetime(2026, 11, 20, 0, 0, 57, 136482, tzinfo=UTC),
    },
    ("coinbase", "tickers"): {
        "stream": "BTC-USD@ticker",
        "raw_symbol": "BTC-USD",
        "open": Decimal("1310.79"),
        "close": Decimal("1285.22"),
        "high": Decimal("1313.8"),
        "low": Decimal("1280.52"),
        "volume": Decimal("245532.79269678"),
        "quote_volume": None,
        "event_time": datetime(2026, 11, 20, 0, 0, 57, 136482, tzinfo=UTC),
    },
    ("kraken", "trades"): {
        "stream": "BTCUSD@trade",
        "base": "BTC",
        "quote": "USD",
        "raw_symbol": "BTCUSD",
        "trade_id": 104772812,
        "price": Decimal("77361.3"),
        "quantity": Decimal("0.0041228"),
        "quote_quantity": None,
        "is_buyer_maker": True,
        "traded_at": datetime(2026, 11, 20, 0, 0, 57, 18412, tzinfo=UTC),
    },
    ("kraken", "tickers"): {
        "stream": "BTCUSD@ticker",
        "raw_symbol": "BTCUSD",
        "open": Decimal("77572"),
        "close": Decimal("77361.4"),
        "high": Decimal("78015.9"),
        "low": Decimal("76120.5"),
        "volume": Decimal("2184.91370044"),
        "quote_volume": None,
        "event_time": datetime(2026, 11, 20, 0, 0, 57, 18412, tzinfo=UTC),
    },
    ("kraken", "klines"): {
        "base": "BTC",
        "quote": "USD",
        "raw_symbol": "BTCUSD",
        "open": Decimal("77310"),
        "high": Decimal("77361.4"),
        "low": Decimal("77290"),
        "close": Decimal("77361.4"),
        "volume": Decimal("1.40716552"),
        "quote_volume": None,
        "trades": 104,
        "is_closed": False,
        "open_time": datetime(2026, 11, 20, tzinfo=UTC),
    },
    ("binance", "stream_gaps"): {
        "stream": "btcusdt@trade",
        "reason": "disconnected",
        "first_id": 7,
        "last_id": 9,
        "frames": 3,
        "gap_from": datetime(2026, 11, 20, 0, 0, 57, 136000, tzinfo=UTC),
    },
}


ASSETS = AssetMap(lambda source, asset_id: f"{source}:{asset_id}")


@pytest.mark.parametrize("where", WORTH, ids="/".join)
def test_a_frame_becomes_a_row_with_every_digit(where):
    parsed = read(where, line(LIVE[where].make()))
    (row,) = rows(parsed)
    assert row.items() >= WORTH[where].items()
    assert (row["source"], row["raw_key"]) == (where[0], key(*where))
    assert row["received_at"] == datetime(2026, 11, 20, 0, 0, 57, 187234, tzinfo=UTC)
    assert parsed.slices[0].partition == PARTITIONS.get(where[1], "dt=2026-11-20")
    table = tables()[parsed.slices[0].table].schema
    assert parsed.slices[0].rows.schema.names == table.names and parsed.notes == ()


@pytest.mark.parametrize(
    ("where", "code", "changes"),
    [
        (where, code, change)
        for where, frames in LIVE.items()
        for code in sorted(frames.bad)
        for change in frames.bad[code]
    ],
    ids=str,
)
def test_a_bad_frame_is_rejected_and_its_neighbours_stay(where, code, changes):
    good = LIVE[where].lines(2)
    parsed = read(where, good[0], line(LIVE[where].make(**changes)), good[1])
    assert [(rejection.code, rejection.row) for rejection in parsed.rejections] == [(code, 1)]
    assert rows(parsed) == rows(read(where, *good))


@pytest.mark.parametrize(
    ("where", "column", "code", "changes"),
    [
        (where, column, code, change)
        for where, frames in LIVE.items()
        for column, faults in frames.nulled.items()
        for code in sorted(faults)
        for change in faults[code]
    ],
    ids=str,
)
def test_a_bad_value_of_a_column_that_may_be_null_costs_only_the_value(where, column, code, changes):
    frames = LIVE[where]
    _, *good = frames.lines(3)
    parsed = read(where, good[0], line(frames.make(**changes)), good[1])
    assert parsed.rejections == () and parsed.notes == (f"nulled:{column}:{code}:1",)
    (expected,) = rows(read(where, line(frames.make())))
    assert expected | {column: None} in rows(parsed)
    assert [row for row in rows(read(where, *good)) if row not in rows(parsed)] == []


@pytest.mark.parametrize("where", LIVE, ids=NAMES)
@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("not_json", "{"),
        ("not_an_object", "7"),
        ("not_an_object", '{"received_at":1}'),
        ("too_deep", f'{{"received_at":1,"frame":{{"a":{"[" * 70}{"]" * 70}}}}}'),
        ("duplicate_key", '{"received_at":1,"received_at":1,"frame":{}}'),
        ("bad_time", None),
    ],
)
def test_a_line_that_is_no_frame_is_rejected(where, code, text):
    text = text or line(LIVE[where].make(), received_at=RECEIVED + 10**12)
    (rejection,) = read(where, *LIVE[where].lines(1), text).rejections
    assert (rejection.code, rejection.row) == (code, 1)


THREE_DAYS_OLD = "2026-11-17T00:00:57.136482Z"
OLD = [
    (("coinbase", "trades"), {"type": "last_match", "time": THREE_DAYS_OLD}, "traded_at"),
    (("coinbase", "trades"), {"time": THREE_DAYS_OLD}, "traded_at"),
    (("coinbase", "tickers"), {"time": THREE_DAYS_OLD}, "event_time"),
    (("binance", "trades"), {"T": SENT - 3 * 86_400_000}, "traded_at"),
]


@pytest.mark.parametrize(("where", "changes", "column"), OLD, ids=str)
def test_the_last_trade_of_an_idle_market_is_kept_however_old_it_is(where, changes, column):
    parsed = read(where, *LIVE[where].lines(2), line(LIVE[where].make(**changes)))
    assert parsed.rejections == ()
    assert [part.partition for part in parsed.slices] == ["dt=2026-11-17", "dt=2026-11-20"]
    assert rows(parsed)[0][column].day == 17


@pytest.mark.parametrize("where", LIVE, ids=NAMES)
def test_a_repeated_frame_is_kept_once(where):
    lines = LIVE[where].lines(50)
    parsed = read(where, *lines, lines[7])
    assert [(rejection.code, rejection.row) for rejection in parsed.rejections] == [("duplicate_row", 50)]
    assert rows(parsed) == rows(read(where, *lines))


@pytest.mark.parametrize("where", LIVE, ids=NAMES)
def test_a_field_that_the_venue_adds_is_noted(where):
    assert read(where, line(LIVE[where].make(zz=1))).notes == ("new_field:zz",)


def test_one_batch_holds_frames_of_several_streams():
    make = LIVE["binance", "trades"].make
    names = ("BTCUSDT", "ETHUSDT", "BTCUSDC", "ETHBTC")
    lines = [line(make(s=name, stream=f"{name.lower()}@trade", t=10**n)) for n in range(12) for name in names]
    found = [
        (row["base"], row["quote"], row["trade_id"]) for row in rows(read(("binance", "trades"), *lines))
    ]
    assert found == sorted(found) and len(found) == 48
    assert {row[:2] for row in found} == {
        ("BTC", "USDT"), ("BTC", "USDC"), ("binance:ETH", "USDT"), ("binance:ETH", "BTC"),
    }  # fmt: skip


def test_klines_of_several_intervals_and_months_lie_in_their_partitions():
    make = LIVE["binance", "klines"].make
    midnight = 1796083200000  # 2026-12-01
    bars = [("1m", midnight - 60_000, 60_000), ("1m", midnight, 60_000), ("5m", midnight, 300_000)]
    lines = [
        line(make(i=name, stream=f"btcusdt@kline_{name}", t=t, T=t + size - 1, E=t + 60_001, x=t < midnight))
        for name, t, size in bars
    ]
    lines = [text.replace(str(RECEIVED), str(midnight * 1000 + 5000)) for text in lines]
    body = gzip.compress("\n".join(lines).encode())
    raw = RawKey.parse(
        key("binance", "klines").replace("2026-11-20", "2026-12-01").replace("20261120", "20261201")
    )
    document = RawDocument(key=raw, received_at=datetime(2026, 12, 1, tzinfo=UTC), assets=ASSETS)
    parsed = reader_of("binance", "klines").read(body, document, 1 << 20)
    assert [(part.partition, part.rows["is_closed"].to_pylist()) for part in parsed.slices] == [
        ("interval=1m/month=2026-11", [True]),
        ("interval=1m/month=2026-12", [False]),
        ("interval=5m/month=2026-12", [False]),
    ]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("BTCUSDT", ("BTC", "USDT")),
        ("ETHFDUSD", ("ETH", "FDUSD")),
        ("BTCUSD", ("BTC", "USD")),
        ("USDTTRY", ("USDT", "TRY")),
        ("BNTUSD", ("BN", "TUSD")),
        ("USDT", None),
        ("ABCXYZ", None),
    ],
)
def test_the_quote_of_a_symbol_is_the_longest_currency_that_it_ends_in(name, found):
    frame = LIVE["binance", "trades"].make(s=name, stream=f"{name.lower()}@trade")
    parsed = read(("binance", "trades"), line(frame))
    sides = [(row["base"].removeprefix("binance:"), row["quote"]) for row in rows(parsed)]
    assert sides == ([found] if found else [])
    assert [rejection.code for rejection in parsed.rejections] == ([] if found else ["unknown_symbol"])


def test_an_asset_of_the_configuration_that_begins_a_symbol_is_its_base():
    frame = LIVE["binance", "trades"].make(s="BNTUSD", stream="bntusd@trade")
    configured = replace(ASSETS, ids=lambda source: {"BNT"} if source == "binance" else set())
    document = RawDocument(
        key=RawKey.parse(key("binance", "trades")),
        received_at=datetime(2026, 11, 20, tzinfo=UTC),
        assets=configured,
    )
    parsed = reader_of("binance", "trades").read(gzip.compress(line(frame).encode()), document, 1 << 20)
    assert [(row["base"], row["quote"]) for row in rows(parsed)] == [("binance:BNT", "USD")]


@pytest.mark.parametrize("configured", [set(), {"ADA"}])
def test_the_live_market_the_refill_and_rest_name_ada_in_euros_alike(configured):
    """Reported: base ``binance:AD``, quote ``AEUR`` of the stream, ADA and EUR of REST."""
    document = RawDocument(
        key=RawKey.parse(key("binance", "trades")),
        received_at=datetime(2026, 11, 20, 0, 1, tzinfo=UTC),
        assets=replace(ASSETS, ids=lambda source: configured if source == "binance" else set()),
    )
    frame = LIVE["binance", "trades"].make(s="ADAEUR", stream="adaeur@trade")
    live = rows(reader_of("binance", "trades").read(gzip.compress(line(frame).encode()), document, 1 << 20))
    slot = f"20261120T000100Z.{venue('binance').pair('ADAEUR', configured)}.1.2"
    history = f"raw/source=binance/dataset=trade_history/dt=2026-11-20/{slot}.json.gz"
    refill = replace(document, key=RawKey.parse(history))
    body = gzip.compress(SAMPLES["binance_historical_trades.json"].body)
    past = rows(reader_of("binance", "trade_history").read(body, refill, 1 << 20))
    sides = {(row["base"], row["quote"], row["raw_symbol"]) for row in (*live, *past)}
    assert live and past and sides == {("binance:ADA", "EUR", "ADAEUR")}


def test_a_refill_of_a_market_whose_sides_are_unknown_is_read_once_they_are_known():
    pair = venue("binance").pair("BTCXYZ", ())
    sample = replace(SAMPLES["binance_historical_trades.json"], slot=f"{pair}.1.2")
    assert pair == "BTCXYZ" and [fault.code for fault in sample.read().rejections] == ["unknown_symbol"]
    known = replace(sample, slot="BNBBTC.28457.2")
    assert rows(known.read())[0].items() >= {"base": "binance:BNB", "quote": "BTC"}.items()


@pytest.mark.parametrize(
    ("source", "symbol", "sides"),
    [
        ("binance_us", "BNBUSD", ("binance_us:BNB", "USD")),
        ("binance_us", "BTCUSD", ("BTC", "USD")),
        ("binance_testnet", "BTCUSDT", ("binance_testnet:BTC", "USDT")),
        ("binance_testnet", "ETHUSDT", ("binance_testnet:ETH", "USDT")),
    ],
)
@pytest.mark.parametrize("dataset", ["trades", "klines"])
def test_another_venue_of_the_protocol_is_a_source_of_its_own(dataset, source, symbol, sides):
    """Reported: a close of the testnet, whose prices are invented, replaced a real one."""
    kind = {"trades": "trade", "klines": "kline_1m"}[dataset]
    text = line(LIVE["binance", dataset].make(s=symbol, stream=f"{symbol.lower()}@{kind}"))
    (row,) = rows(read((source, dataset), text))
    assert (row["source"], row["base"], row["quote"]) == (source, *sides)


def outcome(where, body, fast):
    reader = reader_of(*where)
    document = RawDocument(
        key=RawKey.parse(key(*where)), received_at=datetime(2026, 11, 20, tzinfo=UTC), assets=ASSETS
    )
    try:
        parsed = LineReader(reader.format, fast=fast).read(gzip.compress(body, 1), document, 1 << 24)
    except Unreadable as unreadable:
        return unreadable.rejection
    assert parsed.rows_in == parsed.rows_trusted + len(parsed.rejections)
    parts = [(part.partition, part.rows.schema, part.rows.to_pylist()) for part in parsed.slices]
    return parsed.rows_in, parts, parsed.rejections, parsed.notes


FAST = [where for where in LIVE if reader_of(*where).fast]
VALUES = (
    st.integers(0, 10**19)
    | st.booleans()
    | st.none()
    | st.sampled_from(
        ["0", "007", "1e3", "0x1F", "0xFFFFFFFFFFFFFFF", "-5", "+5", " 7", "7 ", "true", "buy", "١"]
    )
    | st.decimals(min_value=0, max_value=10**8, places=8).map("{:f}".format)
    | st.sampled_from(["2026-11-20T00:00:57Z", "2026-11-20 00:00:57.1234567Z", "2026-11-20T00:00:57+01:00"])
)


@given(data=st.data())
@settings(max_examples=examples(250))
def test_template_and_json_decoding_agree_on_every_live_dataset(data):
    where = data.draw(st.sampled_from(FAST))
    make = LIVE[where].make
    faults = [LIVE[where].bad, *LIVE[where].nulled.values()]
    bad = {
        number: [change for found in kind.values() for change in found] for number, kind in enumerate(faults)
    }
    names = sorted({name for changes in bad.values() for change in changes for name in change} - {"stream"})
    texts = LIVE[where].lines(data.draw(st.integers(0, 40)))
    changes = st.dictionaries(st.sampled_from(names), VALUES, max_size=2)
    odd = data.draw(
        st.lists(changes | st.sampled_from([c for found in bad.values() for c in found]), max_size=4)
    )
    texts += [line(make(**dict(change))) for change in odd]
    digits = data.draw(st.sampled_from(["", "0", "00", "-", "+", "0x"]))
    texts = [text.replace('":99', f'":{digits}99') for text in data.draw(st.permutations(texts))]
    body = "\n".join(texts).encode()
    assert outcome(where, body, fast=True) == outcome(where, body, fast=False)


@pytest.mark.parametrize("where", FAST, ids="/".join)
def test_ordinary_frames_are_read_by_template(where):
    lines = LIVE[where].lines(100)
    fields = reader_of(*where).format.fields
    template = LineTemplate.from_line(lines[0].encode(), fields)
    assert template is not None
    values = template.read(Block.of("\n".join([*lines, ""]).encode()))
    assert values is not None and {len(column) for column in values.values()} == {100}
