"""CoinGecko: which pages a feed asks for, and what each of its errors means."""

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake.errors import BadConfiguration, SourceRefused, SourceUnavailable
from coinlake.http import HttpResponse
from coinlake.keys import RawKey, Slot
from ingest.errors import Unlisted
from ingest.sources import Request
from ingest.sources.coingecko import CoinGecko, error_message

SAMPLES = Path(__file__).parent / "samples"
DUE = datetime(2024, 11, 21, 7, 35, tzinfo=UTC)
HOUR = datetime(2024, 11, 21, 7, 0, tzinfo=UTC)
ASSETS = {"BTC": {"coingecko": "bitcoin", "coinbase": "BTC"}, "TRX": {"coingecko": "tron"}, "USD": {}}


BITCOIN = Request("bitcoin", RawKey("coingecko", "ohlc", Slot(DUE, ("bitcoin",))), "/x", {})


def response(status, body=b""):
    return HttpResponse("https://x/", status, body, DUE)


def error_of(status, sample):
    return CoinGecko.to_error(response(status, (SAMPLES / sample).read_bytes()), BITCOIN)


def test_the_top_assets_are_asked_for_page_by_page(quotes_feed):
    first, second = CoinGecko.plan(quotes_feed(top=500), ASSETS, DUE)
    assert (first.name, first.path) == ("page 1", "/coins/markets")
    assert first.params == {
        "vs_currency": "usd",
        "order": "market_cap_desc",
        "per_page": "250",
        "page": "1",
    }
    assert second.params == {**first.params, "page": "2"}
    assert (
        str(first.key)
        == "raw/source=coingecko/dataset=quotes/dt=2024-11-21/20241121T073500Z.top.usd.p1.json.gz"
    )
    assert str(second.key).endswith("/20241121T073500Z.top.usd.p2.json.gz")


@given(top=st.integers(1, 5000))
def test_the_top_assets_fit_their_pages_and_no_page_is_too_many(quotes_feed, top):
    pages = CoinGecko.plan(quotes_feed(top=top), {}, DUE)
    per_page = int(pages[0].params["per_page"])
    assert per_page <= 250
    assert per_page * (len(pages) - 1) < top <= per_page * len(pages)


def test_a_small_top_asks_for_no_more_than_it_wants(quotes_feed):
    (page,) = CoinGecko.plan(quotes_feed(top=10), ASSETS, DUE)
    assert page.params["per_page"] == "10"


def test_assets_are_asked_for_by_id_in_the_order_of_the_feed(quotes_feed):
    (page,) = CoinGecko.plan(quotes_feed(top=None, assets=("TRX", "BTC"), quote="EUR"), ASSETS, DUE)
    assert (page.params["ids"], page.params["vs_currency"], page.params["page"]) == (
        "tron,bitcoin",
        "eur",
        "1",
    )


def test_many_assets_are_asked_for_in_batches_that_are_keyed_apart(quotes_feed):
    assets = {f"A{n}": {"coingecko": f"a-{n}"} for n in range(501)}
    pages = CoinGecko.plan(quotes_feed(top=None, assets=tuple(assets)), assets, DUE)
    assert [len(page.params["ids"].split(",")) for page in pages] == [250, 250, 1]
    assert {page.params["page"] for page in pages} == {"1"}
    assert len({str(page.key) for page in pages}) == 3


def test_an_asset_that_the_source_does_not_list_is_left_out(quotes_feed):
    (page,) = CoinGecko.plan(quotes_feed(top=None, assets=("USD", "BTC")), ASSETS, DUE)
    assert page.params["ids"] == "bitcoin"


def test_prices_are_asked_for_by_id_with_all_that_they_can_hold(quotes_feed):
    (page,) = CoinGecko.plan(quotes_feed(dataset="prices", assets=("BTC", "TRX")), ASSETS, HOUR)
    assert page.path == "/simple/price"
    assert page.params == {
        "ids": "bitcoin,tron",
        "vs_currencies": "usd",
        "include_market_cap": "true",
        "include_24hr_vol": "true",
        "include_24hr_change": "true",
        "include_last_updated_at": "true",
        "precision": "full",
    }
    assert str(page.key).endswith("dataset=prices/dt=2024-11-21/20241121T070000Z.top.usd.p1.json.gz")


def test_prices_of_many_assets_come_in_batches(quotes_feed):
    assets = {f"A{n}": {"coingecko": f"a-{n}"} for n in range(251)}
    pages = CoinGecko.plan(quotes_feed(dataset="prices", assets=tuple(assets)), assets, HOUR)
    assert [len(page.params["ids"].split(",")) for page in pages] == [250, 1]
    assert [page.key.slot.parts[-1] for page in pages] == ["p1", "p2"]


@pytest.mark.parametrize(("interval", "named", "hours"), [("1h", "hourly", 1), ("1d", "daily", 24)])
def test_a_chart_ends_a_second_before_its_window_does(quotes_feed, interval, named, hours):
    feed = quotes_feed(dataset="price_points", interval=interval, lookback=24, assets=("BTC",))
    (chart,) = CoinGecko.plan(feed, ASSETS, HOUR)
    end = int(HOUR.timestamp())
    assert chart.path == "/coins/bitcoin/market_chart/range"
    assert chart.params == {
        "vs_currency": "usd",
        "from": str(end - 24 * hours * 3600),
        "to": str(end - 1),
        "interval": named,
        "precision": "full",
    }
    assert str(chart.key).endswith(f"/20241121T070000Z.bitcoin-usd.{interval}.24.json.gz")


@given(lookback=st.integers(1, 2400))
def test_an_hourly_chart_never_reaches_over_a_hundred_days(quotes_feed, lookback):
    feed = quotes_feed(dataset="price_points", interval="1h", lookback=lookback, assets=("BTC",))
    params = CoinGecko.plan(feed, ASSETS, HOUR)[0].params
    assert int(params["to"]) - int(params["from"]) < 100 * 86400


@pytest.mark.parametrize("days", [1, 7, 14, 30, 90, 180, 365])
def test_bars_are_requested_by_days_back_from_now(quotes_feed, days):
    feed = quotes_feed(dataset="ohlc", interval="1d", lookback=days, assets=("BTC",))
    (bars,) = CoinGecko.plan(feed, ASSETS, HOUR)
    assert (bars.name, bars.path) == ("bitcoin", "/coins/bitcoin/ohlc")
    assert bars.params == {"vs_currency": "usd", "days": str(days), "precision": "full"}
    assert str(bars.key).endswith(f"dataset=ohlc/dt=2024-11-21/20241121T070000Z.bitcoin-usd.{days}d.json.gz")


def test_all_coins_come_in_one_answer(quotes_feed):
    (coins,) = CoinGecko.plan(quotes_feed(dataset="assets", top=None), {}, HOUR)
    assert (coins.path, coins.params) == ("/coins/list", {"include_platform": "true"})
    assert str(coins.key).endswith("dataset=assets/dt=2024-11-21/20241121T070000Z.coins.json.gz")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "candles"}, "asks coingecko for 'candles'; set its dataset to one of assets, ohlc"),
        ({"dataset": "ohlc", "lookback": 2, "assets": ("BTC",)}, "set lookback to one of 1, 7, 14, 30, 90"),
        (
            {"dataset": "price_points", "interval": "15m", "assets": ("BTC",)},
            "set its interval to one of 1h, 1d",
        ),
        ({"top": None, "assets": ("USD",)}, "none of its assets has an id at coingecko"),
        ({"top": None, "assets": ()}, "none of its assets has an id at coingecko"),
        ({"top": None, "assets": ("XYZ",)}, "names XYZ; add it to assets"),
    ],
)
def test_a_feed_that_cannot_be_asked_for_says_what_to_change(quotes_feed, changes, message):
    with pytest.raises(BadConfiguration, match=message):
        CoinGecko.plan(quotes_feed(**changes), ASSETS, DUE)


def test_an_empty_page_ends_the_pages_but_never_the_first_one(quotes_feed):
    first, second = CoinGecko.plan(quotes_feed(top=500), ASSETS, DUE)
    assert second.is_ended_by(response(200, b" []\n"))
    assert not second.is_ended_by(response(200, b"[{}]"))
    assert not first.is_ended_by(response(200, b"[]"))


def test_an_empty_batch_of_ids_says_nothing_about_the_next(quotes_feed):
    assets = {f"A{n}": {"coingecko": f"a-{n}"} for n in range(251)}
    pages = CoinGecko.plan(quotes_feed(top=None, assets=tuple(assets)), assets, DUE)
    assert not any(page.is_ended_by(response(200, b"[]")) for page in pages)


@pytest.mark.parametrize(
    ("status", "sample", "kind", "message"),
    [
        (429, "coingecko_429.json", SourceUnavailable, "HTTP 429, code 429: You've exceeded the Rate Limit"),
        (429, "coingecko_429_throttled.txt", SourceUnavailable, "HTTP 429: Throttled; without a key"),
        (401, "coingecko_401_10002.json", BadConfiguration, "set coingecko_plan and coingecko_api_key"),
        (400, "coingecko_400_10010.json", BadConfiguration, 'set coingecko_plan = "pro"'),
        (401, "coingecko_401_10012.json", SourceRefused, "code 10012: Your request exceeds"),
        (
            403,
            "coingecko_403_user_agent.json",
            SourceRefused,
            "code 403: Please add a descriptive User-Agent",
        ),
        (404, "coingecko_404.json", Unlisted, "HTTP 404: coin not found; there is no coin bitcoin"),
        (422, "coingecko_422.json", SourceRefused, "HTTP 422: Missing parameter vs_currencies"),
    ],
)
def test_each_recorded_error_is_classified_and_names_its_remedy(status, sample, kind, message):
    error = error_of(status, sample)
    assert type(error) is kind
    assert message in str(error)


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (400, b'{"error_code": 10011, "status": {"error_message": "x"}}', BadConfiguration, '"demo"'),
        (403, b'{"status": {"error_code": 10005}}', BadConfiguration, "choose a higher coingecko_plan"),
        (401, b"{}", BadConfiguration, "set coingecko_api_key"),
        (403, b"<!DOCTYPE html><h1>Error 1020</h1>", SourceRefused, "a web page; it may block this address"),
        (502, b"<html>", SourceUnavailable, "HTTP 502: a web page"),
        (503, b"", SourceUnavailable, "HTTP 503"),
        (204, b"", SourceUnavailable, "HTTP 204"),
        (451, b"", SourceRefused, "HTTP 451"),
    ],
)
def test_an_unrecorded_error_is_classified_by_its_code_or_status(status, body, kind, message):
    error = CoinGecko.to_error(response(status, body), BITCOIN)
    assert type(error) is kind
    assert message in str(error)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["status", "error", "error_code", "x"]), inner)
    ),
)


@given(st.integers(200, 599), st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_error_body_gives_one_short_printable_line(status, body):
    message = str(CoinGecko.to_error(response(status, body), BITCOIN))
    assert message.isascii()
    assert message.isprintable()
    assert len(message) < 300


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b'{"error_code": ' + b"9" * 5000 + b"}", b"\xff\xfe", b"null", b'{"error_code": true}'],
)
def test_a_malformed_error_body_has_no_code(body):
    assert error_message(body)[0] is None


def test_an_answer_is_returned_and_an_error_is_raised(quotes_feed):
    (page,) = CoinGecko.plan(quotes_feed(), ASSETS, DUE)
    fine, gone = response(200, b"<html>stored as it is</html>"), response(404, b"")
    assert CoinGecko(SimpleNamespace(get=lambda *_, **__: fine)).fetch(page, 0.0).response is fine
    with pytest.raises(SourceRefused):
        CoinGecko(SimpleNamespace(get=lambda *_, **__: gone)).fetch(page, 0.0)
