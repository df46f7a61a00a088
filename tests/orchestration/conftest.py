"""Airflow, each version in an environment of its own, over a deployed stack whose schedules are off."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ops.local import lifecycle
from ops.local.airflow import NEWEST, Airflow
from ops.local.laptop import Laptop
from ops.local.spark import require_java, spark_venv
from ops.repair.schedules import set_schedule
from ops.stack import Stack
from tests.e2e.ports import free_ports

RUN_DAG = Path(__file__).parent / "run_dag.py"
OLDEST = NEWEST.with_name("airflow-3.0.txt")
SPARK_REQUIRED = "COINLAKE_SPARK_REQUIRED"


@dataclass(frozen=True)
class DagRun:
    """How a run of a DAG ended: its state, its tasks' states by name, and everything that it logged."""

    state: str
    tasks: dict[str, list[str]]
    log: str


@dataclass(frozen=True)
class Runner:
    """Runs DAGs by ``dag.test()`` as the user that has the orchestrator's policy and nothing else."""

    airflow: Airflow
    env: dict[str, str]

    def run(self, dag: str, conf: dict[str, Any] | None = None, *, dated: bool = False) -> DagRun:
        options = [] if dated else ["--undated"]  # a run by hand has no logical date
        printed, log = execute(self.airflow, self.env, dag, json.dumps(conf or {}), *options)
        return DagRun(printed["state"], printed["tasks"], log)


def execute(airflow: Airflow, env: dict[str, str], *arguments: str) -> tuple[dict[str, Any], str]:
    """What ``run_dag.py`` prints last, and all that was logged."""
    command = [str(airflow.venv.python), str(RUN_DAG), *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    log = done.stdout + done.stderr
    assert done.returncode == 0, log[-4000:]
    return json.loads(done.stdout.splitlines()[-1]), log


@pytest.fixture(scope="session")
def laptop() -> Iterator[Laptop]:
    """Not in pytest's folder, which every session closes to others: under root PostgreSQL is another user."""
    with tempfile.TemporaryDirectory(prefix="coinlake-airflow-") as folder:
        own = Laptop(Path(folder), free_ports())
        try:
            yield own
        finally:
            lifecycle.down(own, wipe=False)


@pytest.fixture(scope="session")
def stack(laptop: Laptop) -> Stack:
    """Deployed, and then paused as `coinlake pause` does: now Airflow drives it."""
    stack = lifecycle.up(laptop, live=False, overrides={"enable_spark": True})
    for feed in stack.feeds():
        set_schedule(stack, feed.name, enabled=False)
    return stack


@pytest.fixture(scope="session", params=[NEWEST, OLDEST], ids=["newest", "oldest"])
def airflow(request: pytest.FixtureRequest, laptop: Laptop) -> Airflow:
    airflow = Airflow(laptop, request.param)
    airflow.venv.install()
    return airflow


@pytest.fixture(scope="session")
def runner(laptop: Laptop, stack: Stack) -> Runner:
    """The newest Airflow with a database."""
    airflow = Airflow(laptop)
    airflow.venv.install()
    env = airflow.environment(stack) | {"AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "1"}
    command = [str(airflow.venv.bin / "airflow"), "db", "migrate"]
    subprocess.run(command, env=env, capture_output=True, check=True)
    return Runner(airflow, env)


@pytest.fixture(scope="session")
def spark() -> None:
    """Without PySpark's environment what needs it is skipped, or fails where it is required."""
    if not spark_venv().installed and not os.environ.get(SPARK_REQUIRED):
        pytest.skip("PySpark has an environment of its own: make airflow-test")
    require_java()
