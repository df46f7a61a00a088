"""The collector against cryptofeed on the same feed: frames a second of one core, and memory.

cryptofeed has no wheels and is built from source, so it gets an environment of its own, once, in
build/bench; where that is not possible its column says so.
"""

import json
import socket
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import trustme

from bench.measure import Contest, Job, Result, environment
from bench.paths import CACHE, ROOT
from bench.report import Row

CRYPTOFEED: Final = "cryptofeed==2.4.1"
SYMBOLS: Final = 2000
FEW: Final = 20
MEMORY_MB: Final = 256  # half of the task's
BUILD_SECONDS: Final = 600
WHAT: Final = "frames in → fsynced → gzipped in S3, one core"


@dataclass(frozen=True, slots=True)
class StreamBench:
    """``frames`` a run, ``runs`` interleaved rounds, over an S3 at ``endpoint``."""

    endpoint: str
    frames: int
    runs: int

    def rows(self) -> Iterator[Row]:
        """Few streams that are busy, then many: rate of both, and memory of the many."""
        peer = cryptofeed_python()
        for symbols in (FEW, SYMBOLS):
            rounds = [(self._ours(symbols), self._theirs(symbols, peer)) for _ in range(self.runs + 1)][1:]
            yield self._speed(symbols, rounds)
        ours = Contest([(mine, theirs or mine) for mine, theirs in rounds])
        memory = ours.ours("peak_mb")
        yield Row(
            f"peak memory of that process at {SYMBOLS:,} symbols",
            f"{memory:.0f} MB",
            f"{ours.theirs('peak_mb'):.0f} MB, cryptofeed" if peer else "–",
            f"{ours.ratio('peak_mb'):.2f}×" if peer else "–",
            f"≤ {MEMORY_MB} MB",
            memory <= MEMORY_MB,
        )

    def _speed(self, symbols: int, rounds: list[tuple[Result, Result | None]]) -> Row:
        what = f"{self.frames:,} {WHAT}, {symbols:,} symbols"
        contest = Contest([(mine, theirs or mine) for mine, theirs in rounds])
        mine = f"{self.frames / contest.ours('seconds') / 1000:,.1f} k frames/s"
        if rounds[0][1] is None:
            return Row(what, mine, f"not measured: {CRYPTOFEED} could not be built here", "–", "–", None)
        theirs = f"{self.frames / contest.theirs('seconds') / 1000:,.1f} k frames/s, cryptofeed to a callback"
        return Row(what, mine, theirs, f"{1 / contest.ratio('seconds'):.2f}×", "–", None)

    def _ours(self, symbols: int) -> Result:
        with feeding(self.frames, symbols) as feed:
            task = {**feed.task, "s3": self.endpoint, "health_port": _free_port()}
            return feed.timed(Job("stream_collector", task))

    def _theirs(self, symbols: int, python: str | None) -> Result | None:
        if python is None:
            return None
        with feeding(self.frames, symbols) as feed:
            trusting = {"SSL_CERT_FILE": feed.task["authority"]}
            return feed.timed(Job("stream_cryptofeed", feed.task, python, trusting))


@dataclass(frozen=True, slots=True)
class Feeding:
    """The ``task`` of a job that receives a feed; ``output`` says when the feed began to send."""

    task: dict[str, Any]
    output: IO[str]

    def timed(self, job: Job) -> Result:
        """The job's numbers, and the seconds since the feed began: what was received before it was
        handed on counts, too."""
        result = job.run()
        return {**result, "seconds": result["ended"] - float(self.output.readline())}


@contextmanager
def feeding(frames: int, symbols: int) -> Iterator[Feeding]:
    """A feed while the block runs."""
    with tempfile.TemporaryDirectory() as folder:
        authority, certificate = Path(folder, "authority.pem"), Path(folder, "certificate.pem")
        made = trustme.CA()
        made.cert_pem.write_to_path(authority)
        made.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
        options = {"frames": frames, "symbols": symbols, "certificate": str(certificate)}
        with subprocess.Popen(
            [sys.executable, "-m", "bench.stream_feed", json.dumps(options)],
            env=environment(),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout and process.stdin  # noqa: S101 - both are pipes
            url = f"wss://127.0.0.1:{process.stdout.readline().strip()}"
            task = {"url": url, "authority": str(authority), "frames": frames, "symbols": symbols}
            yield Feeding(task, process.stdout)
            process.stdin.close()


def cryptofeed_python() -> str | None:
    """An interpreter that has cryptofeed; None where it cannot be built."""
    folder = CACHE / "cryptofeed"
    python = folder / "bin" / "python"
    try:
        if not (folder / "ready").exists():
            venv.create(folder, with_pip=True, clear=True)
            command = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", CRYPTOFEED]
            subprocess.run(command, check=True, capture_output=True, timeout=BUILD_SECONDS)
            (folder / "ready").touch()
    except (OSError, subprocess.SubprocessError):
        return None
    return str(python)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
