"""Check .github, and the compose file of orchestration/: ``python -m tools.workflows``.

The programs have an environment of their own, made once; then nothing is asked of a network.
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

from tools.venv import Venv

ROOT: Final = Path(__file__).resolve().parent.parent
GITHUB: Final = ROOT / ".github"


def venv() -> Venv:
    """zizmor, actionlint, check-jsonschema, and act, which runs a workflow."""
    requirements = ROOT / "tools" / "requirements" / "workflows.txt"
    return Venv(ROOT / "build" / "workflows", requirements, "what checks the workflows")


def main() -> None:
    programs = venv()
    programs.install()
    workflows = sorted(str(path) for path in (GITHUB / "workflows").glob("*.yml"))
    schema = ["check-jsonschema", "--quiet", "--builtin-schema"]
    checks = (
        ["zizmor", "--quiet", "--offline", "--persona", "pedantic", "--strict-collection", str(GITHUB)],
        ["actionlint", *workflows],
        [*schema, "vendor.github-workflows", *workflows],
        [*schema, "vendor.dependabot", str(GITHUB / "dependabot.yml")],
        [*schema, "vendor.compose-spec", str(ROOT / "orchestration" / "compose.yaml")],
    )
    failed = [
        name
        for name, *arguments in checks
        if subprocess.run([str(programs.bin / name), *arguments], cwd=ROOT, check=False).returncode
    ]
    if failed:
        sys.exit(f".github or orchestration/compose.yaml does not pass {', '.join(failed)}")


if __name__ == "__main__":
    main()
