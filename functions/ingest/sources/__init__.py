"""What a source is to ingest: it plans requests and fetches each, nothing interpreted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from coinlake import intervals
from coinlake.errors import BadConfiguration, CoinlakeError, SourceRefused, SourceUnavailable
from coinlake.feeds import Feed, window_key
from coinlake.keys import RawKey
from ingest.answers import OK, Answer, Limits
from ingest.http import Http
from ingest.retries import retriable

Assets = Mapping[str, Mapping[str, str]]
_SUCCESSES: Final = range(200, 300)


@dataclass(frozen=True, slots=True)
class Request:
    """One question, and the raw key where its answer lands.

    ``name`` tells it apart in messages; ``cost`` is what it takes of the source's limit. With
    ``may_end`` an empty list says that the pages ended with the one before: it is not kept, and
    no later page is asked for. One that ``yields`` lets feeds go first.
    """

    name: str
    key: RawKey
    path: str
    params: Mapping[str, str]
    may_end: bool = False
    cost: int = 1
    yields: bool = False

    def ended_by(self, answer: Answer) -> bool:
        return self.may_end and answer.body.strip() == b"[]"


@dataclass(frozen=True, slots=True)
class Window:
    """One market's past: ``count`` buckets before ``end``, which is exclusive.

    ``asset_id`` is the source's own. An archive is asked for its file of a ``period``: "2024-05"
    or "2024-05-31".
    """

    asset_id: str
    quote: str
    interval: str
    end: datetime
    count: int
    period: str | None = None

    @property
    def step(self) -> timedelta:
        return intervals.duration(self.interval)

    @property
    def start(self) -> datetime:
        return self.end - self.count * self.step

    def key(self, source: str, dataset: str, market: str) -> RawKey:
        last = self.period or self.count
        return checked_key(
            window_key, source, dataset, market, interval=self.interval, end=self.end, count=last
        )


@dataclass(frozen=True, slots=True)
class History:
    """A dataset that can be asked for its past.

    ``most`` maps each interval that the source has to the most buckets of one request;
    ``settles`` is how long after its end a window's answer may still miss the last bucket.
    """

    request: Callable[[Window], Request]
    most: Mapping[str, int]
    settles: timedelta = timedelta(0)
    by_period: bool = False

    def check(self, asker: str, interval: str, count: int, setting: str = "lookback") -> None:
        """Raise ``BadConfiguration`` where the source has no such interval or answers fewer buckets."""
        if interval not in self.most:
            known = ", ".join(self.most)
            raise BadConfiguration(f"{asker} asks for {interval}; set its interval to one of {known}")
        if not 1 <= count <= self.most[interval]:
            raise BadConfiguration(
                f"{asker} asks for {count} buckets; set {setting} to 1 to {self.most[interval]}"
            )


Snapshot = Callable[[Feed, Assets, datetime], list[Request]]


@dataclass(frozen=True, slots=True)
class Source:
    """Where data comes from; each has one file beside this one.

    ``snapshots`` maps a dataset to what a feed asks for at a time; ``histories`` maps a dataset
    to its windows, which feeds and backfills ask for alike. Both are pure, so that a retry asks
    for the same bytes. ``ids`` names the asset map's column of ids.
    """

    name: ClassVar[str]
    ids: ClassVar[str]
    limits: ClassVar[Limits] = Limits()
    snapshots: ClassVar[Mapping[str, Snapshot]] = {}
    histories: ClassVar[Mapping[str, History]] = {}
    http: Http = field(repr=False)

    @classmethod
    def plan(cls, feed: Feed, assets: Assets, due: datetime) -> list[Request]:
        """What the feed asks for at ``due``."""
        if feed.dataset in cls.snapshots:
            return cls.snapshots[feed.dataset](feed, assets, due)
        if feed.dataset in cls.histories:
            return cls._windows(cls.histories[feed.dataset], feed, asset_ids(feed, assets, cls.ids), due)
        known = ", ".join(sorted({*cls.snapshots, *cls.histories}))
        raise BadConfiguration(
            f"feed {feed.name} asks {cls.name} for {feed.dataset!r}; set its dataset to one of {known}"
        )

    @classmethod
    def _windows(cls, history: History, feed: Feed, ids: Sequence[str], due: datetime) -> list[Request]:
        history.check(f"feed {feed.name}", feed.interval, feed.lookback)
        return [
            history.request(Window(asset_id, feed.quote, feed.interval, due, feed.lookback))
            for asset_id in ids
        ]

    def fetch(self, request: Request, until: float) -> Answer:
        """An answer with HTTP 200, or a ``CoinlakeError`` that says what to do."""
        answer = self.http.get(request.path, request.params, until, cost=request.cost, yields=request.yields)
        if answer.status != OK:
            self.heed(answer)
            raise self.explained(answer, request)
        return answer

    def heed(self, answer: Answer) -> None:
        """Do what an answer that is not 200 asks of every invocation; the rate limit is the client's work."""

    @staticmethod
    def explained(answer: Answer, request: Request) -> CoinlakeError:
        """The error for an answer that is not 200: retry later, give up, or fix the configuration."""
        raise NotImplementedError


def asset_ids(feed: Feed, assets: Assets, ids: str) -> list[str]:
    """The ids, in the asset map's column ``ids``, of the feed's assets in the feed's order.

    An asset that the map gives no id at this source is not listed there and is left out; raise
    ``BadConfiguration`` where none is left, or where the map does not hold one at all.
    """
    if unknown := [symbol for symbol in feed.assets if symbol not in assets]:
        raise BadConfiguration(f"feed {feed.name} names {', '.join(unknown)}; add it to assets")
    found = [assets[symbol][ids] for symbol in feed.assets if ids in assets[symbol]]
    if not found:
        raise BadConfiguration(f"feed {feed.name} asks for nothing: none of its assets has an id at {ids}")
    return found


def batches(ids: Sequence[str], size: int) -> list[tuple[int, Sequence[str]]]:
    """The ids in pages of at most ``size``, each with its number from 1."""
    return [(number, ids[first : first + size]) for number, first in enumerate(range(0, len(ids), size), 1)]


def checked_key(build: Callable[..., RawKey], *asked: Any, **named: Any) -> RawKey:
    """The key that ``build`` makes; a name that fits no key is a fault of the configuration."""
    try:
        return build(*asked, **named)
    except ValueError as error:
        raise BadConfiguration(f"bad_symbol: {error}; correct the feed's name, quote or assets") from None


def milliseconds(moment: datetime) -> int:
    """Since 1970, as most sources count."""
    return (moment - intervals.EPOCH) // timedelta(milliseconds=1)


def blamed(status: int) -> type[CoinlakeError]:
    """The error for a status whose body says no more: is it worth another run?"""
    return SourceUnavailable if retriable(status) or status in _SUCCESSES else SourceRefused
