"""What every source inherits, and what one may override that answers in its own way."""

from dataclasses import replace
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
HOUR = timedelta(hours=1)


class ErrorsWithStatus200(Source):
    """Answers errors with HTTP 200."""

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


class KeepsItsNewest(Source):
    """Has 720 buckets of each interval."""

    name = "coinbase"

    @classmethod
    def facts(cls):
        facts = super().facts()
        candles = replace(facts.datasets["candles"], newest_buckets=720)
        return replace(facts, datasets={"candles": candles})


def connected(body):
    """A source whose client answers with ``body``."""
    client = SimpleNamespace(limiter=FakeLimiter(), options={})

    def get(*_, **options):
        client.options = options
        response = HttpResponse("https://x/", 200, body, NOW)
        options["apply_rate_limit"](response)
        return response

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


def window(end):
    return Window("coinbase", "candles", "BTC", "USD", "1h", end, 24)


def test_a_window_is_refused_while_it_is_open():
    with pytest.raises(NotYet):
        KeepsItsNewest.check_window(window(NOW + timedelta(minutes=1)), NOW)


def test_a_window_that_begins_before_the_oldest_bucket_is_unlisted():
    """At 07:35 the newest 720 hours are the open one, 07:00, and 719 before it."""
    oldest = NOW.replace(minute=0) - 719 * HOUR
    KeepsItsNewest.check_window(window(oldest + 24 * HOUR), NOW)
    with pytest.raises(Unlisted, match="coinbase has only its newest 720 buckets of 1h, from 2024-10-22T08"):
        KeepsItsNewest.check_window(window(oldest + 23 * HOUR), NOW)


def test_a_source_that_has_all_buckets_is_asked_for_any_closed_window():
    ErrorsWithStatus200.check_window(window(NOW - timedelta(days=3000)), NOW)
