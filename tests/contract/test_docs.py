"""The docs say what is: the dictionary is tables.json, commands exist, links lead somewhere."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from ops.cli import app
from tools import dictionary

ROOT = Path(__file__).resolve().parents[2]
PATTERNS = (
    "*.md",
    "docs/**/*.md",
    "functions/*/README.md",
    "orchestration/README.md",
    "simulator/README.md",
    "layers/*/README.md",
)
PAGES = sorted(page for pattern in PATTERNS for page in ROOT.glob(pattern))
STAGES = {folder.parent.name for folder in ROOT.glob("functions/*/__init__.py")}
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


def test_the_data_dictionary_is_what_tables_json_says():
    assert dictionary.PAGE.read_text() == dictionary.page()


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_within_the_project_leads_somewhere(page: Path):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_coinlake_command_that_a_page_names_exists(page: Path):
    known = set(get_command(app).commands)  # type: ignore[attr-defined] # typer's app is a click group
    named = set(re.findall(r"(?:^|`|bin/)coinlake ([a-z]+)", page.read_text(), re.MULTILINE))
    assert named <= known


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_make_target_that_a_page_names_exists(page: Path):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(), re.MULTILINE)) <= targets


def test_stages_share_words_and_never_each_other():
    for stage in STAGES:
        for file in (ROOT / "functions" / stage).rglob("*.py"):
            imported = set(re.findall(r"^\s*(?:from|import) (\w+)", file.read_text(), re.MULTILINE))
            assert not imported & (STAGES - {stage}), file


def test_the_layer_never_imports_upward():
    for file in (ROOT / "layers").rglob("*.py"):
        imported = set(re.findall(r"^\s*(?:from|import) (\w+)", file.read_text(), re.MULTILINE))
        assert not imported & (STAGES | {"ops", "simulator", "tools"}), file
