"""The exchange simulator: its process, and the trouble that a demo orders from it."""

import json
import os
import sys
import urllib.request
from dataclasses import dataclass
from typing import Any, Final

from ops.certificate import Certificate
from ops.emulator import answers, opener
from ops.laptop import ROOT, Laptop
from ops.processes import Process

# Where each source's API is served; the same paths as in docs of the simulator.
SIMULATED: Final = {"coingecko": "coingecko/api/v3", "coinbase": "coinbase"}
START_SECONDS: Final = 30
CALL_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Exchanges:
    """The simulator of one laptop folder."""

    laptop: Laptop

    @property
    def process(self) -> Process:
        """It has nothing to save, and would wait for clients that keep their connections."""
        return Process("simulator", self.laptop.folder, grace_seconds=1)

    def start(self) -> None:
        """Start it anew: the code may have changed, and faults and shocks must be forgotten."""
        self.process.stop()
        certificate = self._certificate
        command = [sys.executable, "-m", "simulator", "--port", str(self.laptop.simulator_port)]
        command += ["--certfile", str(certificate.chain), "--keyfile", str(certificate.key)]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        url = f"{self.laptop.simulator}/_health"
        self.process.start(command, env, lambda: answers(url, certificate), START_SECONDS)

    def urls(self) -> dict[str, str]:
        """Terraform's ``source_urls``."""
        return {source: f"{self.laptop.simulator}/{path}" for source, path in SIMULATED.items()}

    def shock(self, asset: str, percent: float) -> None:
        """Move an asset's price from now on."""
        self._put("_market", {"asset": asset, "percent": percent})

    def spoil(self, path: str, fault: str, rows: int) -> None:
        """Let the next answer whose path matches hold ``rows`` bad rows; earlier orders are forgotten."""
        self._put("_faults", [{"path": path, "fault": fault, "times": 1, "params": {"rows": rows}}])

    def _put(self, path: str, document: Any) -> None:
        request = urllib.request.Request(  # noqa: S310 - our own https address
            f"{self.laptop.simulator}/{path}", json.dumps(document).encode(), method="PUT"
        )
        with opener(self._certificate).open(request, timeout=CALL_SECONDS):
            pass

    @property
    def _certificate(self) -> Certificate:
        return Certificate.ensure(self.laptop.tls)
