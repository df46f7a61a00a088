"""What Terraform hands to Glue, as Glue installs it: wheels without an index, the code beside them."""

import platform
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name, parse_wheel_filename

from ops.paths import BUILD
from tools import build, wheels


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked zip of wheels, made as a deployment makes it."""
    folder = tmp_path_factory.mktemp("wheels")
    wheels.build(BUILD / "cache", folder / "wheels.zip")
    with zipfile.ZipFile(folder / "wheels.zip") as archive:
        archive.extractall(folder)
    return folder / "wheels"


def test_each_requirement_has_its_wheel_for_the_job_and_nothing_else_is_there(folder):
    found = {}
    for path in folder.glob("*.whl"):
        name, version, _, tags = parse_wheel_filename(path.name)
        found[name] = str(version)
        assert any(tag.interpreter in ("py3", "cp311") for tag in tags), path.name
        assert any(tag.platform == "any" or tag.platform.endswith("_x86_64") for tag in tags), path.name
    required = [line.split("==") for line in (folder / "requirements.txt").read_text().splitlines()]
    assert found == {canonicalize_name(name): version for name, version in required}
    assert {"pyarrow", "boto3", "awswrangler"} <= found.keys()
    assert not {"pyspark", "py4j", "setuptools"} & found.keys()


@pytest.mark.skipif(
    (sys.version_info[:2], platform.machine()) != ((3, 11), "x86_64"),
    reason="Glue 5.1 has Python 3.11 on x86_64, and this machine has not",
)
def test_the_job_imports_with_its_wheels_alone(folder, tmp_path):
    code, python = tmp_path / "spark.zip", str(tmp_path / "venv" / "bin" / "python")
    build.write_spark_code(code)
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-index"]
    subprocess.run([*pip, "--find-links", str(folder), "-r", str(folder / "requirements.txt")], check=True)
    done = subprocess.run(
        [python, "-c", "import spark.trusted, spark.refined, spark.snappy"],
        env={"PYTHONPATH": str(code), "POWERTOOLS_SERVICE_NAME": "spark"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_laptops_zip_names_no_wheel(tmp_path):
    wheels.build(tmp_path, tmp_path / "wheels.zip", empty=True)
    with zipfile.ZipFile(tmp_path / "wheels.zip") as archive:
        assert archive.namelist() == ["wheels/requirements.txt"]
        assert archive.read("wheels/requirements.txt") == b""
