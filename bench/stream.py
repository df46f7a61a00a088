"""The collector against cryptofeed on the same feed: frames a second of one core, and memory.

Ours end fsynced, gzipped and in S3, all of which counts; theirs end in a callback. cryptofeed is compiled, or
needs a newer Python, so each version gets an environment of its own, once, in build/bench; its row
says where it cannot be had.
"""

import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import trustme

from bench.measure import Job, Result, environment
from bench.paths import CACHE, ROOT
from bench.report import Row

SYMBOLS: Final = 2000
FEW: Final = 20
TIMES: Final = 1.5  # as many frames a second as the peer
MEMORY_MB: Final = 160
BUILD_SECONDS: Final = 600
LONG_URL: Final = str(1 << 16)  # cryptofeed 3 names 1,024 streams in one, as Binance lets it
Round = Mapping[str, Result]  # of the feed alone, ours, and each peer by its name
WHAT: Final = "live frames in → fsynced → gzipped in S3, one core"


@dataclass(frozen=True, slots=True)
class Peer:
    """A version of cryptofeed and the Pythons that can run it, the first that is there."""

    version: str
    pythons: Sequence[str]

    @property
    def name(self) -> str:
        return f"cryptofeed {self.version}"

    def python(self) -> str | None:
        """An interpreter that has it; None where there is none."""
        folder = CACHE / f"cryptofeed-{self.version}"
        python = folder / "bin" / "python"
        if (folder / "ready").exists():
            return str(python)
        base = next(filter(None, map(shutil.which, self.pythons)), None)
        if base is None:
            return None
        install = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        try:
            for command in (
                [base, "-m", "venv", "--clear", str(folder)],
                [*install, f"cryptofeed=={self.version}", "uvloop"],
            ):
                subprocess.run(command, check=True, capture_output=True, timeout=BUILD_SECONDS)
            (folder / "ready").touch()
        except (OSError, subprocess.SubprocessError):
            return None
        return str(python)


PEERS: Final = (
    Peer("2.4.1", (sys.executable,)),
    Peer("3.0.1", ("python3.14", "python3.13")),  # the newest, 2026-11
)


@dataclass(frozen=True, slots=True)
class StreamBench:
    """``frames`` a run, ``runs`` interleaved rounds over an S3 at ``endpoint``; before several, one that does
    not count."""

    endpoint: str
    frames: int
    runs: int
    peers: Sequence[Peer] = PEERS

    def rows(self) -> Iterator[Row]:
        """Few streams that are busy, then many: rate of all, and memory of the many."""
        pythons = {peer: python for peer in self.peers if (python := peer.python())}
        for symbols in (FEW, SYMBOLS):
            rounds = [self._round(symbols, pythons) for _ in range(self.runs + (self.runs > 1))][-self.runs :]
            yield _feed(symbols, self._rates(rounds, "feed"), _ratio(rounds, "ours", "feed", "seconds"))
            for peer in self.peers:
                yield self._speed(symbols, peer, rounds)
        memory = _median(rounds, "ours", "peak_mb")
        theirs = [f"{_median(rounds, peer.name, 'peak_mb'):.0f} MB, {peer.name}" for peer in pythons]
        yield Row(
            f"peak memory of that process at {SYMBOLS:,} symbols",
            f"{memory:.0f} MB",
            "; ".join(theirs) or "–",
            "–",
            f"≤ {MEMORY_MB} MB",
            memory <= MEMORY_MB,
        )

    def _round(self, symbols: int, pythons: Mapping[Peer, str]) -> Round:
        """Everybody once, one after another."""
        results = {"feed": self._sink(symbols), "ours": self.ours(symbols)}
        return results | {peer.name: self._theirs(symbols, python) for peer, python in pythons.items()}

    def _speed(self, symbols: int, peer: Peer, rounds: Sequence[Round]) -> Row:
        what, target = f"{self.frames:,} {WHAT}, {symbols:,} symbols", f"≥ {TIMES}×"
        ours = self._rates(rounds, "ours")
        if peer.name not in rounds[0]:
            return Row(
                what,
                ours,
                f"not measured: {peer.name} cannot be set up by {' or '.join(peer.pythons)}",
                "–",
                target,
                None,
            )
        faster, leaner = (_ratio(rounds, peer.name, "ours", name) for name in ("seconds", "cpu"))
        theirs = f"{self._rates(rounds, peer.name)}, {peer.name} to a callback"
        return Row(
            what,
            ours,
            theirs,
            f"{faster:.2f}×, {leaner:.2f}× by processor",
            target,
            min(faster, leaner) >= TIMES,
        )

    def _rates(self, rounds: Sequence[Round], who: str) -> str:
        seconds, cpu = (_median(rounds, who, name) / self.frames for name in ("seconds", "cpu"))
        return f"{1 / seconds / 1000:,.0f} k frames/s, {cpu * 1e6:.1f} µs of processor each"

    def _sink(self, symbols: int) -> Result:
        with feeding(self.frames, symbols) as feed:
            return feed.timed(Job("stream_sink", feed.task))

    def ours(self, symbols: int) -> Result:
        """The collector once: its ``seconds``, its ``cpu`` seconds and its ``peak_mb``."""
        with feeding(self.frames, symbols) as feed:
            task = {**feed.task, "s3": self.endpoint, "health_port": _free_port()}
            return feed.timed(Job("stream_collector", task))

    def _theirs(self, symbols: int, python: str) -> Result:
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
            env={**environment(), "WEBSOCKETS_MAX_LINE_LENGTH": LONG_URL},
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


def _feed(symbols: int, ours: str, speed: float) -> Row:
    """The feed must be faster than who is measured."""
    what = f"the feed alone, {symbols:,} symbols: decrypted and forgotten"
    return Row(what, ours, "the collector", f"{speed:.2f}×", "> 1×", speed > 1)


def _median(rounds: Sequence[Round], who: str, name: str) -> float:
    return statistics.median(results[who][name] for results in rounds)


def _ratio(rounds: Sequence[Round], one: str, other: str, name: str) -> float:
    """One's number over the other's, within each round: a busy machine is so for both."""
    return statistics.median(results[one][name] / results[other][name] for results in rounds)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
