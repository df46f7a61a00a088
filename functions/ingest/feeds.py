"""A feed's event: land what the feed is due for, and raise if anything was lost."""

from typing import Any

from coinlake.observability import MetricUnit, metrics
from ingest import wiring
from ingest.clock import Clock
from ingest.errors import IngestFailed
from ingest.landing import land_all
from ingest.runs import Run


def answer(event: Any, clock: Clock, expires: float) -> None:
    """Raise ``IngestFailed`` if any request failed; a market that is not listed is no failure."""
    config, raw = wiring.lake()
    run = Run.of(event, config, clock.now())
    source = wiring.source(run.feed.source)
    asked = source.plan(run.feed, config.assets, run.due)
    landing = land_all(source, asked, raw, expires, clock.seconds)
    metrics.add_metric("ObjectsLanded", MetricUnit.Count, landing.landed)
    metrics.add_metric("RequestsFailed", MetricUnit.Count, len(landing.failures))
    if landing.unlisted:
        metrics.add_metric("MarketsUnsupported", MetricUnit.Count, len(landing.unlisted))
    if landing.failures:
        wiring.forget()
        raise IngestFailed.of(run, len(asked), landing.failures)
