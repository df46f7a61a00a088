"""MiniStack's own virtual environment, so that its dependencies never meet coinlake's."""

import fcntl
import shutil
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from coinlake.errors import CoinlakeError
from ops.paths import BUILD

REQUIREMENTS: Final = Path(__file__).resolve().parent / "requirements.txt"


class InstallFailed(CoinlakeError):
    """pip could not install MiniStack."""


@dataclass(frozen=True, slots=True)
class Venv:
    """A folder for each interpreter and set of pins: another one never pulls it from under a process."""

    home: Path = BUILD / "ministack"

    @property
    def folder(self) -> Path:
        return self.home / f"venv-{_fingerprint()}"

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

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
        _run(sys.executable, "-m", "venv", str(self.folder))
        pip = [str(self.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run(*pip, "--require-hashes", "--only-binary", ":all:", "--requirement", str(REQUIREMENTS))
        self._mark.touch()

    @property
    def _mark(self) -> Path:
        return self.folder / "coinlake-installed"


def _fingerprint() -> str:
    return sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()[:12]


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise InstallFailed(
            f"could not install MiniStack: {words[-1][:300]}; is a Python package index reachable?"
        )
