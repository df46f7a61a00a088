"""A deployed stack, phase by phase under load."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from coinlake import keys
from coinlake.errors import CoinlakeError
from ingest.landing import land
from ops import dates
from ops.documents import iso_time
from ops.local.emulator import Emulator
from ops.local.laptop import Laptop
from ops.progress import Step, step
from ops.stack import Stack
from ops.waiting import wait_until_done
from tests.load_test.events import Event
from tests.load_test.figures import Passage, Phase
from tests.load_test.outcomes import Outcome, outcomes
from tests.load_test.processes import Sampler, Usage, between

LANDING_THREADS: Final = 10  # as many connections as a client keeps
DRAIN_SECONDS: Final = 3600
POLL_SECONDS: Final = 2.0


class NotDrained(CoinlakeError):
    """Messages were still waiting at the deadline."""


@dataclass(slots=True)
class LoadTest:
    """One deployed stack, the rows of what it was offered by raw key, and how that went."""

    laptop: Laptop
    stack: Stack
    cores: int
    offered: dict[str, int] = field(default_factory=dict)
    phases: list[Phase] = field(default_factory=list)

    def run(self, name: str, made: Sequence[Event], per_second: float | None) -> None:
        """Land the events at a pace, or as fast as S3 takes them, and wait until all is done."""
        self.offered |= {str(event.key): event.rows for event in made}
        letters = self.dead_letters()
        sampler = Sampler(Emulator(self.laptop).process.pid() or 0)
        with step(f"{name}: {len(made):,} objects") as current, sampler:
            before, started = self._usage(sampler), time.monotonic()
            self._land(made, per_second, current)
            self._drain("transform", current)
            used, seconds = between(before, self._usage(sampler)), time.monotonic() - started
        with step(f"{name}: refine") as current:
            refined = list(self._refine(current))
            self._drain("notify", current)
        self.phases.append(
            Phase(
                name=name,
                offered_per_second=per_second,
                passages=self._passages(made),
                usage=used,
                usage_seconds=seconds,
                dead_letters=self.dead_letters() - letters,
                refine_seconds=refined,
                cores=self.cores,
            )
        )

    def _land(self, made: Sequence[Event], per_second: float | None, current: Step) -> None:
        start = time.monotonic()

        def one(numbered: tuple[int, Event]) -> None:
            number, event = numbered
            if per_second:
                time.sleep(max(0.0, start + number / per_second - time.monotonic()))
            land(self.stack.raw, event.key, event.response)

        with ThreadPoolExecutor(LANDING_THREADS) as pool:
            for number, _ in enumerate(pool.map(one, enumerate(made)), start=1):
                current.say(f"{number:,} of {len(made):,} landed")

    def _drain(self, stage: str, current: Step) -> None:
        """Wait until a stage's queue is empty."""
        queue = self.stack.queue(stage)

        def pending() -> str:
            waiting = queue.depth(in_flight=True)
            return f"{waiting:,} wait or are at work" if waiting else ""

        wait_until_done(
            pending,
            DRAIN_SECONDS,
            current.say,
            lambda left: NotDrained(f"{stage}'s queue is not empty after {DRAIN_SECONDS} s: {left}"),
            POLL_SECONDS,
        )

    def _refine(self, current: Step) -> Iterator[float]:
        """Run refine, as its schedule does, until its queue is empty; the seconds of each run."""
        queue, deadline = self.stack.queue("refine"), time.monotonic() + DRAIN_SECONDS
        while waiting := queue.depth(in_flight=True):
            started = time.monotonic()
            if started > deadline:
                raise NotDrained(f"refine's queue is not empty after {DRAIN_SECONDS} s: {waiting:,} wait")
            current.say(f"{waiting:,} files wait")
            self.stack.invoke("refine", {"refine": iso_time(dates.now())})
            yield time.monotonic() - started

    def _passages(self, made: Sequence[Event]) -> list[Passage]:
        """From the listings, whose times the embedded AWS gives to the millisecond."""
        landed = _modified(self.stack, self.stack.raw_bucket, keys.RAW)
        committed = _modified(self.stack, self.stack.lake_bucket, keys.LEDGER)
        passages = [(landed.get(str(event.key)), committed.get(str(event.key.ledger()))) for event in made]
        return [Passage(*passage) for passage in passages if all(passage)]  # the proof tells of the others

    def _usage(self, sampler: Sampler) -> dict[str, Usage]:
        """By stage instead of by function."""
        stages = {function: stage for stage, function in self.stack.functions.items()}
        return {stages.get(name, name): usage for name, usage in sampler.usage().items()}

    def dead_letters(self) -> int:
        return sum(self.stack.dead_letters(stage).depth() for stage in self.stack.queues)

    def outcomes(self) -> dict[str, Outcome]:
        """How each stage's batches went since the stack was deployed."""
        stages = {function: stage for stage, function in self.stack.functions.items()}
        log = Emulator(self.laptop).process.log.read_text(errors="replace")
        return {stages.get(name, name): outcome for name, outcome in outcomes(log).items()}


def _modified(stack: Stack, bucket: str, prefix: str) -> dict[str, datetime]:
    """When each object below the prefix was written last."""
    pages = stack.aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {entry["Key"]: entry["LastModified"] for page in pages for entry in page.get("Contents", ())}
