"""The collector's parts, put together over what an earlier run left in the spool."""

import ssl
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from coinlake.config import LakeConfig
from coinlake.errors import StoreUnavailable
from coinlake.observability import logger
from coinlake.stores import ObjectStore
from stream import recovery
from stream.committing import Committer
from stream.counters import Counters
from stream.files import SpoolFile
from stream.ids import Ids
from stream.intake import Intake
from stream.latest import AT_ONCE, Latest, LatestTable
from stream.listening import Listener
from stream.pace import Pace
from stream.settings import Settings
from stream.spool import Spool
from stream.state import State
from stream.uploader import WORKERS, Uploader
from stream.venues import Venue
from stream.venues.registry import VENUES

HELD_BYTES: Final = 16 << 20  # in memory, before frames are dropped
REST_AT_ONCE: Final = 2

Place = tuple[str, str]  # source, and market or stream


@dataclass(frozen=True, slots=True)
class Subscription:
    """What is wanted of one venue, and where."""

    venue: Venue
    url: str
    streams: Sequence[str]

    def markets(self) -> dict[str, str]:
        """The markets whose trades are wanted, each with its stream."""
        named = ((self.venue.market(stream), stream) for stream in self.streams)
        return {market: stream for market, stream in named if market is not None}


@dataclass(frozen=True, slots=True)
class Outside:
    """What the collector speaks to."""

    raw: ObjectStore
    table: LatestTable
    config: LakeConfig
    tls: ssl.SSLContext
    private: bool


@dataclass(slots=True)
class Threads:
    """``disk`` is one thread, so the spool needs no locks; ``aws`` and ``rest`` wait for others."""

    disk: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "disk"))
    aws: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(WORKERS + AT_ONCE, "aws"))
    rest: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(REST_AT_ONCE, "rest"))

    def close(self) -> None:
        for pool in (self.disk, self.aws, self.rest):
            pool.shutdown(wait=False, cancel_futures=True)


@dataclass(slots=True)
class Parts:
    """``recalled`` is each stream's last time, in microseconds, before this run."""

    counters: Counters
    threads: Threads
    intake: Intake
    spool: Spool
    uploader: Uploader
    committer: Committer
    latest: Latest
    listener: Listener
    recalled: Mapping[Place, int]

    def gauges(self) -> dict[str, float]:
        return {
            "spool_bytes": self.spool.size,
            "held_bytes": self.intake.held_bytes,
            "uploads_waiting": self.uploader.pending,
            "trades_missing": self.counters.refilling
            + sum(last - first + 1 for *_, first, last in self.intake.holes()),
            "lag_seconds": self.latest.lag_seconds(),
        }


def assemble(
    settings: Settings,
    instance: str,
    wanted: Sequence[Subscription],
    outside: Outside,
    pace: Pace,
) -> Parts:
    """Read the spool and the table, and wire everything; nothing is connected yet."""
    state = State.load(settings.spool_dir)
    spool = Spool(
        folder=settings.spool_dir,
        instance=instance,
        state=state,
        urls={one.venue.source: one.url for one in wanted},
        batch_frames=settings.batch_frames,
        batch_bytes=settings.batch_bytes,
        batch_seconds=settings.batch_seconds,
    )
    left = _left(spool)
    seen = _remembered(state, left, wanted, outside.table)
    counters, threads = Counters(), Threads()
    intake = Intake(counters, settings.batch_frames, HELD_BYTES, recovery.held(left, state.ids))
    intake.holed |= {place for place, ids in intake.taken.items() if not ids.whole}
    uploader = Uploader(outside.raw, spool, counters, threads.aws, threads.disk)
    for file in left:
        uploader.add(file)
    latest = Latest(
        outside.table, counters, threads.aws, settings.latest_seconds, lambda *place: _run_end(state, place)
    )
    committer = Committer(intake, spool, uploader, pace, threads.disk, settings.spool_max_bytes)
    listener = Listener(intake, latest)
    return Parts(counters, threads, intake, spool, uploader, committer, latest, listener, seen)


def _left(spool: Spool) -> list[SpoolFile]:
    """The spool's files, understood."""
    left = list(spool.recover())
    for file in left:
        recovery.understand(file, VENUES[file.key.source])
    if left:
        logger.info("spool recovered", files=len(left), bytes=spool.size)
    return left


def _remembered(
    state: State, left: Sequence[SpoolFile], wanted: Sequence[Subscription], table: LatestTable
) -> dict[Place, int]:
    """Each stream's last time; what this spool does not know is asked of the table of latest prices.

    There another task may have left it; then its trades go on after the last that is surely in S3.
    """
    seen = dict(state.seen)
    for file in left:
        for stream, moment in file.seen.items():
            place = (file.key.source, stream)
            seen[place] = max(moment, seen.get(place, 0))
    unknown = {
        stream: one.venue
        for one in wanted
        for stream in one.streams
        if (one.venue.source, stream) not in seen
    }
    for stream, told in _recalled(table, list(unknown)).items():
        venue = unknown[stream]
        seen[venue.source, stream] = told.get("received_at", 0)
        market = venue.market(stream)
        if market is not None and "uploaded_id" in told:
            last = told["uploaded_id"]
            state.ids.setdefault((venue.source, market), Ids([(last, last)]))
    return seen


def _recalled(table: LatestTable, streams: Sequence[str]) -> dict[str, dict[str, int]]:
    """A collector that cannot ask starts without a memory, and says so."""
    try:
        return table.recall(streams)
    except StoreUnavailable as error:
        logger.warning("nothing recalled of earlier tasks", error=str(error))
        return {}


def _run_end(state: State, place: Place) -> int | None:
    ids = state.ids.get(place)
    return ids.run_end() if ids else None
