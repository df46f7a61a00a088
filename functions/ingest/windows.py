"""One window of history: the request that it makes, and what became of it.

Outcomes: ``landed``, ``exists`` (there already, or refreshed and unchanged), ``not_closed`` (the
schedule gets it), ``unlisted`` (the source has no such market or file) and ``refused`` (a retry
cannot help; ``detail`` says why). Whatever a retry may heal is raised.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from coinlake.config import LakeConfig
from coinlake.errors import BadConfiguration, CoinlakeError, SourceRefused, StoreUnavailable, TooLarge
from coinlake.http import HttpResponse
from coinlake.keys import RawKey, raw_prefix
from coinlake.stores import ObjectStore, sha256
from coinlake.windows import Window
from ingest.errors import NotYet, Unlisted
from ingest.landing import land
from ingest.sources import Request, registry


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one window went. ``rows_hint`` is for a reader of results; ingest never counts rows."""

    key: str | None
    outcome: str
    rows_hint: None = None
    detail: str | None = None


def plan(window: Window, config: LakeConfig, now: datetime) -> Request:
    """The one request of a window; the same, key and all, as a feed of that window makes."""
    source = registry.load_with_past(window.source, window.dataset)
    facts = source.facts()
    by_period = facts.datasets[window.dataset].files
    if by_period != bool(window.period):
        raise BadConfiguration(
            f"{source.name} is asked {'by period' if by_period else 'by count'}; plan the window so"
        )
    count = (window.end - window.start).days if by_period else window.count
    source.check_buckets("the window", window.dataset, window.interval, count, "count")
    if window.asset not in config.assets:
        raise BadConfiguration(f"there is no asset {window.asset}; add it to assets")
    asset_id = config.assets[window.asset].get(facts.owner)
    if asset_id is None:
        raise Unlisted(f"{window.asset} has no id at {facts.owner} in assets")
    source.check_window(window, now)
    return replace(source.windows[window.dataset](window, asset_id), low_priority=True)


def revisions(raw: ObjectStore, key: RawKey) -> list[RawKey]:
    """What is stored of a request's answers, the newest last."""
    prefix = f"{raw_prefix(key.source, key.dataset, key.slot.dt)}{key.slot}."
    stored = [RawKey.parse(name) for name in raw.keys(prefix)]
    own = [candidate for candidate in stored if candidate.revised(0) == key]
    return sorted(own, key=lambda revision: revision.slot.revision)


def land_revision(raw: ObjectStore, key: RawKey, stored: Sequence[RawKey], response: HttpResponse) -> Outcome:
    """Bytes that differ from the newest stored revision become the next one."""
    if not stored:
        return Outcome(str(key), "landed" if land(raw, key, response) else "exists")
    newest = stored[-1]
    if raw.head(str(newest)).metadata.get("sha256") == sha256(response.body):
        return Outcome(str(newest), "exists", detail="unchanged")
    revision = newest.revised(newest.slot.revision + 1)
    if not land(raw, revision, response):
        raise StoreUnavailable(f"another refresh has just written {revision}")
    return Outcome(str(revision), "landed")


def outcome_of(error: CoinlakeError, request: Request | None) -> Outcome:
    """The outcome that an error means; raises one that a retry may heal."""
    key = str(request.key) if request else None
    if isinstance(error, NotYet):
        return Outcome(key, "not_closed", detail=str(error))
    if isinstance(error, Unlisted):
        return Outcome(key, "unlisted", detail=str(error))
    if isinstance(error, SourceRefused | BadConfiguration | TooLarge):
        return Outcome(key, "refused", detail=str(error))
    raise error
