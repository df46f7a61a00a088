"""Resolve every requirements file anew: ``make pins``. Needs uv, which it installs beside the dev tools.

The pins hold for every supported Python (3.11 and newer) and platform, with hashes, and name
no index: any registry that serves the same bytes will do.
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
OPTIONS: Final = ("--universal", "--python-version=3.11", "--generate-hashes", "--no-header", "--no-annotate")

# Lambda's runtime brings boto3 with what it needs; setuptools and tzdata are for other Pythons and systems.
IN_RUNTIME: Final = ("boto3", "botocore", "s3transfer", "jmespath", "setuptools", "tzdata")
ORCHESTRATION: Final = ROOT / "orchestration" / "requirements"
REQUIREMENTS: Final = {
    ROOT / "layers" / "dependencies" / "requirements.in": IN_RUNTIME,
    ROOT / "tools" / "requirements" / "dev.in": (),
    ROOT / "tools" / "requirements" / "policies.in": (),
    ROOT / "tools" / "requirements" / "workflows.in": (),
    ROOT / "ops" / "local" / "ministack" / "requirements.in": (),
    ROOT / "bench" / "requirements.in": (),
    ROOT / "tests" / "checkov" / "requirements.in": (),
    ORCHESTRATION / "airflow-3.in": (),
    ORCHESTRATION / "airflow-3.0.in": (),
    ROOT / "tests" / "snowflake" / "requirements.in": (),
    ROOT / "functions" / "load" / "requirements.in": ("typing-extensions",),  # the layer's
    ROOT / "functions" / "stream" / "requirements.in": ("setuptools", "tzdata"),
    ROOT / "spark" / "requirements.in": ("tzdata",),
    ROOT / "tests" / "versions" / "requirements.in": ("tzdata",),
    ROOT / "spark" / "pyspark.in": ("py4j",),  # of requirements.in
}
# Options of one file: an Airflow of last year wants last year's libraries.
MORE_OPTIONS: Final = {
    ORCHESTRATION / "airflow-3.0.in": ("--exclude-newer=2025-09-15",),
}


def main() -> None:
    subprocess.run([sys.executable, "-m", "pip", "install", "-qq", "uv"], check=True)
    for source, left_out in REQUIREMENTS.items():
        target = source.with_suffix(".txt")
        skipped = [f"--no-emit-package={package}" for package in left_out]
        options = (*OPTIONS, *skipped, *MORE_OPTIONS.get(source, ()))
        command = [sys.executable, "-m", "uv", "pip", "compile", "-q", *options]
        subprocess.run([*command, source.name, "-o", target.name], check=True, cwd=source.parent)
        print(f"resolved {target.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
