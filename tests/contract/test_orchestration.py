"""What of orchestration/ needs no Airflow: its pins, its DAGs' text, its compose file, the planner's wheel.

`make airflow-test` runs the DAGs.
"""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ops.local.airflow import NEWEST, ORCHESTRATION, planner_wheel

DAGS = sorted((ORCHESTRATION / "dags").glob("*.py"))
PINS = sorted(NEWEST.parent.glob("*.txt"))
TEMPLATE = re.compile(r"{{(.*?)}}")
UNDEFINED_BY_HAND = {
    "ds",
    "ds_nodash",
    "ts",
    "ts_nodash",
    "logical_date",
    "data_interval_start",
    "data_interval_end",
}
PLAN = """
import sys
from datetime import UTC, datetime
from ops.backfill import cost, results
from ops.backfill.existing import committed_windows, raw_key
from ops.backfill.plan import plan
from ops.backfill.preparation import PricedPlan, request_execution
from ops.backfill.request import BackfillRequest
from ops.dates import DateRange
import ops
print(ops.__file__)
print(*sorted(name for name in sys.modules if name.split(".")[0] in ("rich", "trustme", "typer", "pyarrow")))
"""


def test_there_are_four_dags_each_in_the_file_of_its_name() -> None:
    named = [path.stem for path in DAGS if path.stem != "coinlake_stack"]
    assert named == ["coinlake_history", "coinlake_intraday", "coinlake_quality", "coinlake_rebuild"]
    for name in named:
        text = (ORCHESTRATION / "dags" / f"{name}.py").read_text()
        assert f"def {name}()" in text
        assert "catchup=False" in text


@pytest.mark.parametrize("path", DAGS, ids=lambda path: path.stem)
def test_no_template_needs_a_logical_date(path: Path) -> None:
    for expression in TEMPLATE.findall(path.read_text()):
        names = set(re.findall(r"\w+", expression.partition("|")[0]))
        assert not names & UNDEFINED_BY_HAND, expression


@pytest.mark.parametrize("path", DAGS, ids=lambda path: path.stem)
def test_importing_a_dag_reads_no_variable_and_makes_no_client(path: Path) -> None:
    """Whatever is called while the module is imported is a declaration; calls in functions run in tasks."""
    declared = {"Asset", "Param", "dag", "text", "AssetOrTimeSchedule", "CronTriggerTimetable", path.stem}
    module = ast.parse(path.read_text())
    for statement in module.body:
        parts = statement.decorator_list if isinstance(statement, ast.FunctionDef) else [statement]
        calls = [node for part in parts for node in ast.walk(part) if isinstance(node, ast.Call)]
        assert {ast.unparse(call.func) for call in calls} <= declared


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.stem)
def test_every_requirement_of_airflow_is_pinned_with_a_hash_and_names_no_place(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"https?://|--index|--find-links|file:", text)
    for block in re.split(r"\n(?=\S)", text):
        assert "==" in block and "--hash=sha256:" in block


def test_the_pins_are_of_the_oldest_airflow_and_of_a_newer_one() -> None:
    pinned = [re.search(r"^apache-airflow==(\S+)", path.read_text(), re.MULTILINE)[1] for path in PINS]
    assert pinned[0] == "3.0.6"
    assert pinned[1] in (ORCHESTRATION / "compose.yaml").read_text()
    for path in PINS:
        assert re.search("^aiobotocore==", path.read_text(), re.MULTILINE), "deferred tasks need it"


def test_the_compose_file_runs_all_of_airflow_and_shows_it_to_this_machine_alone() -> None:
    services = yaml.safe_load((ORCHESTRATION / "compose.yaml").read_text())["services"]
    assert set(services) == {"database", "migrate", "api-server", "scheduler", "dag-processor", "triggerer"}
    assert services["scheduler"]["environment"]["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert services["api-server"]["ports"] == ["127.0.0.1:8080:8080"]
    wheel = services["triggerer"]["environment"]["PYTHONPATH"]
    assert Path(wheel).name == planner_wheel().name


def test_the_planners_wheel_is_imported_without_the_laptop(tmp_path: Path) -> None:
    wheel = planner_wheel()
    done = subprocess.run(
        [sys.executable, "-c", PLAN],
        cwd=tmp_path,
        env={"PYTHONPATH": str(wheel)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    place, extra = done.stdout.splitlines()
    assert place.startswith(str(wheel))
    assert not extra
