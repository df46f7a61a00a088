"""alternative.me: the Crypto Fear & Greed Index, one value a day.

sentiment  /fng/: the last ``lookback`` days

Source: alternative.me/crypto/fear-and-greed-index, "API": 60 requests a minute over ten minutes;
``limit`` counts days back from today. Its terms ask that the source be named beside the data.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Final

from coinlake.errors import CoinlakeError
from coinlake.feeds import Feed
from coinlake.http import HttpResponse
from ingest.sources import Assets, Request, Snapshot, Source, error_class

NAME: Final = "alternative_me"


def _index(feed: Feed, _: Assets, due: datetime) -> list[Request]:
    """The values of the last ``lookback`` days, so that a missed run heals itself; 0 is all of them."""
    params = {"limit": str(feed.lookback), "format": "json"}
    return [Request("fng", feed.named_key(due, "fng"), "/fng/", params)]


class AlternativeMe(Source):
    name: ClassVar[str] = NAME
    snapshots: ClassVar[Mapping[str, Snapshot]] = {"sentiment": _index}

    @staticmethod
    def to_error(response: HttpResponse, request: Request) -> CoinlakeError:
        return error_class(response.status)(f"alternative_me: HTTP {response.status} for {request.name}")


SOURCE: Final = AlternativeMe
