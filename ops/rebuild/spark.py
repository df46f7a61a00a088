"""A rebuild by the Glue job of terraform/spark.tf: started, followed, and refine kept out of its way.

Trusted first, then refined, each a run of its own. In between refine's queue, which holds an event for each
file that the first run wrote, is purged: the second run reads all of trusted, so it needs none of them, and
what comes later is a new event (docs/decisions/0022-spark.md).
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from coinlake.errors import CoinlakeError, NotFound
from coinlake.stores import ObjectStore
from ops import dates
from ops.deploy import environments
from ops.repair.schedules import switch
from ops.stack import NotDeployed, Stack

RUNS: Final = "spark/runs/"  # in the artifacts bucket
PAUSED: Final = (
    f"{RUNS}refine-is-paused"  # an object: a rebuild that was killed leaves it, and the next resumes
)
POLL_SECONDS: Final = 5
PURGE_SECONDS: Final = 60  # a purge takes so long. Source: Amazon SQS API Reference, PurgeQueue
MAX_DOCUMENT: Final = 1 << 20
_ENDED: Final = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"}
Report = Callable[[Mapping[str, Any]], None]


class SparkFailed(CoinlakeError):
    """A run of the job did not succeed; the message is its own."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that ended: its ``state`` and its sentence, and the report, which a run that was killed lacks."""

    name: str
    state: str
    message: str
    report: Mapping[str, Any] | None

    @property
    def succeeded(self) -> bool:
        return self.state == "SUCCEEDED"


@dataclass(frozen=True, slots=True)
class SparkJob:
    """The job of a stack that has one."""

    stack: Stack

    @classmethod
    def of(cls, stack: Stack) -> "SparkJob":
        """``NotDeployed`` where the stack has no job."""
        if not stack.spark:
            env = stack.environment
            how = (
                "`make spark` adds one to this laptop's stack"
                if env == environments.LOCAL
                else f"set enable_spark = true in {env}.tfvars and deploy"
            )
            raise NotDeployed(f"{env} has no Spark job; {how}")
        return cls(stack)

    def run(self, arguments: Mapping[str, str], report: Report, *, flex: bool) -> Finished:
        """Start a run, follow it to its end, and read its report; a run that is interrupted is stopped."""
        glue, job = self.stack.aws.client("glue"), self.stack.spark["job"]
        name = f"{dates.now():%Y%m%dT%H%M%SZ}-{arguments['--stage']}"
        run = glue.start_job_run(
            JobName=job,
            Arguments={**arguments, "--run": name},
            ExecutionClass="FLEX" if flex else "STANDARD",
        )["JobRunId"]
        try:
            state = self._followed(job, run, name, report)
        except BaseException:
            glue.batch_stop_job_run(JobName=job, JobRunIds=[run])
            raise
        ended = state["JobRunState"]
        return Finished(name, ended, state.get("ErrorMessage", ""), self._document(name, "report"))

    def _followed(self, job: str, run: str, name: str, report: Report) -> Mapping[str, Any]:
        glue = self.stack.aws.client("glue")
        while True:
            state: Mapping[str, Any] = glue.get_job_run(JobName=job, RunId=run)["JobRun"]
            progress = self._document(name, "progress")
            report(progress or {"state": state["JobRunState"].lower()})
            if state["JobRunState"] in _ENDED:
                return state
            time.sleep(POLL_SECONDS)

    def _document(self, name: str, kind: str) -> Mapping[str, Any] | None:
        try:
            body = self.stack.artifacts.get(f"{RUNS}{name}/{kind}.json", MAX_DOCUMENT).body
        except NotFound:
            return None
        document: Mapping[str, Any] = json.loads(body)
        return document


@contextmanager
def refine_paused(stack: Stack) -> Iterator[None]:
    """Refine's schedule is off within the block, and on again after it if it was, or if it was left off by a
    rebuild that was killed."""
    artifacts: ObjectStore = stack.artifacts
    was_enabled = switch(stack, stack.schedules["refine"], enabled=False) or _is_there(artifacts, PAUSED)
    if was_enabled:
        artifacts.put(PAUSED, b"")
    try:
        yield
    finally:
        if was_enabled:
            switch(stack, stack.schedules["refine"], enabled=True)
            artifacts.delete(PAUSED)


def forget_events(stack: Stack) -> int:
    """Purge refine's queue; about how many events it held."""
    queue = stack.queue("refine")
    waiting = queue.depth(in_flight=True)
    if waiting:  # SQS purges a queue once a minute only, so not for nothing
        queue.purge()
        time.sleep(0 if stack.environment == environments.LOCAL else PURGE_SECONDS)
    return waiting


def _is_there(store: ObjectStore, key: str) -> bool:
    try:
        store.head(key)
    except NotFound:
        return False
    return True
