"""What holds for every source, whatever became of its answer on the way."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinlake.tables import tables
from tests.examples import examples
from tests.unit.transform.answers import rows
from tests.unit.transform.recorded import SAMPLES
from tests.unit.transform.test_properties import VALUES, as_json

DOCUMENTS = [sample for sample in SAMPLES.values() if sample.ext == "json"]
PRICES = st.decimals(min_value="0.000000000000000001", max_value=10**12, places=18)


def places(document, path=()):
    """The path of every value in a document."""
    yield path
    inner = enumerate(document) if isinstance(document, list) else ()
    for step, value in document.items() if isinstance(document, dict) else inner:
        yield from places(value, (*path, step))


def replaced(document, path, change):
    if not path:
        return change(document)
    step, *rest = path
    copy = list(document) if isinstance(document, list) else dict(document)
    copy[step] = replaced(document[step], rest, change)
    return copy


def twice(value):
    return value + value if isinstance(value, list) else [value, value]


@st.composite
def damaged(draw, sample):
    """The sample's document with up to three of its values replaced, emptied or doubled."""
    document = json.loads(sample.body)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(document))))
        value = draw(VALUES)
        change = draw(st.sampled_from([lambda _, value=value: value, lambda old: type(old)(), twice, str]))
        document = replaced(document, path, change)
    return as_json(document).encode("utf-8", "surrogatepass")


def assert_sound(parsed):
    """Beside conservation, which ``read_bytes`` checks on every call."""
    rejected = [rejection.row for rejection in parsed.rejections]
    if None in rejected:
        assert (rejected, parsed.slices) == ([None], ())
    else:
        assert rejected == sorted(set(rejected))
        assert set(rejected) <= set(range(parsed.rows_in))
    for part in parsed.slices:
        table = tables()[part.table]
        assert part.rows.schema == table.schema
        required = [field.name for field in table.schema if not field.nullable]
        assert not any(part.rows[name].null_count for name in required)
        keys = [name for name in table.natural_key if name in table.schema.names]
        assert part.rows.group_by(keys).aggregate([]).num_rows == part.rows.num_rows


@pytest.mark.parametrize("sample", DOCUMENTS, ids=str)
def test_no_damage_to_an_answer_raises_or_loses_a_row(sample):
    @settings(max_examples=examples(30))
    @given(damaged(sample))
    def check(body):
        assert_sound(sample.read(body))

    check()


@given(sample=st.sampled_from(DOCUMENTS), document=VALUES)
@settings(max_examples=examples(300))
def test_no_other_document_raises(sample, document):
    assert_sound(sample.read(as_json(document).encode("utf-8", "surrogatepass")))


@pytest.mark.parametrize("sample", DOCUMENTS, ids=str)
@pytest.mark.parametrize("body", [b"", b"<html>", b"[[]", b'{"data": ', b"[" * 70, b"\xff"])
def test_what_is_no_json_is_one_quarantined_row(sample, body):
    parsed = sample.read(body)
    assert [rejection.row for rejection in parsed.rejections] == [None]


ORDERED = {
    "alternative_me_fng.json": "data",
    "binance_exchange_info.json": "symbols",
    "binance_klines_1h.json": None,
    "coinbase_products.json": None,
    "coincap_v3_asset_history_d1.json": "data",
    "coincap_v3_assets.json": "data",
    "coincap_v3_rates.json": "data",
    "coingecko_coins_list.json": None,
}


@pytest.mark.parametrize(("file", "inside"), ORDERED.items())
def test_rows_in_another_order_give_the_same_slices(file, inside):
    document = json.loads(SAMPLES[file].body)
    (document[inside] if inside else document).reverse()
    assert SAMPLES[file].read(json.dumps(document).encode()).slices == SAMPLES[file].read().slices


QUOTED = {
    "binance_ticker_24hr_full.json": ('"77361.43000000"', "price"),
    "coinbase_stats.json": ('"77353.5"', "price"),
    "coinbase_ticker.json": ('"77361.43"', "price"),
    "coincap_v2_asset_bitcoin.json": ('"77361.3957644504882220"', "price"),
    "kraken/ticker.json": ('"77361.40000"', "price"),
    "coincap_v3_asset_history_d1.json": ('"77353.8255038240700000"', "price"),
    "coincap_v3_rates.json": ('"77361.3957644504882220"', "rate_usd"),
}
NUMBERS = {
    "coindesk_latest_tick.json": ("77361.4321", "price"),
    "coingecko_market_chart_range.json": ("77801.5", "price"),
    "coingecko_simple_price.json": ("77361", "price"),
}


@pytest.mark.parametrize("file", [*QUOTED, *NUMBERS])
@given(price=PRICES, spelling=st.sampled_from(["{:f}", "{:E}"]))
@settings(max_examples=examples(30))
def test_a_price_is_stored_exactly_as_the_source_wrote_it(file, price, spelling):
    token, column = {**QUOTED, **NUMBERS}[file]
    spelled = spelling.format(price)
    text = SAMPLES[file].body.decode()
    assert text.count(token) >= 1
    parsed = SAMPLES[file].read(text.replace(token, f'"{spelled}"' if file in QUOTED else spelled).encode())
    assert Decimal(price) in [row[column] for row in rows(parsed)]
    assert (parsed.rounded, parsed.rejections) == (0, ())


BARS = {
    "kraken/ohlc.json": (
        '{{"error":[],"result":{{"XXBTZUSD":[[1795132800,"{0}","{0}","{0}","{0}","{0}","1",1]],'
        '"last":1795129200}}}}'
    ),
    "binance_klines_1h.json": '[[1795132800000,"{0}","{0}","{0}","{0}","1",1795136399999,"1",1,"0","0","0"]]',
    "coingecko_ohlc_days1_30min.json": "[[1795134600000,{0},{0},{0},{0}]]",
    "coindesk_spot_days.json": (
        '{{"Data":[{{"TIMESTAMP":1795132800,"OPEN":{0},"HIGH":{0},"LOW":{0},"CLOSE":{0}}}],"Err":{{}}}}'
    ),
}


@pytest.mark.parametrize("file", BARS)
@given(price=PRICES)
@settings(max_examples=examples(30))
def test_a_candle_is_stored_exactly_as_the_source_wrote_it(file, price):
    (row,) = rows(SAMPLES[file].read(BARS[file].format(price).encode()))
    assert [row[name] for name in ("open", "high", "low", "close")] == [Decimal(price)] * 4


@pytest.mark.parametrize("file", QUOTED)
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("abc", "bad_type"),
        ("", "bad_type"),
        (" 1", "bad_type"),
        ("1_000", "bad_type"),
        ("1,000", "bad_type"),
        ("0x10", "bad_type"),
        ("١", "bad_type"),
        ("1.2.3", "bad_type"),
        ("--1", "bad_type"),
        ("1e", "bad_type"),
        ("NaN", "nonfinite"),
        ("-Infinity", "nonfinite"),
        ("1e999", "nonfinite"),
        (f"1e{'9' * 40}", "nonfinite"),
        ("0", "out_of_range"),
        ("-1", "out_of_range"),
        ("1000000000001", "out_of_range"),
        ("1e20", "out_of_range"),
        ("1e30", "out_of_range"),
        ("1000000000000000000000000000000", "out_of_range"),
        ("9" * 5000, "out_of_range"),
        ("0.0000000000000000001", "out_of_range"),
    ],
)
def test_a_text_that_is_no_price_is_rejected(file, text, code):
    token, _ = QUOTED[file]
    parsed = SAMPLES[file].read(SAMPLES[file].body.replace(token.encode(), json.dumps(text).encode()))
    assert code in [rejection.code for rejection in parsed.rejections]
    assert {rejection.code for rejection in parsed.rejections} == {code}


@pytest.mark.parametrize("file", QUOTED)
def test_a_price_that_the_source_starts_to_write_as_a_number_is_read_too(file):
    token, column = QUOTED[file]
    body = SAMPLES[file].body.replace(token.encode(), token.strip('"').encode())
    assert [row[column] for row in rows(SAMPLES[file].read(body))] == [
        row[column] for row in rows(SAMPLES[file].read())
    ]


@pytest.mark.parametrize("file", NUMBERS)
def test_a_price_that_a_source_of_numbers_writes_as_text_is_rejected(file):
    token, _ = NUMBERS[file]
    body = SAMPLES[file].body.replace(token.encode(), f'"{token}"'.encode(), 1)
    assert [rejection.code for rejection in SAMPLES[file].read(body).rejections] == ["bad_type"]


@pytest.mark.parametrize("file", QUOTED)
def test_more_than_18_decimals_are_rounded_half_even_and_counted(file):
    token, column = QUOTED[file]
    body = SAMPLES[file].body.replace(token.encode(), b'"0.1234567890123456785"')
    parsed = SAMPLES[file].read(body)
    assert Decimal("0.123456789012345678") in [row[column] for row in rows(parsed)]
    assert parsed.rounded >= 1
