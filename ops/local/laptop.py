"""Where the embedded AWS lives on this machine: folders, ports, addresses."""

import fcntl
import json
import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from coinlake.errors import BadConfiguration, CoinlakeError
from ops.paths import BUILD

PORT: Final = 5180
LOOPBACK: Final = "127.0.0.1"
PROBE_SECONDS: Final = 2
MIN_PORT: Final = 1024  # the first unprivileged one
MAX_PORT: Final = 65532  # three neighbours follow
# What coinlake makes in the folder, as patterns.
MADE: Final = (
    ".coinlake",
    "airflow",
    "aws",
    "aws.env",
    "forgot",
    "lake",
    "lock",
    "logs",
    "machine.tfvars.json",
    "*.pid",
    "outputs.json",
    "ports.json",
    "postgres",
    "simulator.code",
    "source_keys.json",
    "spool",
    "terraform",
    "tls",
    "tmp",
)


class Busy(CoinlakeError):
    """Another command is at work on the same folder."""


class PortTaken(CoinlakeError):
    """Something else listens on a port that is needed."""


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

    def claim(self) -> None:
        """Make the folder; ``BadConfiguration`` for one that holds other files."""
        foreign = self.folder.exists() and not self.is_ours
        if foreign and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise BadConfiguration(
                f"COINLAKE_LOCAL is {self.folder}, which holds other files; name an empty folder or a new one"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        self._mark.write_text("coinlake made this folder; `coinlake down --wipe` deletes what it made here\n")

    @property
    def is_ours(self) -> bool:
        """Whether the folder is one that coinlake made; earlier versions left the ports alone."""
        return self._mark.is_file() or _saved_port(self.folder) is not None

    def wipe(self) -> list[Path]:
        """Delete what coinlake made in the folder, and the folder unless something else is in it.

        Returns what was deleted: the folder, or what of it.
        """
        if not self.is_ours:
            return []
        deleted = [path for name in MADE for path in sorted(self.folder.glob(name))]
        for path in deleted:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        if any(self.folder.iterdir()):
            return deleted
        self.folder.rmdir()
        return [self.folder]

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Only one command at a time starts or stops what runs here; ``Busy`` for the second."""
        with (self.folder / "lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Busy(
                    f"another coinlake command is starting or stopping what runs in {self.folder}; "
                    "wait until it has ended"
                ) from None
            yield

    def require_free(self, port: int) -> None:
        """``PortTaken`` where something that is not ours listens."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                raise PortTaken(
                    f"port {port} of this machine is taken; set COINLAKE_PORT to the first of four free "
                    f"neighbours, for example COINLAKE_PORT={self._other_port()}"
                ) from None

    def _other_port(self) -> int:
        """A port a hundred further, or that of the default where there is none."""
        return self.port + 100 if self.port + 100 <= MAX_PORT else PORT

    def save_port(self) -> None:
        """Remember the port, for commands that are not told it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._ports.write_text(json.dumps({"port": self.port}))

    @property
    def endpoint(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def answers(self) -> bool:
        """Whether anything listens where the embedded AWS does."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=PROBE_SECONDS):
                return True
        except OSError:
            return False

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
    def _mark(self) -> Path:
        return self.folder / ".coinlake"

    @property
    def _ports(self) -> Path:
        return self.folder / "ports.json"


def _port(text: str | None) -> int | None:
    if not text:
        return None
    if not text.isdigit() or not MIN_PORT <= int(text) <= MAX_PORT:
        raise BadConfiguration(
            f"COINLAKE_PORT is {text[:80]!r}; use a free port from {MIN_PORT} to {MAX_PORT}"
        )
    return int(text)


def _saved_port(folder: Path) -> int | None:
    try:
        return int(json.loads((folder / "ports.json").read_text())["port"])
    except (OSError, ValueError, KeyError):
        return None
