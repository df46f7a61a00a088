"""Holes that nobody asked for are asked for now. The only file here that speaks to Lambda."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from audit.judging import Run, State
from coinlake import clients
from coinlake.errors import StoreUnavailable
from coinlake.observability import logger
from coinlake.stores import error_code

MOST_BUCKETS: Final = 300  # in one answer of Coinbase, the fewest of any source
INGEST_SECONDS: Final = 75  # longer than ingest may take
ASKED: Final = "asked for now"
IN_HAND: Final = frozenset({ASKED, "in raw, not committed"})
# What ingest tells of a window (functions/ingest/windows.py), and what that makes of the run.
_OUTCOMES: Final = {
    "landed": (State.OUR_OUTAGE, ASKED),
    "exists": (State.OUR_OUTAGE, "in raw, not committed"),
    "not_closed": (State.PENDING, "not complete at the source"),
    "unlisted": (State.UNFILLABLE, "unlisted"),
    "refused": (State.UNFILLABLE, "refused"),
}


@dataclass(frozen=True, slots=True)
class Refill:
    """Has ingest ask for holes, as long as there ``is_time``."""

    client: Any
    function: str
    is_time: Callable[[], bool]

    def fill(self, run: Run, source: str, interval: str, step: timedelta) -> Iterator[Run]:
        """The run in parts of one answer each, in the state that ingest's outcome means.

        Raises ``StoreUnavailable`` where Lambda fails; a window that ingest fails at stays a hole.
        """
        for part in parts(run, step):
            yield self._filled(part, source, interval, step) if self.is_time() else part

    def _filled(self, part: Run, source: str, interval: str, step: timedelta) -> Run:
        end = part.open_time + part.buckets * step
        outcome = self._ask(
            {
                "source": source,
                "dataset": "candles",
                "asset": part.base,
                "quote": part.quote,
                "interval": interval,
                "end": end.isoformat(),
                "count": part.buckets,
            }
        )
        state, evidence = _OUTCOMES.get(outcome.get("outcome", ""), (part.state, "ingest failed"))
        return replace(part, state=state, evidence=evidence, raw_key=outcome.get("key"))

    def _ask(self, window: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = self.client.invoke(FunctionName=self.function, Payload=json.dumps({"window": window}))
            body = answer["Payload"].read()
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"could not invoke {self.function}: {error_code(error)}") from error
        if answer.get("FunctionError"):
            logger.warning("ingest failed", window=window)
            return {}
        outcome: dict[str, Any] = json.loads(body)
        return outcome


def lambda_client() -> Any:
    """One that waits for an answer as long as it may take, and never asks the source twice."""
    return clients.client("lambda", read_seconds=INGEST_SECONDS, attempts=1)


def parts(run: Run, step: timedelta) -> Iterator[Run]:
    """The run cut into runs of at most one answer; they tile it."""
    for first in range(0, run.buckets, MOST_BUCKETS):
        count = min(MOST_BUCKETS, run.buckets - first)
        yield replace(run, open_time=run.open_time + first * step, buckets=count)
