"""alternative.me: what a feed asks for, and what its statuses mean."""

from datetime import UTC, datetime

import pytest

from coinlake.errors import SourceRefused, SourceUnavailable
from coinlake.http import HttpResponse
from ingest.sources.alternative_me import AlternativeMe

DUE = datetime(2024, 11, 21, 7, 0, tzinfo=UTC)


def index(candles_feed, lookback=1):
    feed = candles_feed(source="alternative_me", dataset="sentiment", assets=(), lookback=lookback)
    (request,) = AlternativeMe.plan(feed, {}, DUE)
    return request


def test_a_feed_asks_for_the_last_days_of_the_index(candles_feed):
    request = index(candles_feed, lookback=3)
    assert (request.path, request.params) == ("/fng/", {"limit": "3", "format": "json"})
    assert str(request.key).endswith("/dt=2024-11-21/20241121T070000Z.fng.json.gz")


@pytest.mark.parametrize(("status", "kind"), [(500, SourceUnavailable), (404, SourceRefused)])
def test_the_status_decides_whether_a_retry_helps(candles_feed, status, kind):
    response = HttpResponse("https://x/", status, b"", DUE)
    assert type(AlternativeMe.to_error(response, index(candles_feed))) is kind
