"""The third-party packages of the Spark job as Glue takes them: a zip of wheels and what to install of them.

Always for Glue 5.1: Python 3.11 on x86_64. Source: AWS Glue Developer Guide, "Using Python libraries with AWS
Glue", the section about a zip of wheels.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tools.dependencies import GLIBC
from tools.zips import write_entries

NAME: Final = "spark-wheels.gluewheels"
REQUIREMENTS: Final = Path(__file__).resolve().parent.parent / "spark" / "requirements.txt"
PYTHON: Final = "3.11"
_LAPTOP_ONLY: Final = ("py4j", "setuptools")  # Glue brings PySpark


def build(cache: Path, zip_path: Path, *, empty: bool = False) -> None:
    """Write the zip; an ``empty`` one names no wheel, for a Spark that has its packages."""
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        work = Path(folder)
        names = [] if empty else list(pinned(REQUIREMENTS.read_text()))
        if names:
            _download(work)
        requirements = work / "requirements.txt"
        requirements.write_text("".join(f"{name}\n" for name in names))
        files = [requirements, *(path for path in work.glob("*.whl") if not _is_laptops(path.name))]
        write_entries(zip_path, {f"wheels/{path.name}": path for path in files})


def pinned(text: str) -> list[str]:
    """``name==version`` of each package that Glue needs."""
    pins = re.findall(r"^([A-Za-z0-9._-]+==[^ ;\\]+)", text, re.MULTILINE)
    return [pin for pin in pins if pin.split("==")[0] not in _LAPTOP_ONLY]


def _is_laptops(wheel: str) -> bool:
    return wheel.split("-", maxsplit=1)[0].lower() in _LAPTOP_ONLY


def _download(folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "-qq", "--no-deps", "--require-hashes"]
    command += [
        "--disable-pip-version-check",
        "--only-binary=:all:",
        "-d",
        str(folder),
        "-r",
        str(REQUIREMENTS),
    ]
    machine = [f"--platform=manylinux_{glibc}_x86_64" for glibc in GLIBC] + [
        "--platform=manylinux2014_x86_64"
    ]
    subprocess.run([*command, *machine, f"--python-version={PYTHON}", "--implementation=cp"], check=True)
