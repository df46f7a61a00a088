"""Which windows a backfill is made of. Pure: the clock and the configuration are passed in.

Windows lie on multiples of their length since 1970, so any two backfills name the same window
alike and raw refuses the second. The first may therefore begin before the range, which costs no
call more. Only closed windows are asked for, and behind them one that ends with the last whole
day; what has come since is the schedule's.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain, pairwise, product
from typing import Final

from coinlake import intervals
from coinlake.config import LakeConfig
from coinlake.errors import BadConfiguration
from coinlake.sources import Source, archive_of
from coinlake.windows import Window, day_of, month_of
from ops.backfill.request import BackfillRequest, TimeSpan

DAY: Final = timedelta(days=1)
REQUESTS_PER_FILE: Final = 2  # the file and its checksum


@dataclass(frozen=True)
class Plan:
    """The windows, newest first; ``notes`` tell a user what was decided for them."""

    windows: tuple[Window, ...]
    refresh: bool = False
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @cached_property
    def body(self) -> bytes:
        """The plan object, as the state machine reads it."""
        events = [window.to_event(refresh=self.refresh) for window in self.windows]
        return json.dumps(events, separators=(",", ":")).encode()

    @property
    def id(self) -> str:
        """The same for the same windows, so that a command given again finds its own run."""
        return hashlib.sha256(self.body).hexdigest()[:16]


def plan(request: BackfillRequest, config: LakeConfig, now: datetime) -> Plan:
    """The windows that cover what is asked for; ``BadConfiguration`` where there are none."""
    max_buckets, earliest = _plan_limits(request, config, now)
    notes = []
    if request.span.start < earliest:
        owner = request.source.name if request.facts.newest_buckets else f"{request.source.name}'s plan"
        notes.append(f"{owner} has nothing before {_moment(earliest)}: the backfill begins then")
        span = TimeSpan(earliest, max(earliest, request.span.end))
        request = replace(request, span=span)
    archive = _archive(request, config)
    months, spans = _split_into_months(request, archive, max_buckets, now)
    windows = [
        *(_files(request, archive, [month_of(month.start) for month in months]) if archive else ()),
        *(
            _files(request, request.source, _days(request, spans, now))
            if request.facts.files
            else _buckets(request, spans, max_buckets, now)
        ),
    ]
    windows.sort(key=lambda window: (window.end, window.asset), reverse=True)
    if not windows:
        raise BadConfiguration(_why_nothing(request))
    if archive and months and archive is not request.source:
        calls = -(-(31 * DAY) // (request.step * max_buckets))
        notes.append(
            f"{len(months)} whole months come from {archive.name}: a month is a file and its checksum there, "
            f"and up to {calls} calls at {request.source.name}"
        )
    if request.skipped:
        listed = ", ".join(request.skipped)
        notes.append(f"not at {request.source.name}, so left out: {listed} (assets gives no id of theirs)")
    return Plan(tuple(windows), request.refresh, request.skipped, tuple(notes))


def aligned_windows(
    span: TimeSpan, step: timedelta, max_buckets: int, closed: datetime
) -> Iterator[tuple[datetime, int]]:
    """End and count of each window of ``max_buckets`` at most, oldest first.

    ``closed`` is up to when buckets are complete.
    """
    length = max_buckets * step
    start = floor(span.start, length)
    while start < span.end and start + length <= closed:
        start += length
        yield start, max_buckets
    last = floor(closed, max(step, DAY))
    if start < span.end and last > max(start, span.start):
        yield last, (last - start) // step


def months_of(span: TimeSpan, published: datetime) -> Iterator[TimeSpan]:
    """Each calendar month that the span touches and that ends by ``published``."""
    start = span.start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while start < span.end:
        end = (start + 31 * DAY).replace(day=1)
        if end <= published:
            yield TimeSpan(start, end)
        start = end


def floor(moment: datetime, length: timedelta) -> datetime:
    """The multiple of ``length`` since 1970 at or before ``moment``."""
    return intervals.EPOCH + (moment - intervals.EPOCH) // length * length


def _plan_limits(request: BackfillRequest, config: LakeConfig, now: datetime) -> tuple[int, datetime]:
    """The most buckets of a window, and from when on the source or its plan lets us ask.

    The plan is the one whose header the configuration sends the key in. Windows of a past that reaches
    back so far only are short, so that little is lost where it begins.
    """
    max_buckets = request.facts.window_buckets(request.interval)
    oldest = request.facts.oldest_bucket(request.interval, now)
    if oldest:
        length = max_buckets * request.step
        return max_buckets, floor(oldest, length) + length
    header = config.sources[request.source.name].api_key_header
    for granted in request.source.plans.values():
        if granted.key_header == header and granted.past_days and granted.past_window_days:
            length = granted.past_window_days * DAY
            earliest = floor(now - granted.past_days * DAY, length) + length
            return min(max_buckets, length // request.step), earliest
    return max_buckets, request.span.start


def _moment(moment: datetime) -> str:
    """Its day, and its time unless that is midnight."""
    return f"{moment:%Y-%m-%d}" if moment == floor(moment, DAY) else f"{moment:%Y-%m-%dT%H:%MZ}"


def _archive(request: BackfillRequest, config: LakeConfig) -> Source | None:
    """The source whose files hold the same; the request's own where that is asked for files."""
    if request.facts.files:
        return request.source
    archive = archive_of(request.source.name)
    return archive if archive and archive.name in config.sources else None


def _split_into_months(
    request: BackfillRequest, archive: Source | None, max_buckets: int, now: datetime
) -> tuple[list[TimeSpan], list[TimeSpan]]:
    """The months to take as files, and what is left to be asked for."""
    months: list[TimeSpan] = []
    if archive:
        published = now - archive.datasets[request.dataset].publication_delay["month"]
        months = list(months_of(request.span, published))
        if archive is not request.source:
            length = request.step * max_buckets
            months = [month for month in months if _overlap(month, request.span) / length > REQUESTS_PER_FILE]
    edges = [request.span.start, *chain.from_iterable((m.start, m.end) for m in months), request.span.end]
    between = [TimeSpan(start, end) for start, end in list(pairwise(edges))[::2]]
    return months, [span for span in between if span.start < span.end]


def _overlap(first: TimeSpan, second: TimeSpan) -> timedelta:
    return min(first.end, second.end) - max(first.start, second.start)


def _files(request: BackfillRequest, source: Source, periods: Iterable[str]) -> Iterator[Window]:
    """Each asset's file of each period."""
    for asset, period in product(request.assets, periods):
        yield Window.of_period(
            source.name, request.dataset, asset, request.quote, interval=request.interval, period=period
        )


def _days(request: BackfillRequest, spans: Iterable[TimeSpan], now: datetime) -> Iterator[str]:
    """The days that are published in files of their own."""
    published = now - request.facts.publication_delay["day"]
    for span in spans:
        yield from (day_of(end - DAY) for end, _ in aligned_windows(span, DAY, 1, published))


def _buckets(
    request: BackfillRequest, spans: Iterable[TimeSpan], max_buckets: int, now: datetime
) -> Iterator[Window]:
    """Each asset's windows of buckets."""
    source, closed = request.source.name, now - request.facts.settles
    for span in spans:
        windows = list(aligned_windows(span, request.step, max_buckets, closed))
        for asset, (end, count) in product(request.assets, windows):
            yield Window(
                source, request.dataset, asset, request.quote, request.interval, end=end, count=count
            )


def _why_nothing(request: BackfillRequest) -> str:
    if not request.assets:
        return (
            f"nothing_to_do: none of {', '.join(request.skipped)} has an id at {request.source.owner}; "
            "name another source or add the ids to assets"
        )
    return (
        f"nothing_to_do: no window from {request.span.start:%Y-%m-%d} on is closed at "
        f"{request.source.name} yet; the schedule fetches what is new"
    )
