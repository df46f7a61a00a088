"""Third-party packages, of the layer and of functions: pinned wheels, trimmed, compiled, under size gates."""

import contextlib
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from tools.zips import write_zip

ROOT: Final = Path(__file__).resolve().parent.parent
REQUIREMENTS: Final = ROOT / "layers" / "dependencies" / "requirements.txt"
GATE_MIB: Final = 200  # of the layer
PACKAGES_GATE_MIB: Final = 20  # of a function's own: both, and the code, unzip to 250 MiB at most on Lambda
IN_LAYER: Final = "/opt/python"
IN_FUNCTION: Final = "/var/task"

# Amazon Linux 2023 has glibc 2.34: wheels up to manylinux_2_34 run there.
GLIBC: Final = ("2_34", "2_28", "2_27", "2_24", "2_17")
MACHINES: Final = {"x86_64": "x86_64", "arm64": "aarch64"}

# Nothing that a function imports, directly or through awswrangler, reaches these.
# libarrow_substrait, _dataset and _acero stay: libarrow_python links them.
TRIMMED: Final = re.compile(
    r"(^|/)(tests|include|bin|__pycache__)/"
    r"|\.(pyi|pyx|pxd|pxi|pyc|h|hpp|c|cc|cpp|lib|cmake|a)$"
    r"|^numpy/(f2py|distutils|_pyinstaller)/|^aws_lambda_powertools/event_handler/"
    r"|^pyarrow/src/"
    r"|^pyarrow/(lib)?(arrow_)?(python_)?_?(flight|orc|gandiva|azurefs|gcsfs|hdfs|s3fs)[._]"
    r"|^pyarrow/libarrow_(python_)?flight"
    r"|^pyarrow/lib\w+\.so(\.\d+\.\d+\.\d+)?$"  # doubles of the lib*.so.N that is linked
    r"|\.dist-info/(?!METADATA$)"
)

# Packages that go as .pyc alone: their tracebacks keep file and line, and 11 MiB are saved.
SOURCELESS: Final = ("pandas",)


class TooLarge(Exception):
    """The trimmed packages are over their gate."""


@dataclass(frozen=True, slots=True)
class Target:
    """What the layer is for: ``python`` as in "3.13", ``architecture`` as Lambda names it.

    ``laptop`` is for this machine whatever its system; else it is for Lambda, which is Linux with glibc.
    """

    python: str
    architecture: str
    laptop: bool = False

    @classmethod
    def parse(cls, runtime: str, architecture: str, *, laptop: bool = False) -> Self:
        return cls(runtime.removeprefix("python"), architecture, laptop)

    @property
    def is_this_machine(self) -> bool:
        here = f"{sys.version_info.major}.{sys.version_info.minor}"
        machines = (self.architecture, MACHINES.get(self.architecture))  # macOS says arm64, Linux aarch64
        return self.python == here and os.uname().machine in machines and (self.laptop or like_lambda())

    @property
    def name(self) -> str:
        """What differs by target: on a system like Lambda's a laptop's packages are Lambda's."""
        return f"{self.python}-{self.architecture}{'-laptop' if self.laptop and not like_lambda() else ''}"

    def pip_arguments(self) -> list[str]:
        """Choose wheels for the target; on the target itself pip needs no telling."""
        if self.is_this_machine:
            return []
        machine = MACHINES[self.architecture]
        platforms = [f"--platform=manylinux_{glibc}_{machine}" for glibc in GLIBC]
        platforms.append(f"--platform=manylinux2014_{machine}")
        return [*platforms, f"--python-version={self.python}", "--implementation=cp"]


def like_lambda() -> bool:
    """Whether wheels of this machine can run on Lambda: not those of macOS, nor of musl."""
    return sys.platform == "linux" and platform.libc_ver()[0] == "glibc"


def build(target: Target, cache: Path, zip_path: Path) -> None:
    """Write the layer for ``target`` to ``zip_path``, from the cache when nothing changed."""
    cached = cache / f"{_cache_name(target, REQUIREMENTS)}.zip"
    if not cached.exists():
        cache.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=cache))  # of our own: another build may run beside us
        python = work / "python"
        _make(target, REQUIREMENTS, python, IN_LAYER)
        _check_size(python, "dependencies layer", GATE_MIB)
        write_zip(work / cached.name, work, [path for path in python.rglob("*") if path.is_file()])
        (work / cached.name).replace(cached)
        shutil.rmtree(work)
    zip_path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(cached, zip_path)


def packages(target: Target, cache: Path, requirements: Path) -> Path:
    """A folder with what a function's own ``requirements`` name, from the cache when nothing changed."""
    cached = cache / f"{requirements.parent.name}-{_cache_name(target, requirements)}"
    if not cached.exists():
        cache.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=cache))
        _make(target, requirements, work / "packages", IN_FUNCTION)
        _check_size(work / "packages", f"{requirements.parent.name}'s own packages", PACKAGES_GATE_MIB)
        with contextlib.suppress(FileExistsError, OSError):  # another build was first, with the same bytes
            (work / "packages").rename(cached)
        shutil.rmtree(work)
    return cached


def _make(target: Target, requirements: Path, folder: Path, runs_in: str) -> None:
    _install(target, requirements, folder)
    trim(folder)
    _strip(target, folder)
    _compile(target, folder, runs_in)


def _cache_name(target: Target, requirements: Path) -> str:
    """With a fingerprint of all that the bytes depend on: the pins, these rules, which tools are at hand."""
    tools = f"{bool(_stripper(target))} {bool(_compiler(target))}".encode()
    rules = hashlib.sha256(requirements.read_bytes() + Path(__file__).read_bytes() + tools)
    return f"{target.name}-{rules.hexdigest()[:16]}"


def _install(target: Target, requirements: Path, folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--require-hashes"]
    command += ["--root-user-action=ignore", "--disable-pip-version-check"]
    command += ["--only-binary=:all:", "--no-compile", "--target", str(folder), "-r", str(requirements)]
    subprocess.run([*command, *target.pip_arguments()], check=True)


def trim(python: Path) -> None:
    """Delete what no function can reach."""
    for path in [path for path in python.rglob("*") if path.is_file()]:
        if TRIMMED.search(path.relative_to(python).as_posix()):
            path.unlink()
    for folder in sorted((path for path in python.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def libraries(python: Path) -> Iterator[Path]:
    """Every shared library of the layer."""
    return (path for path in python.rglob("*") if path.is_file() and re.search(r"\.so(\.\d+)*$", path.name))


def _strip(target: Target, python: Path) -> None:
    """Drop symbols where a tool for the architecture exists; auditwheel's *.libs break, so never there."""
    tool = _stripper(target)
    for library in libraries(python) if tool else ():
        if not library.parent.name.endswith(".libs"):
            subprocess.run([str(tool), "--strip-unneeded", str(library)], check=True)


def _stripper(target: Target) -> str | None:
    native = sys.platform == "linux" and MACHINES[target.architecture] == os.uname().machine
    return (shutil.which("strip") if native else None) or shutil.which("llvm-strip")


def _compile(target: Target, python: Path, runs_in: str) -> None:
    """Ship .pyc files where the target's Python is at hand; without them imports take four times as long."""
    interpreter = _compiler(target)
    if not interpreter:
        print(f"  python{target.python} is not on the PATH: no .pyc files, so slower cold starts")
        return
    options = ["--invalidation-mode", "unchecked-hash", "-s", str(python), "-p", runs_in]
    command = [interpreter, "-m", "compileall", "-q", "-j", "0", *options]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    for package in (package for package in SOURCELESS if (python / package).exists()):
        subprocess.run([*command, "-b", str(python / package)], check=True, env=environment)
        for source in (python / package).rglob("*.py"):
            source.unlink()
    subprocess.run([*command, str(python)], check=True, env=environment)


def _compiler(target: Target) -> str | None:
    """An interpreter of the target's version that runs; a version manager's shim may not."""
    if target.is_this_machine:
        return sys.executable
    python = shutil.which(f"python{target.python}")
    if not python or subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode:
        return None
    return python


def _check_size(folder: Path, what: str, gate_mib: float) -> None:
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20
    print(f"  {what}: {size:.0f} MiB unzipped")
    if size > gate_mib:
        raise TooLarge(f"{what}: {size:.0f} MiB unzipped; the gate is {gate_mib} MiB")
