"""The dashboard in the background, for as long as the laptop's stack is up."""

import os
import sys
import urllib.request
from dataclasses import dataclass
from typing import Final

from ops.aws import inherited_by_python
from ops.local.laptop import Laptop
from ops.local.processes import Process
from ops.paths import ROOT

START_SECONDS: Final = 120
REQUEST_SECONDS: Final = 2
CODE: Final = (ROOT, ROOT / "functions", ROOT / "layers" / "coinlake" / "python")


@dataclass(frozen=True, slots=True)
class DashboardServer:
    """`coinlake dashboard` in the background, on a port of the laptop's own."""

    laptop: Laptop

    @property
    def process(self) -> Process:
        """It has nothing to save."""
        return Process("dashboard", self.laptop.folder, grace_seconds=3)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.laptop.dashboard_port}/"

    def start(self) -> None:
        """Start it anew, for its code may have changed."""
        self.process.stop()
        self.laptop.require_free(self.laptop.dashboard_port)
        command = [sys.executable, "-m", "ops.cli", "dashboard", "--no-open"]
        command += ["--port", str(self.laptop.dashboard_port)]
        path = os.pathsep.join(str(folder) for folder in CODE)
        env = {**inherited_by_python(os.environ), "PYTHONPATH": path}
        env |= {"COINLAKE_LOCAL": str(self.laptop.folder)}
        self.process.start(command, env, self._is_ready, START_SECONDS)

    def _is_ready(self) -> bool:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(self.address, timeout=REQUEST_SECONDS):
                return True
        except OSError:
            return False
