"""What every source inherits, and what one may override that answers in its own way."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from coinlake.errors import SourceUnavailable
from coinlake.http import HttpResponse
from coinlake.keys import RawKey, Slot
from coinlake.windows import Window
from ingest.errors import NotYet, Unlisted
from ingest.sources import Request, Source
from tests.unit.ingest.conftest import FakeLimiter

NOW = datetime(2024, 11, 21, 7, 35, tzinfo=UTC)
PAIR = Request("BTC-USD", RawKey("coinbase", "candles", Slot(NOW, ("BTC-USD",))), "/x", {})
KEPT = timedelta(hours=720)


class ErrorsWithStatus200(Source):
    """Answers errors with HTTP 200, and keeps only its newest candles."""

    name = "coinbase"

    @staticmethod
    def is_success(response):
        return b'"error":[]' in response.body

    @staticmethod
    def is_retryable(response):
        return b"EService" in response.body

    def apply_rate_limit(self, response):
        if b"Rate limit" in response.body:
            self.client.limiter.hold(15)

    @staticmethod
    def to_error(response, request):
        if b"Unknown asset pair" in response.body:
            return Unlisted(f"there is no market {request.name}")
        return SourceUnavailable("rate limited")

    @classmethod
    def check_window(cls, window, now):
        super().check_window(window, now)
        if window.start < now - KEPT:
            raise Unlisted("older candles are not kept")


def connected(body):
    """A source whose client answers with ``body``."""
    client = SimpleNamespace(limiter=FakeLimiter(), options={})

    def get(*_, **options):
        client.options = options
        return HttpResponse("https://x/", 200, body, NOW)

    client.get = get
    return ErrorsWithStatus200(client)


def test_an_answer_that_the_source_calls_a_success_is_returned():
    source = connected(b'{"error":[],"result":{}}')
    assert source.fetch(PAIR, 0.0).response.body == b'{"error":[],"result":{}}'
    assert source.client.limiter.held == []


def test_an_error_with_status_200_is_raised_and_never_lands():
    with pytest.raises(Unlisted, match="no market BTC-USD"):
        connected(b'{"error":["EQuery:Unknown asset pair"]}').fetch(PAIR, 0.0)


def test_an_error_with_status_200_may_hold_every_invocation():
    source = connected(b'{"error":["EAPI:Rate limit exceeded"]}')
    with pytest.raises(SourceUnavailable):
        source.fetch(PAIR, 0.0)
    assert source.client.limiter.held == [15]


def test_the_client_repeats_what_the_source_calls_retryable():
    source = connected(b'{"error":[]}')
    source.fetch(PAIR, 0.0)
    is_retryable = source.client.options["is_retryable"]
    assert is_retryable(HttpResponse("https://x/", 200, b'{"error":["EService:Busy"]}', NOW))
    assert not is_retryable(HttpResponse("https://x/", 503, b"", NOW))


@pytest.mark.parametrize(
    ("end", "kind"), [(NOW + timedelta(minutes=1), NotYet), (NOW - timedelta(days=30), Unlisted)]
)
def test_a_window_is_refused_while_it_is_open_and_once_it_is_no_longer_kept(end, kind):
    with pytest.raises(kind):
        ErrorsWithStatus200.check_window(Window("coinbase", "candles", "BTC", "USD", "1h", end, 24), NOW)


def test_a_closed_window_that_is_kept_is_accepted():
    end = NOW - timedelta(hours=1)
    ErrorsWithStatus200.check_window(Window("coinbase", "candles", "BTC", "USD", "1h", end, 24), NOW)
