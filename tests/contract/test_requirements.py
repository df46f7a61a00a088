"""What runs the functions' code elsewhere has all third-party code of their layer."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def packages(folder: str) -> set[str]:
    """What its requirements pin."""
    return set(re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / folder / "requirements.txt").read_text(), re.M))


@pytest.mark.parametrize("folder", ["spark", "tests/versions"])
def test_whoever_runs_the_functions_code_has_all_of_its_layer(folder):
    assert packages("layers/dependencies") <= packages(folder)
