"""What a block costs a PostgreSQL and its client; imported in the measured processes, dlt's too."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Usage:
    """Seconds of processor, client's and server's, and of the wall; MB of write-ahead log."""

    seconds: float = 0.0
    wall_seconds: float = 0.0
    wal_mb: float = 0.0


@contextmanager
def usage(pid: int, wal_bytes: Callable[[], int]) -> Iterator[Usage]:
    """Of the block; ``pid`` is the server's first process, ``wal_bytes`` tells its position in the log."""
    used = Usage()
    before, wal, start, own = _server_seconds(pid), wal_bytes(), time.perf_counter(), time.process_time()
    yield used
    used.wall_seconds = time.perf_counter() - start
    used.seconds = time.process_time() - own + _server_seconds(pid) - before
    used.wal_mb = (wal_bytes() - wal) / 1e6


def _server_seconds(pid: int) -> float:
    """Of the server and its children, those that ended included."""
    total = 0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended
            if int(folder.name) == pid or int(fields[1]) == pid:
                total += sum(map(int, fields[11:13]))
                if int(folder.name) == pid:
                    total += sum(map(int, fields[13:15]))
    return total / _TICKS
