"""Ask a source what a feed is due for and keep the answers, as received, in the raw bucket."""

from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from coinlake.observability import MetricUnit, add_if_any, logger, metrics
from ingest import wiring
from ingest.errors import IngestFailed
from ingest.http import Clock
from ingest.landing import land_all
from ingest.runs import Run

MAX_RESERVE_SECONDS: Final = 3.0  # of the invocation, for the last write
clock: Final = Clock()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Land what is due; safe to run twice. Raises ``IngestFailed`` if any request failed.

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
    left_seconds = context.get_remaining_time_in_millis() / 1000
    expires = clock.seconds() + left_seconds - min(MAX_RESERVE_SECONDS, left_seconds / 5)
    landing = land_all(source, asked, raw, expires, clock.seconds)
    metrics.add_metric("ObjectsLanded", MetricUnit.Count, landing.landed)
    add_if_any("RequestsFailed", len(landing.failures))
    if landing.failures:
        wiring.source.cache_clear()  # the next try reads the API key afresh: it may be a new one
        raise IngestFailed.of(run, len(asked), landing.failures)
