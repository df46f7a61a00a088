"""Chaos by script: everything that can happen to a collector happens, and then every trade is counted.

Trades carry consecutive ids, so what is missing or doubled shows. The venue publishes on whatever
happens to the collector, as exchanges do.
"""

import random
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.integration.stream.rig import Rig, prepared

SYMBOLS = ("btcusdt", "ethusdt", "solusdt", "xrpusdt")
CALM = 200  # frames before the first fault and after the last
MAX_LOTS = 6
LOT_SECONDS = 15
STEP_SECONDS = 1.0
SHUTDOWN_SECONDS = 3.2
TIMEOUTS = {"lifetime": 6 / 82_800}  # a planned, overlapping reconnect each six seconds


@dataclass
class Result:
    """What came of a run; ``missing`` and ``doubled`` in trusted are what must be none."""

    published: int = 0
    missing: int = 0
    doubled: int = 0
    invented: int = 0
    quarantined: int = 0
    from_rest: int = 0
    seconds: float = 0.0
    peak_mb: float = 0.0
    exit_code: int = 0
    events: Counter[str] = field(default_factory=Counter)
    gaps: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)


@dataclass
class Chaos:
    """One run over a rig; ``report`` is given how many frames are published."""

    rig: Rig
    frames: int
    per_second: int
    chance: random.Random
    report: Callable[[int], None]
    result: Result = field(default_factory=Result)
    deck: list[Callable[[], None]] = field(default_factory=list)
    promised: dict[str, int] = field(default_factory=dict)

    def run(self) -> Result:
        started = time.monotonic()
        self.rig.start()
        self._publish(CALM)
        self.rig.collector.until(lambda health: health["committed"] >= CALM)
        while self.result.published < self.frames - CALM:
            self._publish(min(self._step(), self.frames - CALM - self.result.published))
            self._something()
        self._end()
        self.result.seconds = time.monotonic() - started
        return self.result

    def _step(self) -> int:
        return int(self.per_second * STEP_SECONDS)

    def _publish(self, count: int) -> None:
        """In small bursts, at the wanted rate."""
        burst = max(1, self.per_second // 50)
        while count > 0:
            due = time.monotonic() + burst / self.per_second
            self.result.published += self.rig.venue.trades(min(burst, count))
            count -= burst
            time.sleep(max(0.0, due - time.monotonic()))
        self.report(self.result.published)

    def _something(self) -> None:
        """Everything in a new order, before anything comes again."""
        if not self.deck:
            self.deck = [
                self._hang_up,
                self._silence,
                self._shutdown_notice,
                self._kill,
                self._stop,
                self._s3,
            ]
            self.deck += [self._throttle, self._pause]
            self.chance.shuffle(self.deck)
        happening = self.deck.pop()
        self.result.events[happening.__name__.strip("_")] += 1
        happening()

    def _hang_up(self) -> None:
        self.rig.venue.hang_up()

    def _silence(self) -> None:
        self.rig.venue.fall_silent()

    def _shutdown_notice(self) -> None:
        self.rig.venue.shut_down()

    def _kill(self) -> None:
        time.sleep(self.chance.uniform(0, 0.3))
        self.rig.collector.kill()
        self._publish(self._step() // 4)
        self.rig.collector.start()

    def _stop(self) -> None:
        """SIGTERM in the middle of everything, as at a deployment; what still starts takes no signal yet."""
        publishing = threading.Thread(target=self._publish, args=(self._step(),))
        publishing.start()
        time.sleep(self.chance.uniform(0, 0.5))
        is_up = self.rig.collector.ask() is not None
        exit_code = self.rig.collector.stop()
        self.result.exit_code = self.result.exit_code or (exit_code if is_up else 0)
        publishing.join()
        self.rig.collector.start()

    def _s3(self) -> None:
        """Errors and slowness come and go."""
        aws = self.rig.aws
        aws.s3_faults, aws.s3_seconds = (0.0, 0.0) if aws.s3_faults else (0.7, 0.2)

    def _throttle(self) -> None:
        aws = self.rig.aws
        aws.dynamodb_faults = 0.0 if aws.dynamodb_faults else 0.7

    def _pause(self) -> None:
        """A consumer that does not read for a while."""
        self.rig.collector.signal(signal.SIGSTOP)
        self._publish(self._step())
        self.rig.collector.signal(signal.SIGCONT)

    def _end(self) -> None:
        """Calm again: the last trades show what is missing before them; then a stop, and the count."""
        aws, collector = self.rig.aws, self.rig.collector
        aws.s3_faults = aws.s3_seconds = aws.dynamodb_faults = 0.0
        time.sleep(SHUTDOWN_SECONDS)  # an announced end may still come, and hide the last trades
        connections = self.rig.venue.seen["connections"]
        self.rig.venue.hang_up()
        collector.until(lambda _: self.rig.venue.seen["connections"] > connections)
        self._received_to_the_end()
        collector.until(lambda health: not health["trades_missing"] and not health["uploads_waiting"])
        self.result.exit_code = collector.stop() or self.result.exit_code
        self._count()

    def _received_to_the_end(self) -> None:
        """Publish until a whole calm lot is received, which shows what is missing before it.

        What a socket still brings when the collector is told to stop is not promised to anybody.
        """
        self.promised = dict(self.rig.venue.published)
        for _ in range(MAX_LOTS):
            before = self.rig.collector.ask()["frames"]
            self._publish(CALM)
            with suppress(AssertionError):
                self.rig.collector.until(
                    lambda health, want=before + CALM: health["frames"] >= want, LOT_SECONDS
                )
                return
        raise AssertionError(f"of {MAX_LOTS} calm lots none was received whole")

    def _count(self) -> None:
        (trades, self.result.quarantined), venue = self.rig.trusted(), self.rig.venue
        received = {
            symbol: max(number for one, number in trades if one == symbol) for symbol in self.promised
        }
        assert all(received[symbol] > last for symbol, last in self.promised.items()), (
            "the last lot was not received"
        )
        wanted, published = (
            {(symbol, number) for symbol, last in ends.items() for number in range(venue.first_id, last + 1)}
            for ends in (received, venue.published)
        )
        self.result.missing = len(wanted - set(trades))
        self.result.invented = len(set(trades) - published)
        self.result.doubled = sum(trades.values()) - len(trades)
        self.result.from_rest = sum(int(key.slot.parts[2]) for key, _ in self.rig.objects("trade_history"))
        self.result.gaps = Counter(gap["reason"] for gap in self.rig.gaps())
        self.result.seen = venue.seen + self.rig.aws.seen
        self.result.peak_mb = self.rig.collector.peak_mb


def chaos(frames: int, per_second: int, seed: int, report: Callable[[int], None] = lambda _: None) -> Result:
    """A whole run in a folder that is gone afterwards."""
    with (
        tempfile.TemporaryDirectory() as folder,
        prepared(Path(folder), SYMBOLS, timeouts=TIMEOUTS, seed=seed, BATCH_FRAMES="300") as rig,
    ):
        return Chaos(rig, frames, per_second, random.Random(seed), report).run()
