import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

KEY = "raw/source=coingecko/dataset=quotes/dt=2026-11-20/20261120T010000Z.markets.usd.p1.json.gz"
ASKED = "https://api.coingecko.com/api/v3/coins/markets?vs_currency=usd&ids=bitcoin%2Cethereum&per_page=250"


def only_row(parsed):
    (part,) = parsed.slices
    (row,) = part.rows.to_pylist()
    return row


def only_rejection(parsed):
    (rejection,) = parsed.rejections
    assert parsed.rows_trusted == 0
    return rejection


def test_each_field_lands_in_its_column(read_coins, coin):
    parsed = read_coins([coin()])
    assert parsed.slices[0].partition == "dt=2026-11-20"
    assert only_row(parsed) == {
        "source": "coingecko",
        "base": "BTC",
        "quote": "USD",
        "raw_symbol": "bitcoin",
        "observed_at": datetime(2026, 11, 20, 0, 59, 58, 599000, tzinfo=UTC),
        "price": Decimal(77361),
        "bid": None,
        "ask": None,
        "volume_24h_base": None,
        "volume_24h_quote": Decimal(33235034316),
        "open_24h": None,
        "high_24h": Decimal(78419),
        "low_24h": Decimal(76696),
        "change_24h_percent": Decimal("-0.95302"),
        "market_cap": Decimal(1549886872303),
        "circulating_supply": Decimal(20030493),
        "total_supply": Decimal(20030843),
        "max_supply": Decimal(21000000),
        "rank": 1,
        "received_at": datetime(2026, 11, 20, 1, 0, 2, 500000, tzinfo=UTC),
        "raw_key": KEY,
    }


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"current_price": None}, "missing_price", "current_price"),
        ({"current_price": ...}, "missing_price", "current_price"),
        ({"current_price": "77361"}, "bad_type", "current_price"),
        ({"current_price": "abc"}, "bad_type", "current_price"),
        ({"current_price": True}, "bad_type", "current_price"),
        ({"current_price": [77361]}, "bad_type", "current_price"),
        ({"current_price": {"usd": 77361}}, "bad_type", "current_price"),
        ({"current_price": float("nan")}, "nonfinite", "current_price"),
        ({"current_price": float("inf")}, "nonfinite", "current_price"),
        ({"current_price": 0}, "out_of_range", "current_price"),
        ({"current_price": -0.0}, "out_of_range", "current_price"),
        ({"current_price": -1}, "out_of_range", "current_price"),
        ({"current_price": 1e-30}, "out_of_range", "current_price"),
        ({"current_price": 1_000_000_000_001}, "out_of_range", "current_price"),
        ({"id": None}, "missing_field", "id"),
        ({"id": 7}, "bad_type", "id"),
        ({"id": ""}, "bad_text", "id"),
        ({"id": "bit\x00coin"}, "bad_text", "id"),
        ({"id": "bit\ncoin"}, "bad_text", "id"),
        ({"id": "bitcoin\x9f"}, "bad_text", "id"),
        ({"id": "\ud800"}, "bad_text", "id"),
        ({"id": "x" * 201}, "too_long", "id"),
        ({"last_updated": None}, "missing_field", "last_updated"),
        ({"last_updated": 1795132858}, "bad_time", "last_updated"),
        ({"last_updated": "1795132858"}, "bad_time", "last_updated"),
        ({"last_updated": "yesterday"}, "bad_time", "last_updated"),
        ({"last_updated": "2026-11-20T00:59:58"}, "bad_time", "last_updated"),
        ({"last_updated": "2026-02-30T00:00:00Z"}, "bad_time", "last_updated"),
        ({"last_updated": "1970-01-21T18:38:52Z"}, "bad_time", "last_updated"),
        ({"last_updated": "9999-01-01T00:00:00Z"}, "bad_time", "last_updated"),
        ({"last_updated": "\ud800"}, "bad_time", "last_updated"),
        ({"last_updated": "2026-11-20T01:05:03Z"}, "future_time", "last_updated"),
    ],
)
def test_a_bad_coin_is_rejected_and_its_neighbour_stays(read_coins, coin, fields, code, field):
    parsed = read_coins([coin(**fields), coin(id="ethereum", market_cap_rank=2)])
    (rejection,) = parsed.rejections
    assert (rejection.code, rejection.row, rejection.field) == (code, 0, field)
    assert only_row(parsed)["base"] == "ETH"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("NaN", "nonfinite"),
        ("-Infinity", "nonfinite"),
        ("1e999", "nonfinite"),
        (f"1e{'9' * 40}", "nonfinite"),
        ("9" * 4301, "out_of_range"),
        ("9223372036854775808", "out_of_range"),
    ],
)
def test_a_number_that_json_dumps_would_not_write_is_rejected_too(read_coins, coin, number, code):
    text = json.dumps([coin()]).replace("77361", number)
    assert only_rejection(read_coins(text)).code == code


@pytest.mark.parametrize("row", [None, 1, "bitcoin", [], ["bitcoin", 77361], True])
def test_a_row_that_is_no_object_is_rejected(read_coins, row):
    assert only_rejection(read_coins([row])).code == "not_an_object"


def test_a_row_that_names_a_key_twice_is_rejected_and_the_others_stay(read_coins, coin):
    good, text = json.dumps(coin()), json.dumps(coin(id="ethereum"))
    parsed = read_coins(f'[{text[:-1]}, "current_price": 1}}, {good}]')
    (rejection,) = parsed.rejections
    assert (rejection.code, rejection.row) == ("duplicate_key", 0)
    assert only_row(parsed)["base"] == "BTC"


def test_of_two_equal_coins_the_first_stays(read_coins, coin):
    parsed = read_coins([coin(current_price=1), coin(current_price=2), coin(current_price=3)])
    assert only_row(parsed)["price"] == 1
    assert [(rejection.code, rejection.row) for rejection in parsed.rejections] == [
        ("duplicate_row", 1),
        ("duplicate_row", 2),
    ]


def test_a_rejected_coin_does_not_make_a_good_row_of_its_key_a_duplicate(read_coins, coin):
    parsed = read_coins([coin(current_price=None), coin()])
    assert [rejection.code for rejection in parsed.rejections] == ["missing_price"]


def test_one_coin_at_two_times_is_two_rows(read_coins, coin):
    parsed = read_coins([coin(), coin(last_updated="2026-11-20T00:58:58Z")])
    assert parsed.rows_trusted == 2


def test_a_coin_that_was_not_requested_is_an_unknown_symbol(read_coins, coin):
    rows = [coin(), coin(id="dogecoin")]
    (rejection,) = read_coins(rows, url=ASKED).rejections
    assert (rejection.code, rejection.row, rejection.value) == ("unknown_symbol", 1, "dogecoin")
    assert read_coins(rows, url="https://api.coingecko.com/api/v3/coins/markets?page=1").rejections == ()


def test_a_coin_outside_of_the_asset_map_keeps_its_own_name(read_coins, coin):
    row = only_row(read_coins([coin(id="some-coin")]))
    assert (row["base"], row["raw_symbol"]) == ("coingecko:some-coin", "some-coin")


def test_the_quote_currency_is_the_requested_one(read_coins, coin):
    key = "raw/source=coingecko/dataset=quotes/dt=2026-11-20/20261120T010000Z.markets.eur.p1.json.gz"
    assert only_row(read_coins([coin()], key=key))["quote"] == "EUR"


@pytest.mark.parametrize("slot", ["20261120T010000Z", "20261120T010000Z.markets", "20261120T010000Z.a.b.c.d"])
def test_a_slot_that_does_not_name_feed_currency_and_page_is_bad(read_coins, coin, slot):
    key = f"raw/source=coingecko/dataset=quotes/dt=2026-11-20/{slot}.json.gz"
    assert only_rejection(read_coins([coin()], key=key)).code == "bad_slot"


def test_nulls_are_allowed_where_the_source_allows_them(read_coins, coin):
    nullable = ("market_cap", "market_cap_rank", "total_volume", "high_24h", "low_24h", "max_supply")
    row = only_row(read_coins([coin(**dict.fromkeys(nullable))]))
    assert [row[name] for name in ("market_cap", "rank", "volume_24h_quote", "high_24h")] == [None] * 4


def test_a_value_of_more_than_18_decimals_is_rounded_and_counted(read_coins, coin):
    text = json.dumps([coin()]).replace("77361", "0.0000000000012345678915")
    parsed = read_coins(text)
    assert only_row(parsed)["price"] == Decimal("0.000000000001234568")
    assert parsed.rounded == 1


def test_a_rounded_value_of_a_rejected_row_does_not_count(read_coins, coin):
    text = json.dumps([coin(id=None)]).replace("77361", "0.0000000000012345678915")
    assert read_coins(text).rounded == 0


def test_changes_and_caps_may_be_negative_or_huge(read_coins, coin):
    row = only_row(read_coins([coin(price_change_percentage_24h=-100, market_cap=25_000_000_000_000_000)]))
    assert row["change_24h_percent"] == -100
    assert row["market_cap"] == 25_000_000_000_000_000


def test_a_field_that_the_source_added_is_noted_once(read_coins, coin):
    parsed = read_coins([coin(zeta=1, alpha=2), coin(id="ethereum", alpha=2)])
    assert parsed.notes == ("new_field:alpha", "new_field:zeta")
    assert parsed.rejections == ()


def test_a_flood_of_new_fields_does_not_flood_the_ledger(read_coins, coin):
    flood = {f"{'x' * 300}{number}": 1 for number in range(1000)}
    notes = read_coins([coin(**flood)]).notes
    assert len(notes) == 20
    assert max(map(len, notes)) < 100


def test_a_quarantined_value_is_cut_and_escaped(read_coins, coin):
    rejection = only_rejection(read_coins([coin(id="\x1b[31m" + "x" * 500)]))
    assert rejection.value.startswith("\\x1b[31mxxx")
    assert len(rejection.value) == 80


def test_a_ticker_that_was_given_to_another_coin_is_two_assets_by_their_ids(read_coins, coin):
    """Decision 20: the peak of one LUNA is not that of the other where ids are never given twice."""
    parsed = read_coins([coin(id="terra-luna", symbol="luna"), coin(id="terra-luna-2", symbol="luna")])
    bases = [row["base"] for part in parsed.slices for row in part.rows.to_pylist()]
    assert bases == ["coingecko:terra-luna", "coingecko:terra-luna-2"]
