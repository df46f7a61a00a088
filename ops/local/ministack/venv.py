"""MiniStack's own virtual environment, so that its dependencies never meet coinlake's."""

from pathlib import Path
from typing import Final

from ops.paths import BUILD
from tools.venv import Venv

REQUIREMENTS: Final = Path(__file__).resolve().parent / "requirements.txt"


def ministack_venv() -> Venv:
    return Venv(BUILD / "ministack", REQUIREMENTS, "MiniStack")
