"""What holds for any answer at all. ``read_*`` check conservation on every call."""

import json
import random
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.unit.transform.conftest import CANDLES, COINS, read_rows

TEXTS = st.text(st.characters(codec=None), max_size=8) | st.sampled_from(
    ["bitcoin", "", "2026-11-20T00:59:58Z", "\ud800", "\x00", "1795132800", "x" * 201]
)
STRANGE = {
    2**63 + 1: "9" * 4400,
    2**63 + 2: "1e999",
    2**63 + 3: f"1e{'9' * 40}",
    2**63 + 4: f"1e-{'9' * 18}",
    2**63 + 5: f"0.{'3' * 5000}",
}
NUMBERS = (
    st.integers()
    | st.floats()
    | st.sampled_from([0, 1, -1, 1795132800, 1795132800000, 10**20, *STRANGE, 1e-300, 1e300])
)
LEAVES = st.none() | st.booleans() | TEXTS | NUMBERS
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
COIN_FIELDS = ["id", "current_price", "last_updated", "market_cap", "high_24h", "low_24h", "market_cap_rank"]
COIN = {
    "id": "bitcoin",
    "current_price": 77361.25,
    "last_updated": "2026-11-20T00:59:58.599Z",
    "market_cap": 1549886872303,
    "high_24h": 78419,
    "low_24h": 76696,
    "market_cap_rank": 1,
}
CANDLE = [1795132800, 77290.11, 77480.5, 77353.82, 77361.43, 301.88412077]


def as_json(document):
    """JSON text, with the numbers that json.dumps would not write."""
    text = json.dumps(document)
    for number, spelling in STRANGE.items():
        text = text.replace(str(number), spelling)
    return text


@st.composite
def odd_coins(draw):
    changes = draw(st.dictionaries(st.sampled_from(COIN_FIELDS) | TEXTS, VALUES, max_size=3))
    return {**COIN, **changes}


@st.composite
def odd_candles(draw):
    candle = list(CANDLE)
    for place in draw(st.sets(st.integers(0, 5), max_size=2)):
        candle[place] = draw(VALUES)
    return candle + draw(st.lists(VALUES, max_size=1))


@given(VALUES)
def test_no_document_raises(document):
    for key in (COINS, CANDLES):
        read_rows(key, as_json(document))


@given(st.lists(odd_coins() | VALUES, max_size=5))
def test_no_page_of_coins_raises_and_every_row_is_accounted_for(rows):
    parsed = read_rows(COINS, as_json(rows))
    if rows:
        assert parsed.rows_in == len(rows)


@given(st.lists(odd_candles() | VALUES, max_size=5))
def test_no_window_of_candles_raises_and_every_row_is_accounted_for(rows):
    parsed = read_rows(CANDLES, as_json(rows))
    if rows:
        assert parsed.rows_in == len(rows)


@given(st.lists(odd_coins(), max_size=5))
def test_a_rejected_row_is_named_by_its_number_and_only_once(rows):
    rejected = [rejection.row for rejection in read_rows(COINS, as_json(rows)).rejections]
    assert rejected == sorted(set(rejected))
    assert set(rejected) <= set(range(len(rows)))


@given(st.integers(0, 2**32), st.integers(2, 40))
@settings(max_examples=examples(50))
def test_an_answer_in_another_order_gives_the_same_rows(seed, count):
    rows = [[1795132800 - 3600 * n, *CANDLE[1:5], n] for n in range(count)]
    shuffled = random.Random(seed).sample(rows, count)
    first, second = (read_rows(CANDLES, json.dumps(order)).slices for order in (rows, shuffled))
    assert [(part.partition, part.rows.to_pylist()) for part in first] == [
        (part.partition, part.rows.to_pylist()) for part in second
    ]


@given(
    st.lists(
        st.decimals(min_value="0.000000000000000001", max_value=10**12, places=18), min_size=1, max_size=9
    )
)
def test_a_price_is_stored_exactly_as_it_was_written(prices):
    coins = [
        f'{{"id": "c{n}", "current_price": {p}, "last_updated": "2026-11-20T00:00:00Z"}}'
        for n, p in enumerate(prices)
    ]
    (part,) = read_rows(COINS, f"[{','.join(coins)}]").slices
    stored = dict(zip(part.rows["raw_symbol"].to_pylist(), part.rows["price"].to_pylist(), strict=True))
    assert [stored[f"c{n}"] for n in range(len(prices))] == [Decimal(p) for p in prices]
