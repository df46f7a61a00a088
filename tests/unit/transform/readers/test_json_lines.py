"""JSON lines of the websocket collector: each line is a row, whatever its neighbours are."""

import gzip
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from coinlake.keys import RawKey
from coinlake.tables import tables
from tests.unit.transform.conftest import TICKERS, read_bytes, symbol_of
from transform.model import AssetMap, RawDocument
from transform.parsers.binance.streams import MiniTickers
from transform.readers.json_lines import MAX_LINE_BYTES, MAX_LINES_AS_JSON, LineReader

SENT = 1795132857136  # 2026-11-20T00:00:57.136Z
GOOD = {
    "e": "24hrMiniTicker",
    "E": SENT,
    "s": "BTCUSDT",
    "c": "77361.43000000",
    "o": "78108.76000000",
    "h": "78828.37000000",
    "l": "76471.70000000",
    "v": "18913.30000000",
    "q": "1466013104.15300000",
}


def line(received_at=SENT * 1000 + 51_234, stream="btcusdt@miniTicker", **changes):
    """A line as the collector writes it, with some of the frame's values changed."""
    data = {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}
    frame = json.dumps({"stream": stream, "data": data}, separators=(",", ":"), ensure_ascii=False)
    return f'{{"received_at": {received_at}, "frame": {frame}}}'


def read(*lines, key=TICKERS):
    texts = (text if isinstance(text, bytes) else text.encode() for text in lines)
    return read_bytes(key, gzip.compress(b"\n".join(texts) + b"\n"), max_bytes=1 << 26)


def test_a_line_of_several_rows_costs_only_its_bad_ones():
    """A venue may put several events into one frame; each is a row, with a number of its own."""

    def split(decoded):
        frame = decoded["frame"]
        return [{**decoded, "frame": {**frame, "data": data}} for data in frame["data"]]

    def several(*changes):
        frames = [json.loads(line(**change))["frame"] for change in changes]
        data = [frame["data"] for frame in frames]
        received_at = SENT * 1000 + 51_234
        return json.dumps({"received_at": received_at, "frame": {**frames[0], "data": data}})

    texts = [several({}, {"c": "x"}, {"E": SENT - 1}), "{", several({"E": SENT - 2})]
    document = RawDocument(
        key=RawKey.parse(TICKERS), received_at=datetime(2026, 11, 20, tzinfo=UTC), assets=AssetMap(symbol_of)
    )
    reader = LineReader(MiniTickers(), split=split)
    parsed = reader.read(gzip.compress("\n".join(texts).encode()), document, 1 << 20)
    assert parsed.rows_in == 5
    assert [(one.row, one.code) for one in parsed.rejections] == [(1, "bad_type"), (3, "not_json")]
    assert [row["event_time"].microsecond for row in rows(parsed)] == [134000, 135000, 136000]


def rows(parsed):
    return [row for part in parsed.slices for row in part.rows.to_pylist()]


def test_a_frame_becomes_a_row_with_every_digit():
    parsed = read(line())
    assert [part.partition for part in parsed.slices] == ["dt=2026-11-20"]
    assert rows(parsed) == [
        {
            "source": "binance",
            "stream": "btcusdt@miniTicker",
            "raw_symbol": "BTCUSDT",
            "event_time": datetime(2026, 11, 20, 0, 0, 57, 136000, tzinfo=UTC),
            "open": Decimal("78108.76"),
            "high": Decimal("78828.37"),
            "low": Decimal("76471.7"),
            "close": Decimal("77361.43"),
            "volume": Decimal("18913.3"),
            "quote_volume": Decimal("1466013104.153"),
            "received_at": datetime(2026, 11, 20, 0, 0, 57, 187234, tzinfo=UTC),
            "raw_key": TICKERS,
        }
    ]
    assert parsed.slices[0].rows.schema.names == tables()["tickers"].schema.names


def test_microseconds_and_milliseconds_are_distinguished_by_size():
    parsed = read(line(), line(E=SENT * 1000 + 482))
    assert [row["event_time"].microsecond for row in rows(parsed)] == [136000, 136482]


CASES = {
    "not_json": ["{", "<html>", line() + "x", line() + line(), line()[:-1], "\ufeff" + line(), '{"a":\x01}'],
    "not_an_object": [
        "7",
        "[]",
        "null",
        '{"received_at": 1}',
        '{"frame": []}',
        '{"frame": {"stream": "btcusdt@miniTicker", "data": []}}',
    ],
    "unsupported_stream": [
        '{"received_at": 1, "frame": {"result": null, "id": 1}}',
        line(stream="btcusdt@trade"),
        line(stream="!miniTicker@arr"),
        line(stream=None),
        line(e="kline"),
    ],
    "missing_price": [line(c=None), line(o=...)],
    "missing_field": [line(received_at="null"), line(E=...), line(s=None)],
    "bad_type": [
        *(line(c=value) for value in (True, "", "x", " 1", "1_0", "１", [])),
        line(E="1795132857136"),
        line(E=1.5),
        line(s=7),
    ],
    "inexact": [line(c="77361.430000001")],
    "nonfinite": [line(c=float("nan")), line(c="NaN"), line(h="1e999")],
    "out_of_range": [
        *(line(c=value) for value in ("0", "-1", "10000000000", "1e30")),
        line(E=10**30),
    ],
    "inconsistent": [
        line(h="1", l="2"),
        line(c="1"),
        line(o="99999"),
        line(s="ETHUSDT"),
        line(s="btcusdt"),
        line(stream="BTCUSDT@miniTicker"),
    ],
    "bad_time": [line(E=SENT // 1000), line(E=SENT - 86_500_000), line(E=-SENT), line(received_at=SENT)],
    "future_time": [line(E=SENT + 300_052)],
    "bad_text": [line(s=""), line(s="BTC\x7f")],
    "too_long": [line(s="X" * 201, stream="x" * 201 + "@miniTicker")],
    "bad_encoding": [line().encode().replace(b"BTC", b"\xff\xfe\xfd")],
    "duplicate_key": [
        '{"received_at": 1, "received_at": 1, "frame": {}}',
        line().replace('"E"', '"e"'),
        '{"received_at": 1, "frame": {"stream": "x", "stream": "x"}}',
    ],
    "too_deep": [f'{{"received_at": 1, "frame": {"[" * 70}{"]" * 70}}}'],
    "too_large": [line(s="X" * MAX_LINE_BYTES)],
}


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in CASES.items() for text in texts])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_bad_line_is_rejected_and_its_neighbours_stay(code, text, place):
    good = [line(), line(E=SENT + 1000)]
    parsed = read(*good[:place], text, *good[place:])
    (rejection,) = parsed.rejections
    assert (rejection.code, rejection.row) == (code, place)
    assert rows(parsed) == rows(read(*good))


@pytest.mark.parametrize(
    ("field", "column", "value", "code"),
    [
        ("v", "volume", "1e-9", "inexact"),
        ("q", "quote_volume", "0.123456789", "inexact"),
        ("v", "volume", float("inf"), "nonfinite"),
        ("q", "quote_volume", "1e999", "nonfinite"),
        ("v", "volume", "-0.00000001", "out_of_range"),
        ("q", "quote_volume", "1e20", "out_of_range"),
        ("v", "volume", True, "bad_type"),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_volume_that_does_not_fit_is_null_and_its_frame_stays(field, column, value, code, place):
    good = [line(E=SENT + 1000), line(E=SENT + 2000)]
    parsed = read(*good[:place], line(**{field: value}), *good[place:])
    assert parsed.rejections == () and parsed.notes == (f"nulled:{column}:{code}:1",)
    assert rows(parsed)[0] == rows(read(line(), *good))[0] | {column: None}


def test_numbers_may_be_written_without_quotation_marks():
    assert rows(read(line(c=77361.43))) == rows(read(line()))


def test_blank_lines_are_no_rows():
    parsed = read("", line(), "  ", "{", "")
    assert (parsed.rows_in, parsed.rows_trusted) == (2, 1)
    assert parsed.rejections[0].row == 1


@pytest.mark.parametrize("text", ["", "\n\n", " \n"])
def test_a_body_without_any_line_is_empty(text):
    (rejection,) = read(text).rejections
    assert (rejection.code, rejection.row) == ("empty", None)


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("empty_object", b""),
        ("bad_gzip", b"no gzip"),
        ("bad_gzip", gzip.compress(line().encode())[:-9]),
        ("bad_gzip", gzip.compress(line().encode()) + b"more"),
        ("bad_gzip", gzip.compress(line().encode() + b"\n") * 2),
        ("too_large", gzip.compress(b" " * (1 << 21))),
    ],
)
def test_a_body_that_is_not_one_intact_stream_is_bad_as_a_whole(code, body):
    (rejection,) = read_bytes(TICKERS, body).rejections
    assert (rejection.code, rejection.row) == (code, None)


def test_a_repeated_frame_is_kept_once_wherever_it_repeats():
    many = [line(E=SENT + n) for n in range(3 * MAX_LINES_AS_JSON)]
    parsed = read(*many, *many[:2], "{", many[5])
    assert [(r.code, r.row) for r in parsed.rejections] == [
        ("duplicate_row", 96),
        ("duplicate_row", 97),
        ("not_json", 98),
        ("duplicate_row", 99),
    ]
    assert rows(parsed) == rows(read(*many))


def test_rows_are_sorted_by_symbol_then_time():
    symbols = ("ETHUSDT", "BTCUSDT")
    texts = [line(E=SENT + n, s=s, stream=f"{s.lower()}@miniTicker") for n in (2, 0, 1) for s in symbols]
    order = [(row["raw_symbol"], row["event_time"].microsecond) for row in rows(read(*texts))]
    assert order == sorted(order)


def test_frames_around_midnight_lie_in_the_days_they_were_sent_on():
    midnight = 1795132800000
    texts = [line(received_at=midnight * 1000 + 5000, E=midnight + n) for n in (-1, 0, 1)]
    parts = read(*texts).slices
    assert [(part.partition, part.rows.num_rows) for part in parts] == [
        ("dt=2026-11-19", 1),
        ("dt=2026-11-20", 2),
    ]


def test_a_field_that_binance_adds_is_noted_and_rejects_nothing():
    texts = [line(E=SENT + n, n=n, w=f"{n}x", z=[n, n]) for n in range(40)]
    parsed = read(*texts)
    assert (parsed.rows_trusted, parsed.notes) == (40, ("new_field:n", "new_field:w", "new_field:z"))


def test_json_documents_are_not_read_as_lines():
    (rejection,) = read(line(), key=TICKERS.replace("jsonl", "json")).rejections
    assert rejection.code == "no_parser"


def test_the_key_is_one_of_the_layout():
    assert str(RawKey.parse(TICKERS)) == TICKERS
