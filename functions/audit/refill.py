"""Holes that nobody asked for are asked for now. The only file here that speaks to Lambda."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from audit.classification import Run, State
from audit.committed import DATASET, CommittedWindow
from coinlake import intervals
from coinlake.errors import StoreUnavailable
from coinlake.observability import logger
from coinlake.sources import catalog
from coinlake.stores import error_code
from coinlake.windows import Window

MAX_BUCKETS: Final = 300  # of one refill; a source whose answers hold fewer gets smaller ones
REQUESTED: Final = "asked for now"
_IN_RAW: Final = "in raw, not committed"
IN_PROGRESS: Final = frozenset({REQUESTED, _IN_RAW})
# What ingest answers about a window (functions/ingest/windows.py), and what that makes of the run.
_OUTCOMES: Final = {
    "landed": (State.OUR_OUTAGE, REQUESTED),
    "exists": (State.OUR_OUTAGE, _IN_RAW),
    "not_closed": (State.PENDING, "not complete at the source"),
    "unlisted": (State.UNFILLABLE, "unlisted"),
    "refused": (State.UNFILLABLE, "refused"),
}


@dataclass(frozen=True, slots=True)
class Refill:
    """Invokes ingest's ``function`` for holes."""

    client: Any
    function: str

    def fill(self, run: Run, source: str, interval: str, has_time: Callable[[], bool]) -> Iterator[Run]:
        """The run cut into runs of one answer each, in the state that ingest's outcome means.

        Without time left, and where ingest fails, such a run stays a hole. Raises ``StoreUnavailable``
        where Lambda fails.
        """
        for part in split(run, interval, max_buckets(source, interval)):
            yield self._filled(part, source, interval) if has_time() else part

    def ask_again(self, window: CommittedWindow, base: str, quote: str) -> str | None:
        """Ask once more for a window that is committed: another answer becomes a revision of it.

        Ingest's outcome; None where it failed.
        """
        named = (window.key.source, DATASET, base, quote)
        period = window.key.slot.parts[-1]
        count = (window.end - window.start) // intervals.duration(window.interval)
        again = (
            Window(*named, window.interval, window.end, count)
            if period.isdecimal()
            else Window.of_period(*named, interval=window.interval, period=period)
        )
        return self._request(again, refresh=True).get("outcome")

    def _filled(self, run: Run, source: str, interval: str) -> Run:
        end = run.open_time + run.buckets * intervals.duration(interval)
        outcome = self._request(Window(source, DATASET, run.base, run.quote, interval, end, run.buckets))
        state, evidence = _OUTCOMES.get(outcome.get("outcome", ""), (run.state, "ingest failed"))
        return replace(run, state=state, evidence=evidence, raw_key=outcome.get("key"))

    def _request(self, window: Window, *, refresh: bool = False) -> dict[str, Any]:
        event = window.to_event(refresh=refresh)
        try:
            response = self.client.invoke(FunctionName=self.function, Payload=json.dumps(event))
            body = response["Payload"].read()
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"could not invoke {self.function}: {error_code(error)}") from error
        if response.get("FunctionError"):
            logger.warning("ingest failed", **event)
            return {}
        outcome: dict[str, Any] = json.loads(body)
        return outcome


def max_buckets(source: str, interval: str) -> int:
    """How many buckets one answer of the source may be asked for."""
    declared = catalog().get(source)
    candles = declared.datasets.get(DATASET) if declared else None
    if candles is None or interval not in candles.max_buckets:
        return MAX_BUCKETS
    return min(MAX_BUCKETS, candles.window_buckets(interval))


def split(run: Run, interval: str, size: int) -> Iterator[Run]:
    """The run cut into runs of ``size`` buckets at most; they tile it."""
    for first in range(0, run.buckets, size):
        start = run.open_time + first * intervals.duration(interval)
        yield replace(run, open_time=start, buckets=min(size, run.buckets - first))
