"""Background processes that outlive the command: started, found again, stopped."""

import contextlib
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coinlake.errors import CoinlakeError

POLL_SECONDS: Final = 0.1


class ProcessFailed(CoinlakeError):
    """A background process did not start; the message names its log."""


@dataclass(frozen=True, slots=True)
class Process:
    """One background process, whose pid file it holds locked as long as it lives.

    The lock, not the number, says that it runs: a number may be another process's by now.
    It gets SIGTERM, and SIGKILL ``grace_seconds`` later.
    """

    name: str
    folder: Path
    grace_seconds: float = 90

    @property
    def log(self) -> Path:
        return self.folder / "logs" / f"{self.name}.log"

    @property
    def _pid_file(self) -> Path:
        return self.folder / f"{self.name}.pid"

    def pid(self) -> int | None:
        """The process's number, or None when it does not run."""
        try:
            with self._pid_file.open("r+") as file:
                if _locked(file.fileno()):
                    return None
                return int(file.read() or 0) or None
        except FileNotFoundError:
            return None

    @property
    def crashed(self) -> bool:
        """Whether it ended without having been stopped."""
        return self._pid_file.exists() and self.pid() is None

    def start(
        self, command: Sequence[str], env: Mapping[str, str], ready: Callable[[], bool], seconds: float
    ) -> None:
        """Run ``command`` in the background until ``ready`` says so, or raise ``ProcessFailed``."""
        child = self._spawn(command, env)
        deadline = time.monotonic() + seconds
        while not ready():
            if child.poll() is not None:
                raise ProcessFailed(
                    f"{self.name} stopped at once ({self._last_log_line()}); its log is {self.log}"
                )
            if time.monotonic() > deadline:
                self.stop()
                raise ProcessFailed(
                    f"{self.name} was not ready within {seconds:.0f} s; its log is {self.log}"
                )
            time.sleep(POLL_SECONDS)

    def stop(self) -> bool:
        """Stop it, by SIGTERM first; False when it did not run."""
        pid = self.pid()
        if pid is None:
            return False
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            if self._ended():
                break
        self._pid_file.unlink(missing_ok=True)
        return True

    def _spawn(self, command: Sequence[str], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self._pid_file.open("a+") as file, self.log.open("ab") as log:
            if not _locked(file.fileno()):
                raise ProcessFailed(f"{self.name} is being started by another command; wait for it")
            file.truncate(0)  # not before it is ours: the number in it may be a running process's
            child = subprocess.Popen(
                command,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal must not reach it
                pass_fds=(file.fileno(),),
            )
            file.write(str(child.pid))
        return child

    def _ended(self) -> bool:
        deadline = time.monotonic() + self.grace_seconds
        while self.pid() is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def _last_log_line(self) -> str:
        lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1][:200] if lines else "without a word"


def _locked(descriptor: int) -> bool:
    """Whether the lock could be taken: then nobody else holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
