"""Who may import whom: the contracts stand in pyproject.toml, and `make check` runs them."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_stage_is_under_the_contracts() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    stages = {file.parent.name for file in (ROOT / "functions").glob("*/__init__.py")}
    [layers] = [contract["layers"] for contract in settings["contracts"] if contract["type"] == "layers"]
    assert stages <= set(settings["root_packages"])
    assert stages | {"simulator"} == set(layers[-2].split(" | "))
    assert layers[-1] == "coinlake"
