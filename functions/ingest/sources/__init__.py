"""A source as ingest sees it: it plans requests and fetches each, and interprets nothing."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, NamedTuple

from coinlake import intervals, retries, sources
from coinlake.errors import BadConfiguration, CoinlakeError, SourceRefused, SourceUnavailable
from coinlake.feeds import Feed
from coinlake.http import OK, HttpResponse
from coinlake.keys import RawKey
from coinlake.windows import Window
from ingest.client import Limits, SourceClient
from ingest.errors import NotYet, Unlisted

Assets = Mapping[str, Mapping[str, str]]  # canonical symbol → source → the source's own id
_SUCCESSES: Final = range(200, 300)


@dataclass(frozen=True, slots=True)
class Request:
    """One request, and the raw key where its answer lands.

    ``name`` tells it apart in messages; ``cost`` is what it takes of the source's limit. With
    ``may_end`` an empty list says that the pages ended with the one before: it is not kept, and
    no later page is asked for. One of ``low_priority`` lets feeds go first. ``names`` are the ids that the
    answer must have, where the source leaves out, without a word, what it does not know.
    """

    name: str
    key: RawKey
    path: str
    params: Mapping[str, str]
    may_end: bool = False
    cost: int = 1
    low_priority: bool = False
    names: tuple[str, ...] = ()

    def unanswered(self, body: bytes) -> tuple[str, ...]:
        """The names that do not stand in a JSON answer, which is not parsed for it."""
        if body.lstrip()[:1] not in {b"[", b"{"}:
            return ()
        return tuple(
            name
            for name in self.names
            if f'"{name}"'.encode() not in body and json.dumps(name).encode() not in body
        )

    def is_ended_by(self, response: HttpResponse) -> bool:
        return self.may_end and response.body.strip() == b"[]"


class RawDocument(NamedTuple):
    """What lands in raw; ``unlisted`` names the markets asked for that the source does not list."""

    response: HttpResponse
    unlisted: tuple[str, ...] = ()


Snapshot = Callable[[Feed, Assets, datetime], list[Request]]
WindowRequest = Callable[[Window, str], Request]  # of a window and the source's id of its asset


@dataclass(frozen=True, slots=True)
class Source:
    """Where data comes from; each has one file beside this one, and its facts in sources.json.

    ``snapshots`` maps a dataset to what a feed asks for at a time; ``windows`` maps a dataset to
    the request of one window of its past, which feeds and backfills make alike. Both are pure, so
    that a retry makes the same request.
    """

    name: ClassVar[str]
    limits: ClassVar[Limits] = Limits()
    snapshots: ClassVar[Mapping[str, Snapshot]] = {}
    windows: ClassVar[Mapping[str, WindowRequest]] = {}
    client: SourceClient = field(repr=False)

    @classmethod
    def facts(cls) -> sources.Source:
        """What sources.json declares of it."""
        return sources.source(cls.name)

    @classmethod
    def plan(cls, feed: Feed, assets: Assets, due: datetime) -> list[Request]:
        """What the feed asks for at ``due``."""
        if feed.dataset in cls.snapshots:
            return cls.snapshots[feed.dataset](feed, assets, due)
        if feed.dataset in cls.windows:
            cls.check_buckets(f"feed {feed.name}", feed.dataset, feed.interval, feed.lookback)
            return cls._plan_windows(feed, listed_assets(feed, assets), due)
        known = ", ".join(sorted({*cls.snapshots, *cls.windows}))
        raise BadConfiguration(
            f"feed {feed.name} asks {cls.name} for {feed.dataset!r}; set its dataset to one of {known}"
        )

    @classmethod
    def _plan_windows(cls, feed: Feed, ids: Mapping[str, str], due: datetime) -> list[Request]:
        return [
            cls.windows[feed.dataset](
                Window(cls.name, feed.dataset, asset, feed.quote, feed.interval, due, feed.lookback), asset_id
            )
            for asset, asset_id in ids.items()
        ]

    @classmethod
    def check_buckets(
        cls, requester: str, dataset: str, interval: str, count: int, setting: str = "lookback"
    ) -> None:
        """Raise ``BadConfiguration`` where the source has no such interval or answers fewer buckets.

        For an archive of files ``count`` is the days of a feed.
        """
        max_buckets = cls.facts().datasets[dataset].max_buckets
        if interval not in max_buckets:
            known = ", ".join(max_buckets)
            raise BadConfiguration(f"{requester} asks for {interval}; set its interval to one of {known}")
        if not 1 <= count <= max_buckets[interval]:
            raise BadConfiguration(
                f"{requester} asks for {count} buckets; set {setting} to 1 to {max_buckets[interval]}"
            )

    @classmethod
    def check_window(cls, window: Window, now: datetime) -> None:
        """Raise ``NotYet`` or ``Unlisted`` for a window that the source may not answer completely at ``now``.

        It is unlisted where it begins before the oldest bucket that the source still has.
        """
        facts = cls.facts().datasets[window.dataset]
        settled = window.end + facts.settles
        if settled > now:
            raise NotYet(f"the window is complete at {settled:%Y-%m-%dT%H:%M:%SZ}")
        oldest = facts.oldest_bucket(window.interval, now)
        if oldest and window.start < oldest:
            raise Unlisted(
                f"{cls.name} has only its newest {facts.newest_buckets} buckets of {window.interval}, "
                f"from {oldest:%Y-%m-%dT%H:%M:%SZ} on; the window begins before"
            )

    def fetch(self, request: Request, until: float) -> RawDocument:
        """An answer that holds data, or a ``CoinlakeError`` that says what to do."""
        response = self.client.get(
            request.path,
            request.params,
            until,
            cost=request.cost,
            low_priority=request.low_priority,
            is_retryable=self.is_retryable,
            apply_rate_limit=self.apply_rate_limit,
        )
        if not self.is_success(response):
            raise self.to_error(response, request)
        return RawDocument(response, request.unanswered(response.body))

    # What a source overrides that answers errors in its own way, with HTTP 200 for instance.

    @staticmethod
    def is_success(response: HttpResponse) -> bool:
        """Whether an answer holds data, and so belongs into raw."""
        return response.status == OK

    @staticmethod
    def is_retryable(response: HttpResponse) -> bool:
        """Whether the same request may be answered better in a while, within this run."""
        return retries.is_retryable(response.status)

    def apply_rate_limit(self, response: HttpResponse) -> None:
        """Hold every invocation as an answer asks, beyond a 429, which the client applies itself."""

    @staticmethod
    def to_error(response: HttpResponse, request: Request) -> CoinlakeError:
        """The error for an answer without data: retry later, give up, or fix the configuration."""
        raise NotImplementedError


def listed_assets(feed: Feed, assets: Assets) -> dict[str, str]:
    """The feed's assets in its order, each with the id that its source's owner has of it.

    An asset that the map gives no id at this source is not listed there and is left out; raise
    ``BadConfiguration`` where none is left, or where the map does not hold one at all.
    """
    if unknown := [symbol for symbol in feed.assets if symbol not in assets]:
        raise BadConfiguration(f"feed {feed.name} names {', '.join(unknown)}; add it to assets")
    owner = sources.owner(feed.source)
    listed = {symbol: assets[symbol][owner] for symbol in feed.assets if owner in assets[symbol]}
    if not listed:
        raise BadConfiguration(f"feed {feed.name} asks for nothing: none of its assets has an id at {owner}")
    return listed


def batches(feed: Feed, ids: Sequence[str]) -> list[tuple[int, Sequence[str]]]:
    """The ids as one request of the feed's dataset may name them, each batch with its number from 1."""
    size = sources.source(feed.source).datasets[feed.dataset].batch
    return [(number, ids[first : first + size]) for number, first in enumerate(range(0, len(ids), size), 1)]


def checked_key(build: Callable[..., RawKey], *values: Any) -> RawKey:
    """The key that ``build`` makes; a name that fits no key is a fault of the configuration."""
    try:
        return build(*values)
    except ValueError as error:
        raise BadConfiguration(f"bad_symbol: {error}; correct the feed's name, quote or assets") from None


def milliseconds(moment: datetime) -> int:
    """Since 1970, as most sources count."""
    return (moment - intervals.EPOCH) // timedelta(milliseconds=1)


def error_class(status: int) -> type[CoinlakeError]:
    """The error for a status whose body says no more: is it worth another run?"""
    return SourceUnavailable if retries.is_retryable(status) or status in _SUCCESSES else SourceRefused
