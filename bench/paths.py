"""Where the bench finds the project and keeps what it makes."""

from pathlib import Path
from typing import Final

from tools.venv import Venv

ROOT: Final = Path(__file__).resolve().parent.parent
FUNCTIONS: Final = ROOT / "functions"
LAYER: Final = ROOT / "layers" / "coinlake" / "python"
PACKAGES: Final = ROOT / "build" / "packages"
PYSPARK: Final = ROOT / "spark" / "pyspark.txt"
CACHE: Final = ROOT / "build" / "bench"
VENV: Final = Venv(
    CACHE / "venv", ROOT / "bench" / "requirements.txt", "what the bench needs beside coinlake"
)
