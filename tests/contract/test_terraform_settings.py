"""Terraform and the functions agree: names of files, handlers, zips and environment variables."""

from importlib import import_module
from pathlib import Path
from typing import Any

import hcl2
import pytest

TERRAFORM = Path(__file__).parents[2] / "terraform"
STAGES = ("ingest", "transform", "refine", "notify", "reconcile", "audit", "load")
READ_BY_A_LIBRARY = {stage: {"ARROW_DEFAULT_MEMORY_POOL"} for stage in ("transform", "refine")}


class RecordingEnvironment(dict[str, str]):
    """An environment that has every variable and records which were read."""

    def get(self, name: str, default: str | None = None) -> str:  # type: ignore[override]
        self[name] = "1"
        return "1"


def unquoted(value: Any) -> Any:
    """python-hcl2 keeps the quotes of strings and names."""
    return value[1:-1] if isinstance(value, str) and value[:1] == value[-1:] == '"' else value


def function_in_terraform(stage: str) -> dict[str, Any]:
    document = hcl2.loads((TERRAFORM / f"{stage}.tf").read_text())
    blocks = {unquoted(name): block for entry in document["module"] for name, block in entry.items()}
    return {name: unquoted(value) for name, value in blocks[stage].items()}


@pytest.mark.parametrize("stage", STAGES)
def test_terraform_sets_exactly_what_settings_read(stage: str) -> None:
    read = RecordingEnvironment()
    import_module(f"{stage}.settings").Settings.from_env(read)
    ours = {unquoted(name) for name in function_in_terraform(stage)["environment"]}
    assert ours - READ_BY_A_LIBRARY.get(stage, set()) == set(read)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_has_one_name_in_terraform_and_in_its_folder(stage: str) -> None:
    """The module makes the names of function, handler and zip from ``stage``: stack.tftest.hcl."""
    function = function_in_terraform(stage)
    assert function["stage"] == stage
    assert function["stack"] == "${local.function_stack}"
    assert (TERRAFORM.parent / "functions" / stage / "handler.py").is_file()
