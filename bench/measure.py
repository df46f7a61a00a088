"""Fresh processes on one core, the contestants taking turns, medians of their numbers."""

import json
import math
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.paths import CACHE, FUNCTIONS, LAYER, ROOT

Result = Mapping[str, float]
_ENVIRONMENT: Final = {
    "PYTHONPATH": os.pathsep.join(map(str, (ROOT, FUNCTIONS, LAYER))),
    "PYTHONPYCACHEPREFIX": str(CACHE / "pycache"),  # warm, and nobody else's
    "ARROW_DEFAULT_MEMORY_POOL": "system",  # as terraform/transform.tf sets it
    "OMP_NUM_THREADS": "1",
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "POWERTOOLS_SERVICE_NAME": "bench",
    "POWERTOOLS_METRICS_NAMESPACE": "coinlake",
    "POWERTOOLS_LOG_LEVEL": "ERROR",
}


class BenchFailed(Exception):
    """A measured process failed; the message is its last line."""


@dataclass(frozen=True, slots=True)
class Job:
    """One contestant: a module of ``bench.jobs`` and its arguments; a peer may need an interpreter of its
    own, and ``variables`` in its environment."""

    module: str
    arguments: Mapping[str, Any]
    python: str = sys.executable
    variables: Mapping[str, str] = field(default_factory=dict)

    def run(self) -> Result:
        done = subprocess.run(
            [self.python, "-m", f"bench.jobs.{self.module}", json.dumps(self.arguments)],
            env={**environment(), **self.variables},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BenchFailed(f"bench.jobs.{self.module}: {done.stderr.strip().splitlines()[-1:]}")
        result: Result = json.loads(done.stdout.splitlines()[-1])
        return result


def environment() -> dict[str, str]:
    """What a measured process sees: nothing of the user's AWS."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, **_ENVIRONMENT}


@dataclass(frozen=True, slots=True)
class Contest:
    """Rounds of two jobs side by side: medians of each, and of the quotient within each round."""

    rounds: Sequence[tuple[Result, Result]]

    def ours(self, name: str) -> float:
        return statistics.median(ours[name] for ours, _ in self.rounds)

    def theirs(self, name: str) -> float:
        return statistics.median(theirs[name] for _, theirs in self.rounds)

    def ratio(self, name: str) -> float:
        """Ours over theirs; a machine that is busy in one round is so for both."""
        return statistics.median(ours[name] / theirs[name] for ours, theirs in self.rounds)


def interleaved(ours: Job, theirs: Job, runs: int) -> Contest:
    """Let both take turns; before several rounds, one that does not count."""
    return Contest([(ours.run(), theirs.run()) for _ in range(runs + (runs > 1))][-runs:])


def cores() -> tuple[int, int]:
    """The core of the measured process, and the core of what it talks to."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


def read_arguments() -> Any:
    """In a measured process: pin it to its core, and read its arguments."""
    os.sched_setaffinity(0, {cores()[0]})
    return json.loads(sys.argv[1])


def report_numbers(**numbers: float) -> None:
    """In a measured process: print its numbers, and its peak memory in MB.

    From /proc: what getrusage tells is at least the peak of the process that started this one.
    """
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    print(json.dumps({**numbers, "peak_mb": int(peak[1]) / 1024 if peak else math.nan}))


@contextmanager
def clock() -> Any:
    """A list that holds the seconds of processor that the block took, once it is over.

    Of all threads of this process: its neighbours take turns on its core, and their time is not its own.
    """
    seconds: list[float] = []
    start = time.process_time()
    yield seconds
    seconds.append(time.process_time() - start)
