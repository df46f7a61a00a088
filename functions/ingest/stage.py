"""What ingest does with its two events: a feed's schedule, and a window of history."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from coinlake.config import LakeConfig
from coinlake.errors import CoinlakeError
from coinlake.observability import MetricUnit, add_if_any, logger, metrics
from coinlake.stores import ObjectStore
from coinlake.windows import Window
from ingest import windows
from ingest.clock import Clock
from ingest.errors import IngestFailed
from ingest.feeds import FeedRun
from ingest.landing import land_all
from ingest.sources import Request, Source

MAX_RESERVE_SECONDS: Final = 3.0  # of the invocation, for the last write


@dataclass(frozen=True, slots=True)
class Ingest:
    """``connect`` makes a source with its key and its connections, once per process."""

    config: LakeConfig
    raw: ObjectStore
    connect: Callable[[str], Source]
    clock: Clock
    _sources: dict[str, Source] = field(default_factory=dict, repr=False)

    def handle(self, event: Any, seconds_left: float) -> dict[str, str | None] | None:
        """Land what the event asks for, within the invocation's ``seconds_left``."""
        until = self.clock.seconds() + seconds_left - min(MAX_RESERVE_SECONDS, seconds_left / 5)
        if isinstance(event, dict) and "window" in event:
            return self.land_window(event["window"], until)
        self.land_feed(event, until)
        return None

    def land_feed(self, event: Any, until: float) -> None:
        """Raise ``IngestFailed`` if any request failed; a market that is not listed is no failure.

        A snapshot whose time has passed, from a late redrive say, is missed for good, and counted.
        """
        run = FeedRun.from_event(event, self.config, self.clock.now())
        if run.is_missed(self.clock.now()):
            logger.warning("slot missed", feed=run.feed.name, due=run.due.isoformat())
            metrics.add_metric("SlotsMissed", MetricUnit.Count, 1)
            return
        source = self.source(run.feed.source)
        requests = source.plan(run.feed, self.config.assets, run.due)
        landing = land_all(source, requests, self.raw, until, self.clock.seconds)
        metrics.add_metric("ObjectsLanded", MetricUnit.Count, landing.landed)
        add_if_any("RequestsFailed", len(landing.failures))
        add_if_any("MarketsUnsupported", len(landing.unlisted))
        if landing.failures:
            self._sources.clear()
            raise IngestFailed.of(run, len(requests), landing.failures)

    def land_window(self, event: Any, until: float) -> dict[str, str | None]:
        """The outcome of one window; what a retry may heal is raised.

        What is stored is not asked for again, which is how a backfill resumes; a ``refresh`` asks.
        """
        window = Window.from_event(event)
        request: Request | None = None
        try:
            request = windows.plan(window, self.config, self.clock.now())
            stored = windows.revisions(self.raw, request.key)
            if stored and event.get("refresh") is not True:
                outcome = windows.Outcome(str(stored[-1]), "exists")
            else:
                response = self.source(window.source).fetch(request, until).response
                outcome = windows.land_revision(self.raw, request.key, stored, response)
        except CoinlakeError as error:
            outcome = windows.outcome_of(error, request)
        if outcome.outcome == "refused":
            self._sources.clear()
        logger.info("window", outcome=outcome.outcome, key=outcome.key, detail=outcome.detail)
        metrics.add_metric("ObjectsLanded", MetricUnit.Count, int(outcome.outcome == "landed"))
        return asdict(outcome)

    def source(self, name: str) -> Source:
        """A connected source. After a failure it is connected anew: a refused key may be replaced."""
        if name not in self._sources:
            self._sources[name] = self.connect(name)
        return self._sources[name]
