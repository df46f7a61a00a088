"""Seconds of processor and peak memory of the embedded AWS and of each function's workers, from /proc."""

import contextlib
import os
import re
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

LOOK_SECONDS: Final = 0.5  # of a worker that ends, what it did after the last look is not counted
PROC: Final = Path("/proc")
EMULATOR: Final = "embedded AWS"
LANDING: Final = "landing"  # this process
MACHINE: Final = "the whole machine"
_TICK: Final = 1 / os.sysconf("SC_CLK_TCK")
_FUNCTION: Final = re.compile(rb"(?:^|\0)AWS_LAMBDA_FUNCTION_NAME=([^\0]+)")
_PEAK: Final = re.compile(r"VmHWM:\s+(\d+) kB")


@dataclass(frozen=True, slots=True)
class Usage:
    """``cpu_seconds`` of all processes of a name; ``peak_mb`` of the largest, since it started."""

    cpu_seconds: float = 0.0
    peak_mb: float = 0.0

    def since(self, earlier: "Usage") -> "Usage":
        return Usage(self.cpu_seconds - earlier.cpu_seconds, self.peak_mb)


@dataclass(slots=True)
class Sampler:
    """Looks at ``root``, at all processes below it and at this one, while the block runs.

    Without /proc (macOS) it sees nothing.
    """

    root: int
    seen: dict[int, tuple[str, Usage]] = field(default_factory=dict)
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> "Sampler":
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            self._look()

    def usage(self) -> dict[str, Usage]:
        """By name since each process started; of the whole machine the processor alone."""
        self._look()
        together = defaultdict[str, list[Usage]](list)
        for name, usage in list(self.seen.values()):
            together[name].append(usage)
        used = {
            name: Usage(sum(one.cpu_seconds for one in each), max(one.peak_mb for one in each))
            for name, each in together.items()
        }
        return {**used, MACHINE: Usage(_machine_seconds())}

    def _look(self) -> None:
        for pid in [*_below(self.root), os.getpid()]:
            with contextlib.suppress(OSError, ValueError):  # it has just ended
                self.seen[pid] = (self._name(pid), Usage(_cpu_seconds(pid), _peak_mb(pid)))

    def _name(self, pid: int) -> str:
        if pid in self.seen:
            return self.seen[pid][0]
        if pid in (self.root, os.getpid()):
            return EMULATOR if pid == self.root else LANDING
        function = _FUNCTION.search((PROC / str(pid) / "environ").read_bytes())
        return function[1].decode() if function else EMULATOR


def _below(root: int) -> Iterator[int]:
    """``root`` and its descendants."""
    children = defaultdict[int, list[int]](list)
    for stat in PROC.glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            children[int(_fields(stat)[1])].append(int(stat.parent.name))
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += children[pid]


def _fields(stat: Path) -> list[str]:
    """From the state on: the command before it may hold anything. Source: proc_pid_stat(5)."""
    return stat.read_text().rpartition(")")[2].split()


def _cpu_seconds(pid: int) -> float:
    user, system = _fields(PROC / str(pid) / "stat")[11:13]
    return (int(user) + int(system)) * _TICK


def _peak_mb(pid: int) -> float:
    peak = _PEAK.search((PROC / str(pid) / "status").read_text())
    return int(peak[1]) / 1024 if peak else 0.0


def _machine_seconds() -> float:
    """What all cores together have worked. Source: proc_stat(5): the 4th and 5th number are idle."""
    try:
        numbers = [int(number) for number in (PROC / "stat").read_text().split("\n", 1)[0].split()[1:9]]
    except OSError:
        return 0.0
    return (sum(numbers) - sum(numbers[3:5])) * _TICK


def between(before: Mapping[str, Usage], after: Mapping[str, Usage]) -> dict[str, Usage]:
    """What each name used from one look to a later one."""
    return {name: usage.since(before.get(name, Usage())) for name, usage in after.items()}
