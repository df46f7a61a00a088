"""What Terraform hands to Glue, as Glue installs it: wheels without an index, the code beside them."""

import platform
import subprocess
import sys
import zipfile

import pytest

from ops.paths import BUILD
from tools import build, wheels


@pytest.mark.skipif(
    (sys.version_info[:2], platform.machine()) != ((3, 11), "x86_64"),
    reason="Glue 5.1 has Python 3.11 on x86_64, and this machine has not",
)
def test_the_job_imports_with_its_wheels_alone(tmp_path):
    zipped = tmp_path / "wheels.zip"
    wheels.build(BUILD / "cache", zipped)
    with zipfile.ZipFile(zipped) as archive:
        archive.extractall(tmp_path)
    code = tmp_path / "spark.zip"
    build.write_spark_code(code)
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-index"]
    found = ["--find-links", str(tmp_path / "wheels"), "-r", str(tmp_path / "wheels" / "requirements.txt")]
    subprocess.run([*pip, *found], check=True)
    imports = (
        "import spark.trusted, spark.refined, spark.snappy, spark.report, pyarrow; print(pyarrow.__version__)"
    )
    done = subprocess.run(
        [python, "-c", imports],
        env={"PYTHONPATH": str(code), "POWERTOOLS_SERVICE_NAME": "spark"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert f"pyarrow=={done.stdout.strip()}" in wheels.pinned(wheels.REQUIREMENTS.read_text())


def test_a_laptops_zip_names_no_wheel(tmp_path):
    wheels.build(tmp_path, tmp_path / "wheels.zip", empty=True)
    with zipfile.ZipFile(tmp_path / "wheels.zip") as archive:
        assert archive.namelist() == ["wheels/requirements.txt"]
        assert archive.read("wheels/requirements.txt") == b""
