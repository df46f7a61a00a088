"""A marked row through the whole line, from raw to an answer of Athena, and all of it removed again."""

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import pyarrow.parquet as pq

from coinlake.errors import CoinlakeError, NotFound
from coinlake.records import LedgerEntry
from coinlake.stores import ObjectStore
from ops import waiting
from ops.progress import Step, step
from ops.query import athena, relations
from ops.stack import Stack
from ops.verify.marker import RATE, TABLE, Marker

LINE_SECONDS: Final = 180  # for an event to come through a queue and a function that starts cold
REFINE_SECONDS: Final = 300  # a scheduled run may have the event, among many others
MAX_BYTES: Final = 1 << 20
ROW_SQL: Final = "SELECT rate_usd FROM rates WHERE dt = '{day}' AND rate_id = '{rate_id}'"
VIEW_SQL: Final = "SELECT base, price FROM latest_prices LIMIT 1"


class VerificationFailed(CoinlakeError):
    """A step did not do what it should; the message says which, and where to look."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """A step that went well, and how long it took."""

    name: str
    seconds: float


@dataclass(slots=True)
class Verification:
    """One verification of ``stack``; ``run`` does the steps in order and removes what they left, always."""

    stack: Stack
    marker: Marker = field(default_factory=Marker.new)
    steps: list[StepResult] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)  # keys that begin like Athena's answers

    def run(self, *, mail: bool = False) -> list[StepResult]:
        """Raise ``VerificationFailed`` at the first step that fails. ``mail`` sends one, too."""
        if not self.marker.is_alone(self.stack):
            raise VerificationFailed(
                f"something lies in {self.marker.partition} of {TABLE} already, and nothing was written; "
                "run `coinlake verify` again, which takes another day"
            )
        try:
            self._line()
            self._questions()
            if mail:
                self._mail()
        finally:
            self._remove()
        return self.steps

    def _line(self) -> None:
        marker, lake = self.marker, self.stack.lake
        with self._step(f"raw: {marker.key}"):
            marker.write(self.stack.raw)
        with self._step("transform: trusted rows and a ledger entry") as current:
            self._wait(current, lake, str(marker.key.ledger()), LINE_SECONDS, "transform")
            entry = LedgerEntry.from_json(lake.get(str(marker.key.ledger()), MAX_BYTES).body)
            if (entry.rows_in, entry.rows_trusted, entry.rows_quarantined) != (1, 1, 0):
                raise VerificationFailed(f"transform rejected the marked row: {entry.reasons}")
            self._check_row(marker.trusted)
        with self._step("refine: the merged file") as current:
            self._refine(current)
            self._check_row(marker.refined)

    def _refine(self, current: Step) -> None:
        """Refine now, not only by its schedule; the event may reach its queue after the first run."""

        def pending() -> str:
            if _exists(self.stack.lake, self.marker.refined):
                return ""
            self.stack.invoke("refine", {"refine": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"})
            return "" if _exists(self.stack.lake, self.marker.refined) else self.marker.refined

        waiting.wait_until_done(pending, REFINE_SECONDS, current.say, self._late("refine", REFINE_SECONDS))

    def _questions(self) -> None:
        with self._step("Athena: the row, with each digit"):
            rows = self._ask(ROW_SQL.format(day=self.marker.key.slot.dt, rate_id=self.marker.rate_id))
            if rows != [(RATE,)]:
                raise VerificationFailed(f"Athena answers {rows[:3]}, and not the one row of {RATE}")
        with self._step("Athena: a view"):
            # The embedded Athena knows no views: there the question's own SQL stands for it.
            defined = relations.define(VIEW_SQL, self.stack.database, "athena")
            self._ask(defined if self.stack.aws.is_embedded else VIEW_SQL)

    def _ask(self, sql: str) -> list[tuple[object, ...]]:
        query_id, result = athena.execute(self.stack, sql)
        folder = self.stack.athena_output.removeprefix(f"s3://{self.stack.artifacts_bucket}/")
        self.answers.append(f"{folder}{query_id}")
        return result.rows

    def _mail(self) -> None:
        with self._step("SNS: a mail to alert_emails") as current:
            sns, topic = self.stack.aws.client("sns"), self.stack.topics["alerts"]
            listed = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
            mailed = [one for page in listed for one in page["Subscriptions"] if one["Protocol"] == "email"]
            confirmed = [one for one in mailed if one["SubscriptionArn"].startswith("arn:")]
            if not confirmed:
                raise VerificationFailed(
                    "nobody gets the mail: set alert_emails, or confirm the mail that AWS sent to each"
                )
            sns.publish(
                TopicArn=topic,
                Subject=f"coinlake {self.stack.environment}: verified",
                Message="`coinlake verify` sent this mail. Mails of alerts come the same way.",
            )
            current.conclude(f"{len(confirmed)} of {len(mailed)} addresses are confirmed")

    def _remove(self) -> None:
        with self._step("removed") as current:
            removed = self.marker.remove(self.stack, self.answers)
            if left := self.marker.left(self.stack, self.answers):
                raise VerificationFailed(f"these are left, delete them: {', '.join(left)}")
            current.conclude(f"{removed} objects, nothing is left")

    def _check_row(self, key: str) -> None:
        """The marked row, exact, in a Parquet file of the lake."""
        table = pq.read_table(io.BytesIO(self.stack.lake.get(key, MAX_BYTES).body))
        rows = table.select(["rate_id", "rate_usd"]).to_pylist()
        if rows != [{"rate_id": self.marker.rate_id, "rate_usd": RATE}]:
            raise VerificationFailed(f"{key} holds {rows[:3]}, and not the one row of {RATE}")

    def _wait(self, current: Step, store: ObjectStore, key: str, seconds: float, stage: str) -> None:
        waiting.wait_until_done(
            lambda: "" if _exists(store, key) else key,
            seconds,
            current.say,
            self._late(stage, seconds),
        )

    def _late(self, stage: str, seconds: float) -> Callable[[str], CoinlakeError]:
        log = f"/aws/lambda/{self.stack.functions[stage]}"
        return lambda missing: VerificationFailed(
            f"{missing} has not come within {seconds:.0f} s: look at {stage} by "
            f"`coinlake status --env {self.stack.environment}` and `aws logs tail {log} --since 10m`"
        )

    @contextmanager
    def _step(self, name: str) -> Iterator[Step]:
        started = time.monotonic()
        with step(name) as current:
            yield current
        self.steps.append(StepResult(name, time.monotonic() - started))


def _exists(store: ObjectStore, key: str) -> bool:
    try:
        store.head(key)
    except NotFound:
        return False
    return True
