"""Which windows a backfill is made of. Pure: the clock and the configuration are passed in.

Windows lie on multiples of their length since 1970, so any two backfills name the same window
alike and raw refuses the second. The first may therefore begin before the range, which costs no
call more. Only closed windows are asked for, and behind them one that ends with the last whole
day; what has come since is the schedule's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain, pairwise
from typing import Final

from coinlake import intervals
from coinlake.config import LakeConfig
from coinlake.errors import BadConfiguration
from ops.backfill.plan import FILE_CALLS, Piece, Plan
from ops.backfill.request import Asked, Span

DAY: Final = timedelta(days=1)
ARCHIVES: Final = {"binance": "binance_archive"}  # a source, and the one that keeps the same in files
MONTH_IS_LATE: Final = timedelta(days=10)  # as ingest/sources/binance_archive.py knows
DAY_IS_LATE: Final = timedelta(days=2)
# CoinGecko's public plans refuse a range that begins earlier (HTTP 401, code 10012). Source:
# docs.coingecko.com, "Coin Historical Chart Data within Time Range".
PUBLIC_PAST: Final = timedelta(days=364)
PUBLIC_WINDOW: Final = timedelta(days=30)  # short, so that little is lost where the past begins
PUBLIC_HEADERS: Final = (None, "x-cg-demo-api-key")


def plan(asked: Asked, config: LakeConfig, now: datetime) -> Plan:
    """The windows that cover what is asked; ``BadConfiguration`` where there are none."""
    asked, told = _reachable(asked, config, now)
    months, spans = _archived(asked, config, now)
    found = chain.from_iterable(_of_asset(asked, asset, months, spans, now) for asset in asked.assets)
    pieces = sorted(found, key=lambda piece: (piece.end, piece.asset), reverse=True)
    if not pieces:
        raise BadConfiguration(_nothing(asked))
    return Plan(tuple(pieces), asked.refresh, asked.skipped, (*told, *_notes(asked, months)))


def tiles(span: Span, step: timedelta, most: int, closed: datetime) -> Iterator[tuple[datetime, int]]:
    """End and count of each window of ``most`` buckets at most, oldest first.

    ``closed`` is up to when buckets are complete.
    """
    length = most * step
    start = floor(span.start, length)
    while start < span.end and start + length <= closed:
        start += length
        yield start, most
    last = floor(closed, max(step, DAY))
    if start < span.end and last > max(start, span.start):
        yield last, (last - start) // step


def months_of(span: Span, published: datetime) -> Iterator[Span]:
    """Each calendar month that the span touches and that ends by ``published``."""
    start = span.start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while start < span.end:
        end = (start + 31 * DAY).replace(day=1)
        if end <= published:
            yield Span(start, end)
        start = end


def floor(moment: datetime, length: timedelta) -> datetime:
    """The multiple of ``length`` since 1970 at or before ``moment``."""
    return intervals.EPOCH + (moment - intervals.EPOCH) // length * length


def _reachable(asked: Asked, config: LakeConfig, now: datetime) -> tuple[Asked, tuple[str, ...]]:
    """What the source's plan lets us ask, and a note if that is less."""
    if asked.source.name != "coingecko" or config.sources["coingecko"].api_key_header not in PUBLIC_HEADERS:
        return asked, ()
    most = {
        name: min(count, PUBLIC_WINDOW // intervals.duration(name))
        for name, count in asked.past.max_buckets.items()
    }
    earliest = floor(now - PUBLIC_PAST, PUBLIC_WINDOW) + PUBLIC_WINDOW
    shorter = replace(asked, past=replace(asked.past, max_buckets=most))
    if asked.span.start >= earliest:
        return shorter, ()
    span = Span(earliest, max(earliest, asked.span.end))
    note = f"coingecko's public plans tell the last year only: it begins on {earliest:%Y-%m-%d}"
    return replace(shorter, span=span), (note,)


def _archived(asked: Asked, config: LakeConfig, now: datetime) -> tuple[list[Span], list[Span]]:
    """The months to take as files, and what is left to be asked for."""
    if asked.past.files:
        months = list(months_of(asked.span, now - MONTH_IS_LATE))
    elif ARCHIVES.get(asked.source.name) in config.sources:
        bucket = intervals.duration(asked.interval) * asked.past.max_buckets[asked.interval]
        touched = months_of(asked.span, now - MONTH_IS_LATE)
        months = [month for month in touched if _overlap(month, asked.span) / bucket > FILE_CALLS]
    else:
        months = []
    edges = [asked.span.start, *chain.from_iterable((m.start, m.end) for m in months), asked.span.end]
    between = [Span(start, end) for start, end in list(pairwise(edges))[::2]]
    return months, [span for span in between if span.start < span.end]


def _overlap(one: Span, other: Span) -> timedelta:
    return min(one.end, other.end) - max(one.start, other.start)


def _of_asset(
    asked: Asked, asset: str, months: Iterable[Span], spans: Iterable[Span], now: datetime
) -> Iterator[Piece]:
    step = intervals.duration(asked.interval)
    source = asked.source.name
    archive = source if asked.past.files else ARCHIVES.get(source, source)

    def piece(name: str, end: datetime, count: int, period: str | None = None) -> Piece:
        return Piece(name, asked.dataset, asset, asked.quote, asked.interval, end, count, period)

    for month in months:
        yield piece(archive, month.end, (month.end - month.start) // step, f"{month.start:%Y-%m}")
    for span in spans:
        if asked.past.files:
            closed = now - DAY_IS_LATE
            for end, count in tiles(span, DAY, 1, closed):
                yield piece(source, end, count * (DAY // step), f"{end - DAY:%Y-%m-%d}")
        else:
            closed = now - asked.past.settles
            for end, count in tiles(span, step, asked.past.max_buckets[asked.interval], closed):
                yield piece(source, end, count)


def _notes(asked: Asked, months: list[Span]) -> Iterator[str]:
    if months and not asked.past.files:
        archive = ARCHIVES[asked.source.name]
        step, most = intervals.duration(asked.interval), asked.past.max_buckets[asked.interval]
        calls = -(-(31 * DAY) // (step * most))
        yield (
            f"{len(months)} whole months come from {archive}: a month is a file and its checksum there, "
            f"and up to {calls} calls at {asked.source.name}"
        )
    if asked.skipped:
        listed = ", ".join(asked.skipped)
        yield f"not at {asked.source.name}, so left out: {listed} (assets gives no id of theirs)"


def _nothing(asked: Asked) -> str:
    if not asked.assets:
        return (
            f"nothing_to_do: none of {', '.join(asked.skipped)} has an id at {asked.source.owner}; "
            "name another source or add the ids to assets"
        )
    return (
        f"nothing_to_do: no window from {asked.span.start:%Y-%m-%d} on is closed at {asked.source.name} yet; "
        "the schedule fetches what is new"
    )
