"""CoinGecko's quotes: shapes, order, pages, number formats and what is null."""

import json
import re
from datetime import UTC, datetime

import pytest

from tests.unit.simulator.asgi import COINGECKO, NOW, Client

CLIENT = Client()
MARKETS = f"{COINGECKO}/coins/markets?vs_currency=usd"
ROW_FIELDS = [
    *("id", "symbol", "name", "image", "current_price", "market_cap", "market_cap_rank"),
    *("fully_diluted_valuation", "total_volume", "high_24h", "low_24h", "price_change_24h"),
    *("price_change_percentage_24h", "market_cap_change_24h", "market_cap_change_percentage_24h"),
    *("circulating_supply", "total_supply", "max_supply", "ath", "ath_change_percentage", "ath_date"),
    *("atl", "atl_change_percentage", "atl_date", "roi", "last_updated"),
]


def test_the_catalogue_takes_two_pages_of_250_and_then_comes_nothing():
    pages = [CLIENT.get(f"{MARKETS}&per_page=250&page={page}").json for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [250, 50, 0]
    assert len({row["id"] for page in pages for row in page}) == 300


@pytest.mark.parametrize(
    ("parameters", "rows"),
    [("", 100), ("&per_page=0", 1), ("&per_page=999", 250), ("&per_page=x&page=x", 100)],
)
def test_a_page_has_1_to_250_rows_and_100_by_default(parameters, rows):
    assert len(CLIENT.get(MARKETS + parameters).json) == rows


def test_a_row_has_the_documented_fields_in_their_order():
    assert all(list(row) == ROW_FIELDS for row in CLIENT.get(f"{MARKETS}&per_page=250").json)


def test_rows_come_by_capitalisation_with_their_ranks_and_the_dead_last():
    rows = CLIENT.get(f"{MARKETS}&per_page=250").json + CLIENT.get(f"{MARKETS}&per_page=250&page=2").json
    alive = [row for row in rows if row["current_price"] is not None]
    caps = [row["market_cap"] for row in alive]
    assert caps == sorted(caps, reverse=True)
    assert [row["market_cap_rank"] for row in alive] == list(range(1, len(alive) + 1))
    assert alive == rows[: len(alive)]


@pytest.mark.parametrize(
    ("order", "field", "falling"),
    [
        ("market_cap_asc", "market_cap", False),
        ("volume_desc", "total_volume", True),
        ("volume_asc", "total_volume", False),
        ("id_desc", "id", True),
        ("id_asc", "id", False),
    ],
)
def test_other_orders(order, field, falling):
    values = [row[field] for row in CLIENT.get(f"{MARKETS}&order={order}").json]
    assert values == sorted(values, reverse=falling)


def test_ids_win_over_names_and_names_over_symbols():
    assert [row["id"] for row in CLIENT.get(f"{MARKETS}&ids=ethereum,bitcoin&names=Pepe").json] == [
        "bitcoin",
        "ethereum",
    ]
    assert [row["id"] for row in CLIENT.get(f"{MARKETS}&names=shiba%20inu&symbols=btc").json] == ["shiba-inu"]
    assert [row["id"] for row in CLIENT.get(f"{MARKETS}&symbols=btc").json] == [
        "bitcoin",
        "bridged-btc-example",
    ]


def test_numbers_are_written_as_coingecko_writes_them():
    text = CLIENT.get(f"{MARKETS}&ids=bitcoin,ethereum,shiba-inu").text
    assert re.search(r'"bitcoin".*?"current_price":\d{5,6},"market_cap":\d+,', text)
    assert re.search(r'"ethereum".*?"current_price":\d{4}\.\d{1,2},', text)
    assert re.search(r'"shiba-inu".*?"current_price":\d\.\d{1,2}e-06,', text)
    assert '"circulating_supply":20030493.0' in text
    assert '"circulating_supply":589243700000000.0' in text


def test_a_dead_coin_is_all_null():
    (row,) = CLIENT.get(f"{MARKETS}&ids=obscure-example").json
    assert {name for name, value in row.items() if value is not None} == {
        "id",
        "symbol",
        "name",
        "image",
        "last_updated",
    }
    assert row["image"] == "missing_large.png"


def test_roi_is_null_or_an_object():
    kinds = {type(row["roi"]) for row in CLIENT.get(f"{MARKETS}&per_page=250").json}
    assert kinds == {type(None), dict}


def test_a_quote_is_renewed_each_minute_and_not_between():
    client = Client()
    (first,) = client.get(f"{MARKETS}&ids=bitcoin").json
    updated = datetime.fromisoformat(first["last_updated"]).timestamp()
    assert NOW - 60 < updated <= NOW
    client.clock[0] = updated + 59.9
    assert client.get(f"{MARKETS}&ids=bitcoin").json == [first]
    client.clock[0] = updated + 60.1
    (second,) = client.get(f"{MARKETS}&ids=bitcoin").json
    assert datetime.fromisoformat(second["last_updated"]).timestamp() == pytest.approx(updated + 60)
    assert second != first


def test_a_shock_renews_the_quote_at_once():
    client = Client()
    before = client.get(f"{MARKETS}&ids=bitcoin").json[0]["current_price"]
    assert client.put("/_market", {"asset": "BTC", "percent": 8}).status == 200
    client.clock[0] += 1
    after = client.get(f"{MARKETS}&ids=bitcoin").json[0]["current_price"]
    assert after / before == pytest.approx(1.08, abs=0.002)


def test_changes_over_periods_and_sparklines_are_optional():
    (row,) = CLIENT.get(f"{MARKETS}&ids=bitcoin&price_change_percentage=1h,7d,nonsense&sparkline=true").json
    added = set(row) - set(ROW_FIELDS)
    assert added == {
        "price_change_percentage_1h_in_currency",
        "price_change_percentage_7d_in_currency",
        "sparkline_in_7d",
    }
    assert len(row["sparkline_in_7d"]["price"]) == 168


def test_simple_price_leaves_unknown_names_out():
    url = (
        f"{COINGECKO}/simple/price?ids=bitcoin,no-such-coin,obscure-example&vs_currencies=usd,xyz&include_market_cap=true"
        "&include_24hr_vol=true&include_24hr_change=true&include_last_updated_at=true"
    )
    body = CLIENT.get(url).json
    assert list(body) == ["bitcoin", "obscure-example"]
    assert list(body["bitcoin"]) == [
        "usd",
        "usd_market_cap",
        "usd_24h_vol",
        "usd_24h_change",
        "last_updated_at",
    ]
    assert isinstance(body["bitcoin"]["last_updated_at"], int)
    assert body["obscure-example"] == {}
    assert CLIENT.get(f"{COINGECKO}/simple/price?ids=nope&vs_currencies=usd").json == {}


def test_simple_price_agrees_with_markets():
    (row,) = CLIENT.get(f"{MARKETS}&ids=ethereum").json
    body = CLIENT.get(
        f"{COINGECKO}/simple/price?ids=ethereum&vs_currencies=usd&include_last_updated_at=true"
    ).json
    seconds = int(datetime.fromisoformat(row["last_updated"]).astimezone(UTC).timestamp())
    assert body == {"ethereum": {"usd": row["current_price"], "last_updated_at": seconds}}


def test_a_stale_price_has_a_null_change_and_an_old_time():
    rows = CLIENT.get(f"{MARKETS}&per_page=250").json + CLIENT.get(f"{MARKETS}&per_page=250&page=2").json
    stale = next(row for row in rows if row["current_price"] and row["price_change_percentage_24h"] is None)
    assert datetime.fromisoformat(stale["last_updated"]).timestamp() < NOW - 8 * 86_400
    url = f"{COINGECKO}/simple/price?ids={stale['id']}&vs_currencies=usd&include_24hr_change=true"
    assert CLIENT.get(url).json[stale["id"]]["usd_24h_change"] is None


def test_precision_may_be_full_or_a_number_of_places():
    def price(precision):
        url = f"{COINGECKO}/simple/price?ids=bitcoin&vs_currencies=usd&precision={precision}"
        return CLIENT.get(url).json["bitcoin"]["usd"]

    assert price("2") == round(price("full"), 2)
    assert len(str(price("full"))) > 10


def test_bitcoin_is_worth_one_bitcoin_and_1e8_sats():
    body = CLIENT.get(f"{COINGECKO}/simple/price?ids=bitcoin&vs_currencies=btc,sats").json
    assert body == {"bitcoin": {"btc": 1.0, "sats": 100_000_000}}


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/simple/price?ids=bitcoin", 422, {"error": "Missing parameter vs_currencies"}),
        ("/simple/price?vs_currencies=usd", 422, {"error": "Missing parameter ids"}),
        ("/coins/markets", 422, {"error": "Missing parameter vs_currency"}),
        ("/coins/markets?vs_currency=xyz", 400, {"error": "invalid vs_currency"}),
        ("/nothing/here", 404, {"error": "Incorrect path. Please check https://docs.coingecko.com/"}),
    ],
)
def test_errors(path, status, body):
    reply = CLIENT.get(COINGECKO + path)
    assert (reply.status, reply.json) == (status, body)
    assert reply.headers["content-type"] == "application/json; charset=utf-8"


def test_lists():
    assert CLIENT.get(f"{COINGECKO}/ping").json == {"gecko_says": "(V3) To the Moon!"}
    assert CLIENT.get(f"{COINGECKO}/simple/supported_vs_currencies").json[:3] == ["btc", "eth", "usd"]
    coins = CLIENT.get(f"{COINGECKO}/coins/list").json
    assert len(coins) == 300 and list(coins[0]) == ["id", "symbol", "name"]
    assert CLIENT.get(f"{COINGECKO}/coins/list?include_platform=true").json[0]["platforms"] == {}


def test_a_second_simulator_of_the_seed_sends_the_same_bytes():
    url = f"{MARKETS}&per_page=250"
    assert Client().get(url).body == CLIENT.get(url).body
    assert Client(seed=2).get(url).body != CLIENT.get(url).body


def test_a_long_answer_is_compressed_if_the_client_accepts_it():
    reply = CLIENT.get(f"{MARKETS}&per_page=250", accept_encoding="gzip")
    assert reply.headers["content-encoding"] == "gzip"
    assert len(reply.body) < len(json.dumps(CLIENT.get(f"{MARKETS}&per_page=250").json)) / 2
