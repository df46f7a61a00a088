"""Where the embedded AWS lives on this machine: folders, ports, addresses."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from coinlake.errors import BadConfiguration
from ops.paths import BUILD

PORT: Final = 5180
ACCOUNT: Final = "000000000000"
REGION: Final = "us-east-1"


@dataclass(frozen=True, slots=True)
class Laptop:
    """One embedded AWS: its ``folder`` holds all its state, its ports are on loopback.

    ``COINLAKE_LOCAL`` moves the folder and ``COINLAKE_PORT`` the ports (the simulator, the live
    collector and the demo's dashboard take the next three), so that several can run side by side; a
    started one remembers its ports in its folder.
    """

    folder: Path
    port: int

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        folder = Path(env.get("COINLAKE_LOCAL") or BUILD / "local").resolve()
        return cls(folder, _port(env.get("COINLAKE_PORT")) or _saved_port(folder) or PORT)

    def save_port(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._ports.write_text(json.dumps({"port": self.port}))

    @property
    def endpoint(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def simulator_port(self) -> int:
        return self.port + 1

    @property
    def simulator(self) -> str:
        return f"https://127.0.0.1:{self.simulator_port}"

    @property
    def stream_port(self) -> int:
        """Where the live collector says how it is."""
        return self.port + 2

    @property
    def dashboard_port(self) -> int:
        return self.port + 3

    @property
    def tls(self) -> Path:
        return self.folder / "tls"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def outputs(self) -> Path:
        """Terraform's outputs of the stack that runs here."""
        return self.folder / "outputs.json"

    @property
    def exports(self) -> Path:
        """Shell variables that lead other AWS tools to the embedded AWS."""
        return self.folder / "aws.env"

    @property
    def _ports(self) -> Path:
        return self.folder / "ports.json"


def _port(text: str | None) -> int | None:
    if not text:
        return None
    if not text.isdigit() or not 1024 <= int(text) <= 65532:  # noqa: PLR2004 - the unprivileged ports
        raise BadConfiguration(f"COINLAKE_PORT is {text[:80]!r}; use a free port from 1024 to 65532")
    return int(text)


def _saved_port(folder: Path) -> int | None:
    try:
        return int(json.loads((folder / "ports.json").read_text())["port"])
    except (OSError, ValueError, KeyError):
        return None
