"""A release has a version, and a version its notes."""

import subprocess
import sys

import pytest

from tools import release


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.release", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=release.ROOT)


def test_the_version_has_notes_that_say_how_to_upgrade() -> None:
    notes = run()
    assert notes.returncode == 0, notes.stderr
    assert notes.stdout.startswith("Upgrading: ")
    assert "## " not in notes.stdout.replace("### ", "")


def test_a_tag_of_another_version_is_refused_in_a_sentence() -> None:
    refused = run("v999.0.0")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("the tag is v999.0.0, and the version in pyproject.toml ")


@pytest.mark.parametrize(
    ("changelog", "expected"),
    [
        ("# Changelog\n\n## Unreleased\n\nsoon\n", {}),
        (
            "# Changelog\n\n## 0.2.0 - 2026-11-29\n\n### Added\n\n- b\n\n## 0.1.0 - 2026-01-01\n\n- a\n",
            {"0.2.0": "### Added\n\n- b", "0.1.0": "- a"},
        ),
    ],
)
def test_the_notes_of_a_version_are_its_section_alone(changelog: str, expected: dict[str, str]) -> None:
    assert release.sections(changelog) == expected
