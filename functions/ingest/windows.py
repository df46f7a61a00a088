"""A window's event: land one stretch of history and say how it went.

Outcomes: ``landed``, ``exists`` (there already, or refreshed and unchanged), ``not_closed`` (the
schedule gets it), ``unlisted`` (the source has no such market or file) and ``refused`` (a retry
cannot help; ``detail`` says why). Whatever a retry may heal is raised.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

from coinlake.config import LakeConfig
from coinlake.errors import BadConfiguration, CoinlakeError, SourceRefused, StoreUnavailable, TooLarge
from coinlake.keys import RawKey
from coinlake.observability import MetricUnit, logger, metrics
from coinlake.stores import ObjectStore, sha256
from ingest import wiring
from ingest.answers import Answer
from ingest.clock import Clock
from ingest.errors import NotYet, Unlisted
from ingest.landing import land, revisions
from ingest.sources import Request
from ingest.sources.registry import history
from ingest.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one window went. ``rows_hint`` is for a reader of results; ingest never counts rows."""

    key: str | None
    outcome: str
    rows_hint: None = None
    detail: str | None = None


def answer(event: Any, clock: Clock, expires: float) -> dict[str, str | None]:
    """The outcome of ``{"source", "dataset", "asset", "quote", "interval", "end", "count" …}``."""
    wanted = Wanted.of(event)
    config, raw = wiring.lake()
    request: Request | None = None
    try:
        request = planned(wanted, config, clock)
        outcome = _filled(request, raw, expires, refresh=wanted.refresh)
    except CoinlakeError as error:
        outcome = _told(error, request)
    logger.info("window", outcome=outcome.outcome, key=outcome.key, detail=outcome.detail)
    metrics.add_metric("ObjectsLanded", MetricUnit.Count, int(outcome.outcome == "landed"))
    return asdict(outcome)


def planned(wanted: Wanted, config: LakeConfig, clock: Clock) -> Request:
    """The one request of a window; the same, key and all, as a feed of that window makes."""
    source, past = history(wanted.source, wanted.dataset)
    if past.by_period != bool(wanted.period):
        asked = "by period" if past.by_period else "by count"
        raise BadConfiguration(f"{source.name} is asked {asked}; plan the window so")
    past.check("the window", wanted.interval, wanted.count, "count")
    if wanted.asset not in config.assets:
        raise BadConfiguration(f"there is no asset {wanted.asset}; add it to assets")
    asset_id = config.assets[wanted.asset].get(source.ids)
    if asset_id is None:
        raise Unlisted(f"{wanted.asset} has no id at {source.ids} in assets")
    settled = wanted.end + past.settles
    if settled > clock.now():
        raise NotYet(f"the window is complete at {settled:%Y-%m-%dT%H:%M:%SZ}")
    return replace(past.request(wanted.window(asset_id)), yields=True)


def _filled(request: Request, raw: ObjectStore, expires: float, *, refresh: bool) -> Outcome:
    """What is there is not asked for again, which is how a backfill resumes."""
    stored = revisions(raw, request.key)
    if stored and not refresh:
        return Outcome(str(stored[-1]), "exists")
    source = wiring.source(request.key.source)
    return _landed(source.fetch(request, expires), stored[-1] if stored else None, request.key, raw)


def _landed(found: Answer, newest: RawKey | None, key: RawKey, raw: ObjectStore) -> Outcome:
    """Bytes that differ from the newest stored become its next revision."""
    if newest is None:
        return Outcome(str(key), "landed" if land(raw, key, found) else "exists")
    if raw.head(str(newest)).metadata.get("sha256") == sha256(found.body):
        return Outcome(str(newest), "exists", detail="unchanged")
    revision = newest.revised(newest.slot.revision + 1)
    if not land(raw, revision, found):
        raise StoreUnavailable(f"another refresh has just written {revision}")
    return Outcome(str(revision), "landed")


def _told(error: CoinlakeError, request: Request | None) -> Outcome:
    """The outcome that an error means; raises one that a retry may heal."""
    key = str(request.key) if request else None
    if isinstance(error, NotYet):
        return Outcome(key, "not_closed", detail=str(error))
    if isinstance(error, Unlisted):
        return Outcome(key, "unlisted", detail=str(error))
    if isinstance(error, SourceRefused | BadConfiguration | TooLarge):
        wiring.forget()
        return Outcome(key, "refused", detail=str(error))
    raise error
