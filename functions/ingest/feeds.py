"""A feed's event: land what the feed is due for, and raise if anything was lost."""

from typing import Any

from coinlake.observability import MetricUnit, add_if_any, logger, metrics
from ingest import wiring
from ingest.clock import Clock
from ingest.errors import IngestFailed
from ingest.landing import land_all
from ingest.runs import Run


def answer(event: Any, clock: Clock, expires: float) -> None:
    """Raise ``IngestFailed`` if any request failed; a market that is not listed is no failure.

    A snapshot whose time has passed, from a late redrive say, is missed for good, and counted.
    """
    config, raw = wiring.lake()
    run = Run.of(event, config, clock.now())
    if run.missed(clock.now()):
        logger.warning("slot missed", feed=run.feed.name, due=run.due.isoformat())
        metrics.add_metric("SlotsMissed", MetricUnit.Count, 1)
        return
    source = wiring.source(run.feed.source)
    asked = source.plan(run.feed, config.assets, run.due)
    landing = land_all(source, asked, raw, expires, clock.seconds)
    metrics.add_metric("ObjectsLanded", MetricUnit.Count, landing.landed)
    add_if_any("RequestsFailed", len(landing.failures))
    add_if_any("MarketsUnsupported", len(landing.unlisted))
    if landing.failures:
        wiring.forget()
        raise IngestFailed.of(run, len(asked), landing.failures)
