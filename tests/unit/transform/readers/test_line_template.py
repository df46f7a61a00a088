"""The two ways of reading lines agree on every body; ``LineReader(fast=False)`` is the one that decides."""

import gzip
from datetime import UTC, datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st

from coinlake.keys import RawKey
from tests.examples import examples
from tests.unit.transform.conftest import TICKERS
from tests.unit.transform.readers.test_json_lines import CASES, SENT, line
from transform.model import AssetMap, RawDocument, Unreadable
from transform.parsers.binance.streams import MiniTickers
from transform.readers.json_lines import LineReader
from transform.readers.line_blocks import Block
from transform.readers.line_template import LineTemplate

DOCUMENT = RawDocument(
    key=RawKey.parse(TICKERS),
    received_at=datetime(2026, 11, 20, tzinfo=UTC),
    assets=AssetMap(lambda _, name: name),
)
PRICES = (
    st.decimals(min_value="0.00000001", max_value="99999999", places=8).map("{:f}".format)
    | st.from_regex(r"\A[-+ ]?[0-9]{0,12}\.?[0-9]{0,10}([eE][-+]?[0-9]{1,3})?[ \t]?\Z")
    | st.text(max_size=3)
    | st.none()
    | st.booleans()
    | st.floats()
)
NUMBERS = st.integers(SENT - 90_000, SENT + 90_000) | st.integers() | st.floats() | st.booleans() | st.none()
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys("cohlvq", PRICES),
        "E": NUMBERS,
        "s": st.sampled_from(["BTCUSDT", "ETHUSDT", "币USDT"]) | st.text(max_size=3),
        "x": st.text(max_size=3) | st.integers() | st.none(),
    },
)
GOOD = st.integers(0, 10).map(lambda n: line(E=SENT + n))
BAD = st.sampled_from([text for texts in CASES.values() for text in texts if len(text) < 1000])
ODD = CHANGES.map(lambda changes: line(**changes).encode("utf-8", "surrogatepass"))
COMPACT = GOOD.map(lambda text: text.replace(": ", ":").replace(", ", ","))
MANGLED = st.tuples(
    GOOD, st.integers(0, 250), st.sampled_from(['"', ":", ",", "{", "}", " ", "\t", "0", ".", ""])
).map(lambda drawn: drawn[0][: drawn[1]] + drawn[2] + drawn[0][drawn[1] + 1 :])
ENDS = st.sampled_from([b"\n", b"\n", b"\n", b"\r\n", b"\n\n", b" \n", b""])
LINES = GOOD | BAD | ODD | COMPACT | MANGLED | st.text(max_size=5)


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


def outcome(body, fast):
    try:
        parsed = LineReader(MiniTickers(), fast=fast).read(gzip.compress(body, 1), DOCUMENT, 1 << 24)
    except Unreadable as unreadable:
        return unreadable.rejection
    assert parsed.rows_in == parsed.rows_trusted + len(parsed.rejections)
    parts = [(part.partition, part.rows.schema, part.rows.to_pylist()) for part in parsed.slices]
    return parsed.rows_in, parts, parsed.rejections, parsed.notes


@given(st.lists(st.tuples(LINES.map(as_bytes), ENDS), max_size=6))
@settings(max_examples=examples(400))
def test_template_and_json_decoding_agree(lines):
    body = b"".join(text + end for text, end in lines)
    assert outcome(body, fast=True) == outcome(body, fast=False)


@given(st.lists(st.tuples(CHANGES, st.integers(1, 100)), min_size=1, max_size=3))
@example([({"v": "0 "}, 1)])
@settings(max_examples=examples(200))
def test_template_and_json_decoding_agree_on_runs_of_one_template(runs):
    texts = [line(**{"E": SENT + n, **changes}) for changes, count in runs for n in range(count)]
    body = "\n".join(texts).encode("utf-8", "surrogatepass")
    assert outcome(body, fast=True) == outcome(body, fast=False)


def test_ordinary_frames_are_read_by_template():
    lines = [line(E=SENT + n).encode() for n in range(100)]
    template = LineTemplate.from_line(lines[0], MiniTickers.fields)
    assert template is not None
    values = template.read(Block.of(b"\n".join([*lines, b""])))
    assert values is not None
    assert values["event_time"].to_pylist() == [SENT + n for n in range(100)]
