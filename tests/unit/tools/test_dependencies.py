from pathlib import Path

import pytest

from tools import dependencies
from tools.build import HERE, this_architecture
from tools.dependencies import Target, TooLarge
from tools.pins import REQUIREMENTS


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("pyarrow/libarrow.so.2500", True),
        ("pyarrow/libarrow_dataset.so.2500", True),
        ("pyarrow/libarrow_substrait.so.2500", True),
        ("pyarrow/lib.cpython-313-aarch64-linux-gnu.so", True),
        ("pyarrow/_parquet.cpython-313-aarch64-linux-gnu.so", True),
        ("pyarrow/vendored/docscrape.py", True),
        ("numpy.libs/libscipy_openblas64_-32a4b2a6.so", True),
        ("requests-2.34.2.dist-info/METADATA", True),
        ("requests-2.34.2.dist-info/RECORD", False),
        ("pyarrow/libarrow_flight.so.2500", False),
        ("pyarrow/_flight.cpython-313-aarch64-linux-gnu.so", False),
        ("pyarrow/libarrow_python.so", False),
        ("pyarrow/libarrow_python.so.2500.1.0", False),
        ("pyarrow/include/arrow/api.h", False),
        ("pandas/tests/io/test_parquet.py", False),
        ("bin/f2py", False),
    ],
)
def test_trimming_keeps_what_functions_reach(tmp_path: Path, name: str, kept: bool):
    file = tmp_path / name
    file.parent.mkdir(parents=True)
    file.touch()
    dependencies.trim(tmp_path)
    assert file.exists() is kept


def test_packages_over_their_gate_are_refused(tmp_path: Path):
    (tmp_path / "big.so").write_bytes(bytes(2**20))
    with pytest.raises(TooLarge, match=r"the layer: 1 MiB unzipped; the gate is 0\.5 MiB"):
        dependencies._check_size(tmp_path, "the layer", 0.5)


def test_a_function_with_its_layers_stays_below_lambdas_250_mib_unzipped():
    code_mib = 2
    assert dependencies.GATE_MIB + dependencies.PACKAGES_GATE_MIB + code_mib < 250


def test_wheels_for_another_machine_are_asked_for_by_name():
    asked = Target.parse("python3.99", "arm64").pip_arguments()
    assert {"--python-version=3.99", "--platform=manylinux_2_28_aarch64"} <= set(asked)


@pytest.mark.parametrize(
    ("system", "libc", "laptop", "native"),
    [
        ("linux", "glibc", False, True),
        ("linux", "", False, False),  # musl
        ("darwin", "", False, False),
        ("darwin", "", True, True),
    ],
)
def test_only_wheels_of_linux_with_glibc_go_to_lambda_and_any_machines_own_to_its_laptop(
    monkeypatch: pytest.MonkeyPatch, system: str, libc: str, laptop: bool, native: bool
):
    monkeypatch.setattr(dependencies.sys, "platform", system)
    monkeypatch.setattr(dependencies.platform, "libc_ver", lambda: (libc, ""))
    target = Target.parse(HERE, this_architecture(), laptop=laptop)
    asked = target.pip_arguments()
    assert (not asked) is native
    assert native or all("manylinux" in argument for argument in asked if "--platform" in argument)
    assert target.name.endswith("-laptop") is (laptop and system != "linux")


def test_every_pin_carries_a_hash_and_none_names_a_registry():
    for source in REQUIREMENTS:
        text = source.with_suffix(".txt").read_text()
        assert "://" not in text
        assert "-url" not in text
    pins = dependencies.REQUIREMENTS.read_text()
    names = [line for line in pins.splitlines() if line and not line.startswith(" ")]
    assert len(names) > 10
    assert all(line.endswith("\\") and "==" in line for line in names)
