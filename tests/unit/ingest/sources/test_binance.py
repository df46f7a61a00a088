"""Binance: which windows and pages a feed asks for, what they weigh, what each error means."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake import intervals
from coinlake.errors import BadConfiguration, SourceRefused, SourceUnavailable
from coinlake.http import HttpResponse
from coinlake.windows import Window
from ingest.errors import Unlisted
from ingest.sources.binance import Binance, ban_ends, error_message
from tests.unit.ingest.conftest import FakeLimiter

SAMPLES = Path(__file__).parent / "samples"
DUE = datetime(2024, 11, 21, 7, 0, tzinfo=UTC)
INTERVALS = sorted(Binance.facts().datasets["candles"].max_buckets)
DUE_MS = 1_732_172_400_000
ASSETS = {"BTC": {"binance": "BTC"}, "ETH": {"binance": "ETH"}, "PEPE": {"binance": "PEPE"}, "X": {}}
SYMBOL_UNKNOWN = (SAMPLES / "binance_400_symbol.json").read_bytes()


def response(status, body=b"[]", retry_after=None):
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return HttpResponse("https://x/", status, body, DUE, headers)


@dataclass
class FakeClient:
    """Answers in turn and notes what it was asked."""

    answers: list
    requests: list = field(default_factory=list)
    limiter: FakeLimiter = field(default_factory=FakeLimiter)

    def get(self, path, params, until, *, cost, low_priority, is_retryable, apply_rate_limit):
        self.requests.append((path, params.get("symbols"), cost))
        answer = self.answers.pop(0)
        apply_rate_limit(answer)
        return answer


@pytest.fixture(scope="session")
def klines(candles_feed):
    return lambda **changes: candles_feed(source="binance", quote="USDT", **changes)


@pytest.fixture(scope="session")
def tickers(quotes_feed):
    def plan(*assets, known=ASSETS):
        feed = quotes_feed(source="binance", quote="USDT", top=None, assets=assets)
        return Binance.plan(feed, known, DUE)

    return plan


def test_each_market_is_asked_for_the_closed_buckets_before_the_slot(klines):
    btc, eth = Binance.plan(klines(), ASSETS, DUE)
    assert (btc.name, btc.path, btc.cost) == ("BTC-USDT", "/api/v3/klines", 2)
    assert btc.params == {
        "symbol": "BTCUSDT",
        "interval": "1h",
        "startTime": str(DUE_MS - 24 * 3_600_000),
        "endTime": str(DUE_MS - 1),  # inclusive: the bucket that opens at seven is not asked for
        "limit": "24",
    }
    assert str(btc.key) == (
        "raw/source=binance/dataset=candles/dt=2024-11-21/20241121T070000Z.BTC-USDT.1h.24.json.gz"
    )
    assert eth.params["symbol"] == "ETHUSDT"


@given(
    interval=st.sampled_from(INTERVALS),
    lookback=st.integers(1, 1000),
    scheduled=st.datetimes(datetime(2017, 8, 17), datetime(2035, 1, 1), timezones=st.just(UTC)),
)
def test_every_window_holds_exactly_its_buckets(klines, interval, lookback, scheduled):
    feed = klines(interval=interval, lookback=lookback)
    due = feed.due(scheduled)
    params = Binance.plan(feed, ASSETS, due)[0].params
    spanned = timedelta(milliseconds=int(params["endTime"]) + 1 - int(params["startTime"]))
    assert datetime.fromtimestamp((int(params["endTime"]) + 1) / 1000, UTC) == due <= scheduled
    assert int(params["limit"]) == lookback
    assert spanned == lookback * intervals.duration(interval)


def test_a_page_of_tickers_names_its_symbols_without_a_space(tickers):
    (page,) = tickers("BTC", "ETH")
    assert (page.path, page.cost) == ("/api/v3/ticker/24hr", 2)
    assert page.params == {"type": "FULL", "symbols": '["BTCUSDT","ETHUSDT"]'}
    assert str(page.key).endswith("dataset=quotes/dt=2024-11-21/20241121T070000Z.top.usdt.p1.json.gz")


@given(count=st.integers(1, 450))
def test_pages_of_tickers_hold_a_hundred_symbols_at_most_and_know_their_weight(tickers, count):
    assets = {f"A{n}": {"binance": f"A{n}"} for n in range(count)}
    pages = tickers(*assets, known=assets)
    sizes = [len(json.loads(page.params["symbols"])) for page in pages]
    assert sum(sizes) == count
    assert [page.cost for page in pages] == [2 if size <= 20 else 40 for size in sizes]
    assert max(sizes) <= 100


def test_the_list_of_markets_comes_without_permission_sets(klines):
    (info,) = Binance.plan(klines(dataset="assets"), ASSETS, DUE)
    assert (info.path, info.cost) == ("/api/v3/exchangeInfo", 20)
    assert info.params == {"permissions": "SPOT", "showPermissionSets": "false"}
    assert str(info.key).endswith("dataset=assets/dt=2024-11-21/20241121T070000Z.exchange_info.json.gz")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"interval": "4d"}, "asks for 4d; set its interval to one of 1m, 5m, 15m, 30m, 1h, 4h, 6h, 1d"),
        ({"lookback": 1001}, "asks for 1001 buckets; set lookback to 1 to 1000"),
        ({"assets": ("X",)}, "none of its assets has an id at binance"),
    ],
)
def test_a_feed_that_cannot_be_asked_for_says_what_to_change(klines, changes, message):
    with pytest.raises(BadConfiguration, match=message):
        Binance.plan(klines(**changes), ASSETS, DUE)


@pytest.mark.parametrize(
    ("status", "sample", "kind", "message"),
    [
        (
            400,
            "binance_400_symbol.json",
            Unlisted,
            "code -1121: Invalid symbol.; there is no market BTC-USDT",
        ),
        (400, "binance_400_interval.json", SourceRefused, "code -1120: Invalid interval."),
        (400, "binance_400_missing.json", SourceRefused, "code -1102: Mandatory parameter 'symbol'"),
        (429, "binance_429.json", SourceUnavailable, "code -1003: Too much request weight used"),
        (418, "binance_418.json", SourceUnavailable, "before the ban ends at 2026-11-20T00:03:00Z"),
        (451, "binance_451.json", SourceRefused, 'binance = "https://data-api.binance.vision" }'),
    ],
)
def test_each_recorded_error_is_classified_and_names_its_remedy(klines, status, sample, kind, message):
    btc = Binance.plan(klines(), ASSETS, DUE)[0]
    error = Binance.to_error(response(status, (SAMPLES / sample).read_bytes()), btc)
    assert type(error) is kind
    assert message in str(error)


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (403, b"<html>", SourceRefused, "no JSON; its firewall blocks this address"),
        (503, b'{"code": -1008, "msg": "busy"}', SourceUnavailable, "code -1008: busy"),
        (504, b"", SourceUnavailable, "HTTP 504"),
        (404, b"{}", SourceRefused, "no reason given"),
    ],
)
def test_an_unrecorded_error_is_classified_by_its_status(klines, status, body, kind, message):
    error = Binance.to_error(response(status, body), Binance.plan(klines(), ASSETS, DUE)[0])
    assert type(error) is kind
    assert message in str(error)


@given(st.integers(200, 599), st.binary())
def test_any_error_body_gives_one_short_printable_line(klines, status, body):
    message = str(Binance.to_error(response(status, body), Binance.plan(klines(), ASSETS, DUE)[0]))
    assert message.isprintable()
    assert len(message) < 400
    assert error_message(body)[0] is None


@pytest.mark.parametrize(
    ("body", "retry_after", "seconds"),
    [(b"", None, 120), (b"", 600, 600), (b"banned until 1732172700000.", 60, 300), (b"until 9", 10, 120)],
)
def test_a_ban_ends_with_the_later_of_what_the_answer_says(body, retry_after, seconds):
    banned = response(418, body, retry_after=retry_after)
    assert ban_ends(banned) == DUE + timedelta(seconds=seconds)


def test_a_ban_holds_every_invocation_until_it_ends(klines):
    client = FakeClient([response(418, b"", retry_after=900)])
    with pytest.raises(SourceUnavailable, match="before the ban ends at 2024-11-21T07:15:00Z"):
        Binance(client).fetch(Binance.plan(klines(), ASSETS, DUE)[0], 0.0)
    assert client.limiter.held == [900]


def test_a_page_with_an_unlisted_symbol_is_asked_for_without_it(tickers):
    prices = b'[{"symbol": "BTCUSDT", "price": "1"}, {"symbol": "PEPEUSDT", "price": "1"}]'
    answer = b'[{"symbol":"BTCUSDT"},{"symbol":"PEPEUSDT"}]'
    client = FakeClient([response(400, SYMBOL_UNKNOWN), response(200, prices), response(200, answer)])
    (page,) = tickers("BTC", "ETH", "PEPE")
    document = Binance(client).fetch(page, 0.0)
    assert (document.response.body, document.unlisted) == (answer, ("ETHUSDT",))
    assert client.requests[1:] == [
        ("/api/v3/ticker/price", None, 4),
        ("/api/v3/ticker/24hr", '["BTCUSDT","PEPEUSDT"]', 2),
    ]


def test_a_page_of_unlisted_symbols_only_is_unlisted(tickers):
    client = FakeClient([response(400, SYMBOL_UNKNOWN), response(200, b"[]")])
    with pytest.raises(Unlisted, match="binance lists none of BTCUSDT, ETHUSDT"):
        Binance(client).fetch(tickers("BTC", "ETH")[0], 0.0)


@pytest.mark.parametrize("prices", [b"<html>", b"{}", b"[1]", b'[{"price": "1"}]', b"[[]]"])
def test_an_unreadable_list_of_prices_is_a_retryable_error(tickers, prices):
    client = FakeClient([response(400, SYMBOL_UNKNOWN), response(200, prices)])
    with pytest.raises((SourceUnavailable, Unlisted)):
        Binance(client).fetch(tickers("BTC")[0], 0.0)


def test_a_request_passes_its_cost_and_priority_to_the_client(klines):
    calls = []
    client = SimpleNamespace(get=lambda *_, **options: calls.append(options) or response(200))
    btc = Binance.plan(klines(), ASSETS, DUE)[0]
    for low_priority in (False, True):
        Binance(client).fetch(replace(btc, low_priority=low_priority), 0.0)
    assert [(call["cost"], call["low_priority"]) for call in calls] == [(2, False), (2, True)]


def test_an_unlisted_market_of_candles_is_not_looked_up(klines):
    client = FakeClient([response(400, SYMBOL_UNKNOWN)])
    with pytest.raises(Unlisted):
        Binance(client).fetch(Binance.plan(klines(), ASSETS, DUE)[0], 0.0)
    assert len(client.requests) == 1


@pytest.mark.parametrize("asset_id", ["\u5e01\u5b89\u4eba\u751f", "\uff22\uff34\uff23", "BT\u0421"])
def test_a_symbol_that_is_not_ascii_is_refused_in_one_sentence(asset_id):
    """Decision 20; the last is spelled with a Cyrillic letter."""
    window = Window("binance", "candles", "X", "USDT", "1h", datetime(2026, 11, 20, tzinfo=UTC), 24)
    with pytest.raises(BadConfiguration, match="bad_symbol") as refused:
        Binance.windows["candles"](window, asset_id)
    assert len(str(refused.value).splitlines()) == 1
