"""The default feeds' events, as many as are wanted, in the order in which they happen.

The feeds' schedules are gone through on a clock of their own, from ``START`` on. Each run asks what ingest
asks then, by ingest's own code, of a simulator that lives at that moment: so each raw object is what would
have landed, and no two hold the same rows. They are the same in every run, and kept in build/load.
"""

import gzip
import heapq
import json
import pickle
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import uvicorn

from coinlake import sources
from coinlake.config import LakeConfig
from coinlake.feeds import Feed
from coinlake.http import HttpClient, HttpResponse
from coinlake.keys import RawKey
from coinlake.schedules import next_run
from ingest.client import SourceClient
from ingest.clock import Clock
from ingest.sources import Source, registry
from ops.cost import traffic
from ops.local.certificate import Certificate
from ops.paths import BUILD
from ops.preflight.quota import PlannedFeed
from simulator.app import create_app
from simulator.quotas import Quotas

START: Final = datetime(2026, 10, 20, tzinfo=UTC)  # the simulator has no outages after it
REQUEST_SECONDS: Final = 30
KEPT: Final = BUILD / "load"
SECONDS_PER_MONTH: Final = timedelta(days=traffic.DAYS).total_seconds()
_NO_LIMIT: Final = dict.fromkeys(sources.catalog(), 0)


@dataclass(frozen=True, slots=True)
class Event:
    """What lands as one raw object, and how many rows its answer holds."""

    key: RawKey
    response: HttpResponse
    rows: int


@dataclass(slots=True)
class Moment:
    """A clock that stands where it is put."""

    now: datetime

    def seconds(self) -> float:
        return self.now.timestamp()


class Unlimited:
    """No limit on requests: the simulator is our own."""

    def acquire(self, cost: int, until: float, *, low_priority: bool) -> None:
        """The request may go."""

    def hold(self, seconds: float) -> None:
        """Nobody waits."""


def rate(feeds: Collection[PlannedFeed]) -> float:
    """Raw objects a second that the feeds land by their schedules, as docs/costs.md counts them."""
    month = traffic.Traffic.of(feeds, refine_minutes=0, derive_minutes=60)
    return month.objects / SECONDS_PER_MONTH


def runs(feeds: Collection[Feed], after: datetime) -> Iterator[tuple[datetime, Feed]]:
    """Each run of the feeds later than ``after`` (aware UTC), in order, without an end."""
    return heapq.merge(*(_runs_of(feed, after) for feed in feeds), key=itemgetter(0))


def _runs_of(feed: Feed, after: datetime) -> Iterator[tuple[datetime, Feed]]:
    while due := next_run(feed.schedule or "", after):
        yield due, feed
        after = due


def rows(body: bytes) -> int:
    """Rows of an answer in JSON: of its list, or of the longest list among its fields."""
    document = json.loads(body)
    lists = document.values() if isinstance(document, dict) else [document]
    return max((len(entries) for entries in lists if isinstance(entries, list)), default=0)


def events(
    config: LakeConfig,
    names: Collection[str],
    certificate: Certificate,
    count: int,
    report: Callable[[int], None],
) -> list[Event]:
    """The first ``count`` events of the named feeds; ``report`` gets how many there are so far."""
    feeds = [config.feeds[name] for name in sorted(names)]
    asked = repr([__name__, feeds, config.assets]).encode() + Path(__file__).read_bytes()
    fingerprint = sha256(asked).hexdigest()[:12]
    path = KEPT / f"events-{fingerprint}.pickle.gz"
    made: list[Event] = []
    if path.exists():
        with gzip.open(path) as file:
            made = pickle.load(file)  # noqa: S301 - our own
    if len(made) >= count:
        return made[:count]
    made.clear()
    moment = Moment(START)
    with _simulator(moment, certificate) as address:
        tls = ssl.create_default_context(cafile=str(certificate.bundle))
        connected = {feed.source: _connect(feed.source, address, tls, moment) for feed in feeds}
        for event in islice(_happen(feeds, connected, config.assets, moment), count):
            made.append(event)
            report(len(made))
    KEPT.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with gzip.open(part, "wb", compresslevel=1) as file:
        pickle.dump(made, file)
    part.rename(path)
    return made


def _happen(
    feeds: Collection[Feed],
    connected: Mapping[str, Source],
    assets: Mapping[str, Mapping[str, str]],
    moment: Moment,
) -> Iterator[Event]:
    for due, feed in runs(feeds, moment.now):
        moment.now = due
        source = connected[feed.source]
        for request in source.plan(feed, assets, feed.due(due)):
            response = source.fetch(request, time.monotonic() + REQUEST_SECONDS).response
            yield Event(request.key, response, rows(response.body))


def _connect(name: str, address: str, tls: ssl.SSLContext, moment: Moment) -> Source:
    facts = sources.source(name)
    url = f"{address}/{name}{urlsplit(facts.base_url).path}"
    http = HttpClient(name, url, tls, allow_private=True, now=lambda: moment.now)
    per_minute = facts.plans[facts.default_plan].requests_per_minute
    return registry.load(name)(SourceClient(http, Unlimited(), per_minute, clock=Clock()))


@contextmanager
def _simulator(moment: Moment, certificate: Certificate) -> Iterator[str]:
    """The address of a simulator in this process, whose market is at ``moment``."""
    app = create_app(clock=moment.seconds, quotas=Quotas(limits=_NO_LIMIT, credits=_NO_LIMIT))
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            port=0,
            ssl_certfile=str(certificate.chain),
            ssl_keyfile=str(certificate.key),
            log_level="error",
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"https://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
