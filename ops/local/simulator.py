"""The exchange simulator: its process, and the faults that a demo injects."""

import json
import os
import sys
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from coinlake.sources import catalog
from ops.aws import inherited_by_python
from ops.local.certificate import Certificate
from ops.local.emulator import is_reachable, tls_opener
from ops.local.laptop import Laptop
from ops.local.processes import Process
from ops.local.source_keys import FILE, SourceKeys
from ops.paths import ROOT

START_SECONDS: Final = 120
CALL_SECONDS: Final = 30
# Credits a month that the simulator grants: a run every minute costs more than free plans have.
CREDITS: Final = {
    name: 500_000
    for name, source in catalog().items()
    if any(plan.credits_per_month for plan in source.plans.values())
}


@dataclass(frozen=True, slots=True)
class Simulator:
    """The simulator of one laptop folder."""

    laptop: Laptop

    @property
    def process(self) -> Process:
        """It has nothing to save, and would wait for clients that keep their connections."""
        return Process("simulator", self.laptop.folder, grace_seconds=1)

    def start(self, keys: SourceKeys) -> None:
        """Start it, or let one of the same code go on, its prices where they are and its faults forgotten.

        It accepts those of ``keys``, which are saved, and no other.
        """
        certificate, fingerprint = self._certificate, _fingerprint(keys)
        if self._code.is_file() and self._code.read_text() == fingerprint and self.process.pid():
            self.forgive()
            return
        self.process.stop()
        self.laptop.require_free(self.laptop.simulator_port)
        command = [sys.executable, "-m", "simulator", "--port", str(self.laptop.simulator_port)]
        command += ["--certfile", str(certificate.chain), "--keyfile", str(certificate.key)]
        command += ["--keys", str(self.laptop.folder / FILE)]
        command += [f"--credits={source}={number}" for source, number in CREDITS.items()]
        env = {**inherited_by_python(os.environ), "PYTHONPATH": str(ROOT)}
        url = f"{self.laptop.simulator}/_health"
        self.process.start(command, env, lambda: is_reachable(url, certificate), START_SECONDS)
        self._code.write_text(fingerprint)

    def urls(self) -> dict[str, str]:
        """Terraform's ``source_urls``: each source is served at its name, then the path of its base URL."""
        return {
            name: f"{self.laptop.simulator}/{name}{urlsplit(source.base_url).path}"
            for name, source in catalog().items()
        }

    def stream_urls(self) -> dict[str, str]:
        """The collector's URLS: the websocket of a source is at ``<source>-ws``, then its own path."""
        base = self.laptop.simulator.replace("https:", "wss:", 1)
        return {
            name: f"{base}/{name}-ws{urlsplit(source.websocket.hosts[source.websocket.default_host]).path}"
            for name, source in catalog().items()
            if source.websocket
        }

    def started(self) -> datetime:
        """Since when its prices go on without a break (aware UTC)."""
        return datetime.fromtimestamp(self._code.stat().st_mtime, UTC)

    def shock(self, coin: str, percent: float) -> float:
        """Move a price from now on: up by ``percent``, or back if it was moved before; returns which.

        ``coin`` is CoinGecko's id of the asset.
        """
        shocks = self._request("GET", "_market").get(coin, [])
        percent = next_shock([shock["percent"] for shock in shocks], percent)
        self._request("PUT", "_market", {"asset": coin, "percent": percent})
        return percent

    def inject_bad_rows(self, path: str, fault: str, rows: int) -> None:
        """Let the next answer whose path matches hold ``rows`` bad rows; earlier faults are forgotten."""
        rule = {"path": path, "fault": fault, "times": 1, "params": {"rows": rows}}
        self._request("PUT", "_faults", [rule])

    def refuse(self, path: str, query: str = "*") -> None:
        """Answer every request whose path and query match with 503; earlier faults are forgotten."""
        self._request("PUT", "_faults", [{"path": path, "query": query, "fault": "503"}])

    def forgive(self) -> None:
        """Forget every fault."""
        self._request("DELETE", "_faults")

    def _request(self, method: str, path: str, document: Any = None) -> Any:
        body = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(  # noqa: S310 - our own https address
            f"{self.laptop.simulator}/{path}", body, method=method
        )
        with tls_opener(self._certificate).open(request, timeout=CALL_SECONDS) as answer:
            return json.load(answer)

    @property
    def _code(self) -> Path:
        """Which code, and version of the keys, the running simulator is of."""
        return self.laptop.folder / "simulator.code"

    @property
    def _certificate(self) -> Certificate:
        return Certificate.ensure(self.laptop.tls)


def next_shock(before: Sequence[float], percent: float) -> float:
    """``percent``, or what takes the earlier shocks back where they left the price up."""
    moved = prod(1 + shock / 100 for shock in before)
    half_way = 1 + percent / 200  # the simulator returns shocks rounded, so 1 is not hit exactly
    return percent if moved < half_way else (1 / moved - 1) * 100


def _fingerprint(keys: SourceKeys) -> str:
    """Of the simulator's code, and of the keys, as it would start now."""
    files = sorted((ROOT / "simulator").rglob("*.py"))
    code = sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    return f"{code} {keys.version}"
