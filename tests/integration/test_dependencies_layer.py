"""The trimmed layer, used as Lambda would: only its own folder and the runtime's boto3."""

import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from tools import dependencies
from tools.build import BUILD, HERE, ROOT, this_architecture
from tools.dependencies import Target

# What Amazon Linux 2023's base image provides (glibc and the C++ runtime's own dependencies).
IN_AMAZON_LINUX = re.compile(r"^(lib(c|m|dl|rt|pthread|util|gcc_s|stdc\+\+|z)\.so|ld-linux)")
ELF_MACHINES = {"x86_64": "EM_X86_64", "arm64": "EM_AARCH64"}

WRITE_PARQUET = """
import io, json, sys, traceback
import awswrangler, pandas, pyarrow as pa, pyarrow.parquet as pq, requests
from aws_lambda_powertools import Logger, Metrics
for module in (awswrangler, pandas, pa, requests):
    assert module.__file__.startswith(sys.argv[1]), module.__file__
sink = io.BytesIO()
pq.write_table(pa.table({"price": pa.array(["1.5"]).cast(pa.decimal128(38, 18))}), sink, compression="zstd")
print(pq.read_table(io.BytesIO(sink.getvalue())).to_pandas().to_json())
try:
    pandas.DataFrame({"a": [1]})["b"]
except KeyError:
    assert "pandas/core/frame.py" in traceback.format_exc()
"""

ARCHIVE = "layer.zip"
LOAD_REQUIREMENTS = ROOT / "functions" / "load" / "requirements.txt"
REFUSED_BY_POSTGRES = """
from adbc_driver_postgresql import dbapi
try:
    dbapi.connect("postgresql://u@127.0.0.1:1/d")
except dbapi.OperationalError as error:
    print(error)
"""


def layer(tmp: Path, runtime: str, architecture: str) -> Path:
    """A layer, unpacked; its archive lies in ``tmp``."""
    archive = tmp / ARCHIVE
    dependencies.build(Target.parse(runtime, architecture), BUILD / "cache", archive)
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(tmp / "opt")
    return tmp / "opt" / "python"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this machine's layer, built once."""
    folder = tmp_path_factory.mktemp("here")
    layer(folder, HERE, this_architecture())
    return folder


def test_the_layer_of_this_machine_writes_zstd_parquet_and_readable_tracebacks(tmp_path: Path, here: Path):
    python = here / "opt" / "python"
    runtime = tmp_path / "runtime"  # stands for /var/runtime: boto3 and what it brings
    runtime.mkdir()
    for package in ("boto3", "botocore", "s3transfer", "jmespath"):
        (runtime / package).symlink_to(Path(sysconfig.get_path("purelib"), package))
    ran = subprocess.run(
        [sys.executable, "-S", "-c", WRITE_PARQUET, str(python)],
        env={**os.environ, "PYTHONPATH": f"{python}:{runtime}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == '{"price":{"0":"1.500000000000000000"}}\n'


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_every_library_of_the_aws_layer_is_of_its_architecture_and_finds_what_it_needs(
    tmp_path: Path, architecture: str
):
    python = layer(tmp_path, "python3.13", architecture)
    libraries = list(dependencies.libraries(python))
    present = {library.name for library in libraries}
    assert len(libraries) > 50
    for library in libraries:
        machine, needed = read_elf(library)
        assert machine == ELF_MACHINES[architecture], library
        assert not {name for name in needed - present if not IN_AMAZON_LINUX.match(name)}, library


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_loads_own_packages_are_of_the_architecture_and_find_what_they_need(architecture: str):
    target = Target.parse("python3.13", architecture)
    folder = dependencies.packages(target, BUILD / "cache", LOAD_REQUIREMENTS)
    libraries = list(dependencies.libraries(folder))
    assert {library.parent.name for library in libraries} == {"adbc_driver_manager", "adbc_driver_postgresql"}
    for library in libraries:
        machine, needed = read_elf(library)
        assert machine == ELF_MACHINES[architecture], library
        assert not {name for name in needed if not IN_AMAZON_LINUX.match(name)}, library


def test_loads_own_packages_work_over_the_layer(here: Path):
    python = here / "opt" / "python"
    target = Target.parse(HERE, this_architecture())
    folder = dependencies.packages(target, BUILD / "cache", LOAD_REQUIREMENTS)
    ran = subprocess.run(
        [sys.executable, "-S", "-c", REFUSED_BY_POSTGRES],
        env={**os.environ, "PYTHONPATH": f"{folder}:{python}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "Connection refused" in ran.stdout


def read_elf(library: Path) -> tuple[str, set[str]]:
    with library.open("rb") as file:
        elf = ELFFile(file)
        dynamic = elf.get_section_by_name(".dynamic")
        needed = {tag.needed for tag in dynamic.iter_tags() if tag.entry.d_tag == "DT_NEEDED"}
        return elf["e_machine"], needed


def test_a_build_from_nothing_has_the_bytes_of_the_cached_one(tmp_path: Path, here: Path):
    target = Target.parse(HERE, this_architecture())
    dependencies.build(target, tmp_path / "cache", tmp_path / ARCHIVE)
    assert (tmp_path / ARCHIVE).read_bytes() == (here / ARCHIVE).read_bytes()
