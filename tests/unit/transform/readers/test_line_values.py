"""Values of each kind by template and as JSON: both agree, whatever the letters."""

import json
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coinlake.tables import LIVE_PRICE, LIVE_VOLUME, TIMESTAMP
from transform.columns.times import parse_iso_texts
from transform.readers.line_blocks import Block
from transform.readers.line_template import LineField, LineTemplate
from transform.readers.line_values import BOOLEAN, INTEGER, TEXT

FIELDS = {
    "received_at": LineField(("received_at",), INTEGER),
    "text": LineField(("frame", "text"), TEXT),
    "price": LineField(("frame", "price"), LIVE_PRICE),
    "volume": LineField(("frame", "volume"), LIVE_VOLUME),
    "time": LineField(("frame", "time"), TIMESTAMP),
    "is_closed": LineField(("is_closed",), BOOLEAN),
}
LETTERS = st.characters(min_codepoint=32, exclude_characters='"\\', exclude_categories=["Cs"])
DIGITS = st.text("0123456789", max_size=17)
NUMBERS = st.builds("{}{}{}".format, DIGITS, st.sampled_from([".", "", "..", ". ", "e", "-"]), DIGITS)
PLAIN = st.decimals(0, 10**9, places=8).map("{:f}".format) | st.integers(0, 10**9).map(str)
TEXTS = st.text(max_size=60).map(lambda text: json.dumps(text, ensure_ascii=False)[1:-1])
TIMES = st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")
UNQUOTED = st.integers().map(str) | st.floats().map(str) | NUMBERS | st.sampled_from(["true", "null", "[]"])
GOOD = {
    **{"received_at": "1", "text": "x", "price": "1.5", "volume": "2", "time": "2026-11-20T00:00:00Z"},
    **{"rest": "7", "closed": "true"},
}
BYTES = st.tuples(st.integers(0, 150), st.binary(max_size=2))


def line(**changes):
    """The unquoted value of a name that no table knows is in the middle; a boolean ends the line."""
    return (
        '{{"received_at":{received_at},"frame":{{"text":"{text}","a.b":"1.1","price":"{price}","n":{rest},'
        '"volume":"{volume}","time":"{time}"}},"is_closed":{closed}}}\n'
    ).format(**{**GOOD, **changes})


def as_json(text):
    """What a line's fields are, exactly; None where it is no JSON, or where one cannot be its kind."""
    try:
        decoded = json.loads(text, parse_float=Decimal, parse_constant=lambda name: 1 / 0)
        values = {name: field.value_in(decoded) for name, field in FIELDS.items()}
        if type(values["received_at"]) is not int or type(values["is_closed"]) is not bool:
            return None
        for name in ("price", "volume"):
            values[name] = Decimal(values[name])
        values["time"] = parse_iso_texts([values["time"]])[0].as_py()
    except (ValueError, TypeError, ArithmeticError, UnicodeDecodeError):
        return None
    return values


def by_template(lines):
    template = LineTemplate.from_line(line().encode().removesuffix(b"\n"), FIELDS)
    assert template is not None
    columns = template.read(Block.of(b"".join(lines)))
    if columns is None:
        return None
    return pa.table(columns).to_pylist()


@given(
    st.lists(
        st.builds(
            line,
            received_at=st.integers(0, 10**16).map(str) | UNQUOTED,
            text=TEXTS,
            price=PLAIN | NUMBERS,
            volume=PLAIN | NUMBERS,
            time=TIMES | TEXTS,
            rest=UNQUOTED,
            closed=st.sampled_from(["true", "false", "null", "falsy", "tru"]),
        ),
        max_size=3,
    ),
    st.lists(BYTES, max_size=1),
)
@example([line(price="0.10000000", volume="12345678901.00000001"), line(price="5.", volume=".5")], [])
@example([line(text="x\x00"), line(text="x")], [])
@example([line(received_at="01")], [])
@settings(max_examples=500, deadline=None)
def test_what_the_template_reads_is_what_json_says(lines, changes):
    texts = [line().encode(), *(text.encode("utf-8", "surrogatepass") for text in lines)]
    for place, put in changes:
        texts[-1] = texts[-1][:place] + put + texts[-1][place + 1 :]
    read = by_template(texts)
    if read is not None:
        whole = b"".join(texts).removesuffix(b"\n").split(b"\n")
        assert read == [as_json(text) for text in whole]


@given(
    st.lists(
        st.builds(
            line,
            received_at=st.integers(0, 10**16 - 1).map(str),
            text=st.text(LETTERS, max_size=13),
            price=PLAIN,
            volume=PLAIN | st.decimals(0, 10**15 - 1, places=8).map("{:f}".format),
            time=TIMES,
            rest=st.integers().map(str) | st.floats(allow_nan=False, allow_infinity=False).map(repr),
            closed=st.sampled_from(["true", "false"]),
        ),
        min_size=1,
        max_size=40,
    )
)
@settings(max_examples=100, deadline=None)
def test_lines_without_a_fault_are_read_by_template(lines):
    texts = [text.encode() for text in lines]
    assert by_template(texts) == [as_json(text) for text in texts]


@pytest.mark.parametrize("digits", range(1, 16))
@pytest.mark.parametrize("decimals", range(9))
def test_numbers_of_every_length_are_exact(digits, decimals):
    number = ("9" * digits + "." + "123456789"[:decimals]).removesuffix(".")
    price = number if digits <= LIVE_PRICE.precision - LIVE_PRICE.scale else "1"
    (row,) = by_template([line(price=price, volume=number).encode()])
    assert (row["price"], row["volume"]) == (Decimal(price), Decimal(number))
