"""Build every zip that Terraform deploys: ``python -m tools.build --help``."""

import argparse
import platform
import sys
import time
from pathlib import Path
from typing import Final

from tools import dependencies, wheels
from tools.zips import write_entries, write_zip

ROOT: Final = Path(__file__).resolve().parent.parent
BUILD: Final = ROOT / "build"
FUNCTIONS: Final = ("ingest", "transform", "refine", "notify", "reconcile", "audit", "load")
# Each a zip that Terraform deploys; the last two only where enable_spark is set.
PACKAGES: Final = (*FUNCTIONS, "coinlake-layer", "dependencies-layer", "spark", wheels.NAME)
SPARK_CODE: Final = ("functions/transform", "functions/refine", "layers/coinlake/python/coinlake", "spark")
HERE: Final = f"python{sys.version_info.major}.{sys.version_info.minor}"
SHIPPED: Final = {".py", ".json", ".pem"}


def build(
    runtime: str, architecture: str, out: Path, *, laptop: bool = False, with_wheels: bool = False
) -> None:
    """Write the functions' zips, both layers and the Spark job's code to ``out``, the same bytes for the same
    sources.

    For Lambda, or for the embedded AWS of this machine, whose system may be another (``laptop``). The Spark
    job's ``wheels`` are 98 MB: a laptop's Spark has an environment of its own.
    """
    target = dependencies.Target.parse(runtime, architecture, laptop=laptop)
    for stage in FUNCTIONS:
        folder = ROOT / "functions" / stage
        requirements = folder / "requirements.txt"
        packages = (
            dependencies.packages(target, BUILD / "cache", requirements) if requirements.exists() else None
        )
        write_zip(out / f"{stage}.zip", folder.parent, _sources(folder), packages)
    shared = ROOT / "layers" / "coinlake"
    write_zip(out / "coinlake-layer.zip", shared, _sources(shared / "python"))
    dependencies.build(target, BUILD / "cache", out / "dependencies-layer.zip")
    write_spark_code(out / "spark.zip")
    if with_wheels or laptop:
        wheels.build(BUILD / "cache", out / f"{wheels.NAME}.zip", empty=laptop)


def write_spark_code(zip_path: Path) -> None:
    """The packages that the Spark job imports."""
    write_entries(
        zip_path,
        {
            path.relative_to(package.parent).as_posix(): path
            for package in map(ROOT.joinpath, SPARK_CODE)
            for path in _sources(package)
        },
    )


def _sources(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.suffix in SHIPPED and "__pycache__" not in path.parts]


def this_architecture() -> str:
    """This machine's architecture as Lambda names it."""
    return "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runtime", default=HERE, help="Lambda runtime, for example python3.13")
    parser.add_argument("--architecture", default=this_architecture(), choices=("x86_64", "arm64"))
    parser.add_argument(
        "--out", type=Path, help="folder for the zips (default build/packages/RUNTIME-ARCHITECTURE)"
    )
    parser.add_argument("--with-wheels", action="store_true", help="also those of the Spark job, 98 MB")
    chosen = parser.parse_args()
    out = chosen.out or BUILD / "packages" / f"{chosen.runtime}-{chosen.architecture}"
    started = time.monotonic()
    build(chosen.runtime, chosen.architecture, out, with_wheels=chosen.with_wheels)
    for path in sorted(out.glob("*.zip")):
        print(f"  {path.stat().st_size / 2**20:8.2f} MiB  {path.name}")
    shown = out.relative_to(ROOT) if out.is_relative_to(ROOT) else out
    print(f"built {shown} in {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
