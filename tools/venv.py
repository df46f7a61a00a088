"""A virtual environment of its own for a program whose dependencies must not meet coinlake's."""

import fcntl
import shutil
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from coinlake.errors import CoinlakeError


class InstallFailed(CoinlakeError):
    """pip could not install what an environment is made for."""


@dataclass(frozen=True, slots=True)
class Venv:
    """A folder for each interpreter and set of pins: another one never pulls it from under a process.

    ``sources`` pins what comes as source alone; it is built with what ``requirements`` brought.
    """

    home: Path
    requirements: Path
    title: str
    sources: Path | None = None

    @property
    def folder(self) -> Path:
        pins = b"".join(path.read_bytes() for path in (self.requirements, self.sources) if path)
        fingerprint = sha256(pins + sys.version.encode()).hexdigest()[:12]
        return self.home / f"venv-{fingerprint}"

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    @property
    def python(self) -> Path:
        return self.bin / "python"

    @property
    def installed(self) -> bool:
        return self._mark.is_file()

    def install(self) -> None:
        """Make it, from wheels whose hashes are pinned; of two at once the second finds it made."""
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "installing").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self.installed:
                self._make()

    def _make(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self._run(sys.executable, "-m", "venv", str(self.folder))
        pip = [str(self.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        pip += ["--require-hashes", "--no-deps"]  # the pins are whole: nothing is left to be resolved
        self._run(*pip, "--only-binary", ":all:", "--requirement", str(self.requirements))
        if self.sources:
            self._run(*pip, "--no-build-isolation", "--requirement", str(self.sources))
        self._mark.touch()

    @property
    def _mark(self) -> Path:
        return self.folder / "coinlake-installed"

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            words = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
            raise InstallFailed(
                f"could not install {self.title}: {words[-1][:300]}; is a Python package index reachable?"
            )
