"""The notes of a release: ``python -m tools.release [v0.2.0]`` prints the version's section of CHANGELOG.md.

Without a tag, the notes of the version in pyproject.toml. Exit status 1, with a sentence, where the tag is
of another version, or the changelog has no section for it.
"""

import re
import sys
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
_SECTION: Final = re.compile(r"^## (?P<version>\S+) - (?P<date>\d{4}-\d{2}-\d{2})$", re.MULTILINE)


def version() -> str:
    """The version of the project, as in pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def sections(changelog: str) -> dict[str, str]:
    """The text below each dated version of a changelog, newest first."""
    _, *parts = _SECTION.split(changelog)
    return {name: text.strip() for name, text in zip(parts[::3], parts[2::3], strict=True)}


def main() -> None:
    current = version()
    tag = sys.argv[1] if len(sys.argv) > 1 else f"v{current}"
    if tag != f"v{current}":
        sys.exit(f"the tag is {tag}, and the version in pyproject.toml {current}; tag v{current}")
    notes = sections((ROOT / "CHANGELOG.md").read_text()).get(current)
    if not notes:
        sys.exit(f'CHANGELOG.md has no notes for {current}; name its section "## {current} - <date>"')
    print(notes)


if __name__ == "__main__":
    main()
