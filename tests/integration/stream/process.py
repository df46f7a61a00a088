"""The collector as a real process: started, asked how it is, stopped and killed."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from tests.patience import PATIENCE_SECONDS

ROOT = Path(__file__).parents[3]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class CollectorProcess:
    """``timeouts`` are fields of ``stream.timeouts.Timeouts``; the log goes to ``log``."""

    environment: dict[str, str]
    timeouts: dict[str, float]
    log: Path
    port: int = field(default_factory=free_port)
    peak_mb: float = 0.0
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    str(Path(__file__).with_name("fast_collector.py")),
                    json.dumps(self.timeouts),
                ],
                env=self.environment | {"HEALTH_PORT": str(self.port)},
                stdout=log,
                stderr=log,
            )

    def signal(self, number: signal.Signals) -> None:
        assert self._process
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        """SIGKILL, at whatever it is doing."""
        assert self._process
        self.remember_peak()
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self._process
        self.remember_peak()
        self._process.terminate()
        return self._process.wait(PATIENCE_SECONDS)

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def ask(self, path: str = "/healthz") -> Any:
        """What it answers; None while it does not."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        except (OSError, HTTPException, ValueError):
            return None
        finally:
            connection.close()

    def until(
        self, done: Callable[[dict[str, Any]], bool], seconds: float = PATIENCE_SECONDS
    ) -> dict[str, Any]:
        """Wait until its health is as wanted; fail with its log if it never is."""
        end, health = time.monotonic() + seconds, None
        while time.monotonic() < end:
            health = self.ask()
            if health and done(health):
                return dict(health)
            time.sleep(0.05)
        raise AssertionError(f"not within {seconds} s: {health}\n{self.log.read_text()[-4000:]}")

    def remember_peak(self) -> None:
        assert self._process
        status = Path(f"/proc/{self._process.pid}/status")
        peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
        self.peak_mb = max(self.peak_mb, int(peak[1]) / 1024 if peak else 0.0)
