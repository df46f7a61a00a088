"""What a source is to ingest: it plans a run's requests and fetches each, nothing interpreted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, Protocol

from coinlake.config import Feed
from coinlake.errors import BadConfiguration, CoinlakeError, SourceRefused, SourceUnavailable
from coinlake.keys import RawKey
from ingest.http import Answer, Limits
from ingest.retries import retriable

Assets = Mapping[str, Mapping[str, str]]
_SUCCESSES: Final = range(200, 300)


@dataclass(frozen=True, slots=True)
class Request:
    """One question of a run, and the raw key where its answer lands.

    ``name`` tells it apart in messages. With ``may_end`` an empty list says that the pages ended
    with the one before: it is not kept, and no later page is asked for.
    """

    name: str
    key: RawKey
    path: str
    params: Mapping[str, str]
    may_end: bool = False

    def ended_by(self, answer: Answer) -> bool:
        return self.may_end and answer.body.strip() == b"[]"


class Source(Protocol):
    """Where data comes from."""

    name: ClassVar[str]
    limits: ClassVar[Limits]

    @staticmethod
    def plan(feed: Feed, assets: Assets, due: datetime) -> list[Request]:
        """What the feed asks for at ``due``; pure, so that a retry asks for the same bytes."""
        ...

    def fetch(self, request: Request, until: float) -> Answer:
        """An answer with HTTP 200, or a ``CoinlakeError`` that says what to do."""
        ...


def check_dataset(feed: Feed, source: str, dataset: str) -> None:
    """Raise ``BadConfiguration`` for a feed of a dataset that the source does not have."""
    if feed.dataset != dataset:
        raise BadConfiguration(
            f"feed {feed.name} asks {source} for {feed.dataset!r}; set its dataset to {dataset!r}"
        )


def asset_ids(feed: Feed, assets: Assets) -> list[str]:
    """The source's ids of the feed's assets, in the feed's order.

    An asset that the map gives no id at this source is not listed there and is left out; raise
    ``BadConfiguration`` where none is left, or where the map does not hold one at all.
    """
    if unknown := [symbol for symbol in feed.assets if symbol not in assets]:
        raise BadConfiguration(f"feed {feed.name} names {', '.join(unknown)}; add it to assets")
    found = [assets[symbol][feed.source] for symbol in feed.assets if feed.source in assets[symbol]]
    if not found:
        raise BadConfiguration(
            f"feed {feed.name} asks for nothing: none of its assets has an id at {feed.source}"
        )
    return found


def slot_key(build: Callable[[datetime, Any], RawKey], due: datetime, asked: int | str) -> RawKey:
    """``Feed.page_key`` or ``Feed.window_key``; a name that fits no key is a fault of the configuration."""
    try:
        return build(due, asked)
    except ValueError as error:
        raise BadConfiguration(f"bad_symbol: {error}; correct the feed's name, quote or assets") from None


def blamed(status: int) -> type[CoinlakeError]:
    """The error for a status whose body says no more: is it worth another run?"""
    return SourceUnavailable if retriable(status) or status in _SUCCESSES else SourceRefused
