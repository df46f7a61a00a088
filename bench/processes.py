"""What a measured process and those that it started take, from /proc."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_TICKS: Final = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> dict[int, str]:
    """The process and all that come from it, by their names."""
    names, children = {}, dict[int, list[int]]()
    for number, name, parent in _all():
        names[number] = name
        children.setdefault(parent, []).append(number)
    found, waiting = {}, [pid]
    while waiting:
        number = waiting.pop()
        if number in names:
            found[number] = names[number]
            waiting += children.get(number, [])
    return found


def peak_mb(pid: int) -> float:
    """The most memory that the process ever held."""
    peak = re.search(r"VmHWM:\s+(\d+) kB", _read(pid, "status"))
    return int(peak[1]) / 1024 if peak else 0.0


def cpu_seconds(pid: int) -> float:
    """Of all its threads, in user and kernel."""
    fields = _read(pid, "stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS if fields else 0.0


def _all() -> Iterator[tuple[int, str, int]]:
    for path in _PROC.iterdir():
        if path.name.isdigit():
            before, _, after = _read(int(path.name), "stat").rpartition(")")
            if after:
                yield int(path.name), before.partition("(")[2], int(after.split()[1])


def _read(pid: int, name: str) -> str:
    try:
        return (_PROC / str(pid) / name).read_text()
    except OSError:  # it ended meanwhile
        return ""
