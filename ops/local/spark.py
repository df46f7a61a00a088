"""Spark on this machine: PySpark in a virtual environment of its own, and the Java that it runs on."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from coinlake.errors import CoinlakeError
from ops.paths import BUILD, ROOT
from ops.progress import step
from tools.venv import Venv

FOLDER: Final = ROOT / "spark"
JAVA: Final = range(17, 22)  # what Spark 3.5 runs on and is tested with: 17, and the next version that lasts
_VERSION: Final = re.compile(r'version "(\d+)')


class NoJava(CoinlakeError):
    """Spark needs a Java that is not here."""


def spark_venv() -> Venv:
    return Venv(BUILD / "spark", FOLDER / "requirements.txt", "PySpark", FOLDER / "pyspark.txt")


def require_java(java: str | None = None) -> Path:
    """The ``java`` on the PATH; ``NoJava`` says how to get one that Spark can use."""
    found = java or shutil.which("java")
    done = subprocess.run([found, "-version"], capture_output=True, text=True, check=False) if found else None
    version = _VERSION.search(done.stderr) if done and not done.returncode else None
    if not found or not version or int(version[1]) not in JAVA:
        seen = (
            f"Java {version[1]} at {found} is not it" if found and version else "there is no java on the PATH"
        )
        raise NoJava(
            f"Spark needs Java 17, and {seen}; install it (Debian: apt install openjdk-17-jre-headless, "
            "macOS: brew install openjdk@17) and put its bin folder first on the PATH"
        )
    return Path(found)


def install() -> Path:
    """Spark's interpreter, made where it is not there yet. Raises ``NoJava``, ``InstallFailed``."""
    require_java()
    venv = spark_venv()
    if not venv.installed:
        with step("PySpark: virtual environment"):
            venv.install()
    return venv.python


def main() -> str | None:
    """What went wrong in a sentence, or None."""
    try:
        install()
    except CoinlakeError as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main())
