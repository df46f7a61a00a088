"""Kraken: what a feed asks for, and what each of its errors, with HTTP 200, means."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake import intervals
from coinlake.errors import BadConfiguration, SourceRefused, SourceUnavailable
from coinlake.http import HttpResponse
from coinlake.windows import Window
from ingest.errors import Unlisted
from ingest.sources.kraken import HELD_SECONDS, Kraken, errors
from tests.unit.ingest.conftest import FakeLimiter

SAMPLES = Path(__file__).parents[3] / "samples" / "kraken"
DUE = datetime(2024, 11, 21, 7, 0, tzinfo=UTC)
ASSETS = {"BTC": {"kraken": "XBT"}, "DOGE": {"kraken": "XDG"}, "SOL": {"kraken": "SOL"}}
MINUTES = {1, 5, 15, 30, 60, 240, 1440}


def response(body, status=200):
    return HttpResponse("https://x/", status, body, DUE)


def sample(name):
    return (SAMPLES / f"{name}.json").read_bytes()


def refusal(code):
    return response(b'{"error":["%s"]}' % code.encode())


@dataclass
class FakeClient:
    """Answers in turn and notes what it was asked."""

    answers: list
    requests: list = field(default_factory=list)
    limiter: FakeLimiter = field(default_factory=FakeLimiter)

    def get(self, path, params, until, *, cost, low_priority, is_retryable, apply_rate_limit):
        self.requests.append((path, params.get("pair")))
        answer = self.answers.pop(0)
        apply_rate_limit(answer)
        return answer


@pytest.fixture(scope="session")
def candles(candles_feed):
    return lambda **changes: candles_feed(**{"source": "kraken", "assets": ("BTC", "SOL"), **changes})


@pytest.fixture(scope="session")
def page(quotes_feed):
    feed = quotes_feed(source="kraken", top=None, assets=("BTC", "DOGE", "SOL"))
    (request,) = Kraken.plan(feed, ASSETS, DUE)
    return request


def test_each_market_is_asked_for_the_closed_buckets_before_the_slot(candles):
    btc, sol = Kraken.plan(candles(), ASSETS, DUE)
    assert (btc.name, btc.path) == ("XBT-USD", "/public/OHLC")
    assert btc.params == {"pair": "XBTUSD", "interval": "60", "since": "1732085999"}
    assert str(btc.key) == (
        "raw/source=kraken/dataset=candles/dt=2024-11-21/20241121T070000Z.XBT-USD.1h.24.json.gz"
    )
    assert sol.params == {**btc.params, "pair": "SOLUSD"}


@given(
    interval=st.sampled_from(sorted(Kraken.facts().datasets["candles"].max_buckets)),
    lookback=st.integers(1, 719),
    scheduled=st.datetimes(datetime(2015, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
)
def test_every_window_begins_with_a_bucket_and_has_an_interval_that_kraken_has(
    candles, interval, lookback, scheduled
):
    """``since`` is exclusive: a second before the first bucket, so that it is the first that comes."""
    feed = candles(interval=interval, lookback=lookback)
    due, step = feed.due(scheduled), intervals.duration(interval)
    params = Kraken.plan(feed, ASSETS, due)[0].params
    first = datetime.fromtimestamp(int(params["since"]) + 1, UTC)
    assert int(params["interval"]) in MINUTES
    assert first == due - lookback * step == intervals.floor(first, interval)


def test_a_window_within_the_newest_720_is_asked_for_and_an_older_one_is_unlisted():
    """The newest of the 720 is open: at 07:35 the oldest is of 719 hours before 07:00."""
    now, hour = DUE + timedelta(minutes=35), timedelta(hours=1)
    kept = Window("kraken", "candles", "BTC", "USD", "1h", DUE, 719)
    Kraken.check_window(kept, now)
    older = Window("kraken", "candles", "BTC", "USD", "1h", DUE - hour, 719)
    with pytest.raises(Unlisted, match="kraken has only its newest 720 buckets of 1h, from 2024-10-22T08"):
        Kraken.check_window(older, now)


def test_all_markets_of_a_feed_are_asked_for_in_one_request(page):
    assert (page.path, page.params) == ("/public/Ticker", {"pair": "XBTUSD,XDGUSD,SOLUSD"})
    assert str(page.key).endswith("dataset=quotes/dt=2024-11-21/20241121T070000Z.top.usd.p1.json.gz")


def test_all_pairs_come_in_one_answer_and_are_never_unlisted(quotes_feed):
    (pairs,) = Kraken.plan(quotes_feed(source="kraken", dataset="assets", top=None), ASSETS, DUE)
    assert pairs.path == "/public/AssetPairs"
    assert str(pairs.key).endswith("20241121T070000Z.asset_pairs.json.gz")
    assert type(Kraken.to_error(response(sample("error_unknown_asset_pair")), pairs)) is SourceRefused


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "stats"}, "asks kraken for 'stats'; set its dataset to one of assets, candles, quotes"),
        ({"interval": "6h"}, "asks for 6h; set its interval to one of 1m, 5m, 15m, 30m, 1h, 4h, 1d"),
        ({"lookback": 720}, "set lookback to 1 to 719"),
    ],
)
def test_a_feed_that_cannot_be_asked_for_says_what_to_change(candles, changes, message):
    with pytest.raises(BadConfiguration, match=message):
        Kraken.plan(candles(**changes), ASSETS, DUE)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("error_unknown_asset_pair", Unlisted),
        ("error_too_many_requests", SourceUnavailable),
        ("error_invalid_arguments", SourceRefused),
    ],
)
def test_each_recorded_error_is_no_success_and_is_classified(candles, name, kind):
    btc, answer = Kraken.plan(candles(), ASSETS, DUE)[0], response(sample(name))
    assert not Kraken.is_success(answer)
    error = Kraken.to_error(answer, btc)
    assert type(error) is kind and errors(answer.body)[0] in str(error)


@pytest.mark.parametrize(
    ("code", "kind", "held"),
    [
        ("EAPI:Rate limit exceeded", SourceUnavailable, True),
        ("EService:Throttled: 1732172400", SourceUnavailable, True),
        ("EGeneral:Temporary lockout", SourceUnavailable, True),
        ("EService:Unavailable", SourceUnavailable, False),
        ("EService:Busy", SourceUnavailable, False),
        ("EGeneral:Internal error", SourceUnavailable, False),
        ("EGeneral:Permission denied", SourceRefused, False),
    ],
)
def test_what_a_retry_may_heal_is_repeated_and_a_limit_holds_every_invocation(candles, code, kind, held):
    btc, answer = Kraken.plan(candles(), ASSETS, DUE)[0], refusal(code)
    client = FakeClient([answer])
    with pytest.raises(kind, match=code.split(":")[0]):
        Kraken(client).fetch(btc, 0.0)
    assert Kraken.is_retryable(answer) == (kind is SourceUnavailable)
    assert client.limiter.held == ([HELD_SECONDS] if held else [])


@pytest.mark.parametrize(
    ("status", "kind"), [(404, SourceRefused), (403, SourceRefused), (503, SourceUnavailable)]
)
@given(body=st.binary())
def test_any_other_status_is_classified_by_itself(candles, status, kind, body):
    error = Kraken.to_error(response(body, status), Kraken.plan(candles(), ASSETS, DUE)[0])
    assert type(error) is kind and str(error).isprintable()


@pytest.mark.parametrize("name", ["ohlc", "ticker", "asset_pairs"])
def test_an_answer_is_returned(page, name):
    answer = response(sample(name))
    assert Kraken(FakeClient([answer])).fetch(page, 0.0).response is answer


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"error":"x"}', b"[" * 100_000, b""])
def test_what_names_no_error_lands_for_transform_to_judge(body):
    assert Kraken.is_success(response(body))


def test_a_page_with_an_unlisted_pair_is_asked_for_without_it(page):
    unknown, fine = response(sample("error_unknown_asset_pair")), response(sample("ticker"))
    client = FakeClient([unknown, response(sample("asset_pairs").replace(b"SOLUSD", b"ADAUSD")), fine])
    document = Kraken(client).fetch(page, 0.0)
    assert (document.response, document.unlisted) == (fine, ("SOLUSD",))
    assert client.requests == [
        ("/public/Ticker", "XBTUSD,XDGUSD,SOLUSD"),
        ("/public/AssetPairs", None),
        ("/public/Ticker", "XBTUSD,XDGUSD"),
    ]


def test_a_page_without_a_listed_pair_is_unlisted(page):
    unknown = response(sample("error_unknown_asset_pair"))
    with pytest.raises(Unlisted, match="kraken lists none of XBTUSD, XDGUSD, SOLUSD"):
        Kraken(FakeClient([unknown, response(b'{"error":[],"result":{}}')])).fetch(page, 0.0)


def test_a_list_of_pairs_that_is_none_may_be_better_later(page):
    unknown = response(sample("error_unknown_asset_pair"))
    with pytest.raises(SourceUnavailable, match="not what it was"):
        Kraken(FakeClient([unknown, response(b"[]")])).fetch(page, 0.0)
