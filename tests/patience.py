"""How long tests wait for what must come: on a busy machine all of it takes ten times as long."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 300


def wait_until(what: str, done: Callable[[], object], pause_seconds: float = 0.02) -> None:
    """Poll until ``done``, or fail with what was awaited."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline, f"waited {PATIENCE_SECONDS} s for {what}"
        time.sleep(pause_seconds)
