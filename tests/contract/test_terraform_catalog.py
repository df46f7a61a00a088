"""Terraform's tables are Python's: the same names, places, columns, types and partitions."""

import json
import shutil
import subprocess
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import hcl2
import pyarrow as pa
import pytest

from coinlake.tables import catalog, declarations
from ops.query.questions import FOLDER, questions
from tools.terraform import TerraformMissing, terraform_executable

ROOT = Path(__file__).parents[2]
DECLARATIONS = Path("layers", "coinlake", "python", "coinlake")
GLUE = {
    pa.string(): "string",
    pa.bool_(): "boolean",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.float64(): "double",
    pa.timestamp("us", tz="UTC"): "timestamp",
    pa.decimal128(38, 18): "decimal(38,18)",
    pa.decimal128(18, 8): "decimal(18,8)",
    pa.decimal128(28, 8): "decimal(28,8)",
}


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The part of the stack that computes the tables, which needs no provider."""
    root = tmp_path_factory.mktemp("tables")
    names = ("tables.tf", "sources.tf", "variables_query.tf", "variables_sources.tf", "variables_stream.tf")
    declarations = (DECLARATIONS / name for name in ("tables.json", "sources.json"))
    for file in (*declarations, *(Path("terraform", name) for name in names)):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, root / file)
    shutil.copytree(FOLDER, root / "terraform" / "queries")
    return root / "terraform"


def evaluate(folder: Path, expression: str, *variables: str) -> Any:
    """What Terraform computes for the expression."""
    try:
        command = [terraform_executable(), f"-chdir={folder}", "console", *variables]
    except TerraformMissing as missing:
        pytest.skip(str(missing))
    line = f"jsonencode({expression})"
    done = subprocess.run(command, input=line, capture_output=True, text=True, check=True)
    return json.loads(json.loads(done.stdout))


@cache
def renamed() -> dict[str, str]:
    blocks = hcl2.loads((ROOT / "terraform" / "catalog.tf").read_text())["locals"]
    types = next(block["glue_types"] for block in blocks if "glue_types" in block)
    return {name: value.strip('"') for name, value in types.items() if not name.startswith("__")}


def test_both_know_the_same_tables_at_the_same_places_with_the_same_columns(computed: Path) -> None:
    tables = evaluate(computed, "local.tables")
    assert tables.keys() == catalog().keys()
    for name, table in tables.items():
        known = catalog()[name]
        columns = {
            column["name"]: renamed().get(column["type"], column["type"]) for column in table["columns"]
        }
        assert f"{table['location']}/" == known.location
        assert columns == {field.name: GLUE[field.type] for field in known.schema}
        assert [partition["name"] for partition in table["partitions"]] == list(known.partitions)


def test_every_partition_is_projected(computed: Path) -> None:
    for name, settings in evaluate(computed, "local.projections").items():
        types = {f"projection.{partition}.type" for partition in catalog()[name].partitions}
        assert types == {setting for setting in settings if setting.endswith(".type")}
        assert {settings[each] for each in types} <= {"date", "enum", "injected"}


def test_streams_that_are_known_need_not_be_named_in_a_query(computed: Path) -> None:
    streams = '-var=collected_streams=["btcusdt@miniTicker", "btcusdt@trade", "BTC-USD@ticker"]'
    settings = evaluate(computed, "local.projections.tickers", streams)
    assert settings["projection.stream.type"] == settings["projection.symbol.type"] == "enum"
    assert settings["projection.stream.values"] == "btcusdt@miniTicker,btcusdt@trade,BTC-USD@ticker"
    assert settings["projection.symbol.values"] == "BTCUSDT,BTC-USD"


def test_of_too_many_streams_a_query_names_its_own(computed: Path) -> None:
    streams = f"-var=collected_streams={json.dumps([f's{number}usdt@trade' for number in range(51)])}"
    settings = evaluate(computed, "local.projections.tickers", streams)
    assert settings["projection.stream.type"] == settings["projection.symbol.type"] == "injected"
    assert "projection.stream.values" not in settings


def test_both_read_the_same_questions_out_of_the_files(computed: Path) -> None:
    evaluated = evaluate(computed, "local.questions")
    assert {name: {"name": name, **question} for name, question in evaluated.items()} == {
        name: {**asdict(question), "columns": [asdict(column) for column in question.columns]}
        for name, question in questions().items()
    }
    assert len(evaluated) == 10


def test_descriptions_fit_glue() -> None:
    for question in questions().values():
        assert all(len(column.description) <= 255 for column in question.columns)
    for table in declarations().values():
        different = table.get("refined", {})
        more = (*different.get("columns", ()), *different.get("partitions", ()))
        for column in (*table["columns"], *table["partitions"], *more):
            assert len(f"{column['description']} [{column.get('unit')}]") <= 255


def test_the_streams_of_the_live_collector_need_not_be_named(computed: Path) -> None:
    stream = '{streams = ["btcusdt@trade"], coinbase = {products = ["BTC-USD"], channels = ["matches"]}}'
    settings = evaluate(
        computed, "local.projections.trades", "-var=enable_stream=true", f"-var=stream={stream}"
    )
    assert settings["projection.stream.values"] == "btcusdt@trade,BTC-USD@match"


def test_the_streams_of_every_venue_need_not_be_named(computed: Path) -> None:
    stream = '{streams = [], venues = {coinbase = {markets = ["BTC-USD", "ETH-USD"]}}}'
    settings = evaluate(
        computed, "local.projections.trades", "-var=enable_stream=true", f"-var=stream={stream}"
    )
    assert settings["projection.stream.values"] == "BTC-USD@ticker,BTC-USD@match,ETH-USD@ticker,ETH-USD@match"
