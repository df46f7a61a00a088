"""The DAGs by a real Airflow over the deployed stack, as a user with exactly the orchestrator's policy.

The tests share one deployment and run in this order.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from coinlake.errors import CoinlakeError
from coinlake.keys import RawKey
from coinlake.records import LedgerEntry
from ops.local.airflow import ORCHESTRATION, Airflow, planner_wheel
from ops.local.laptop import Laptop
from ops.local.simulator import Simulator
from ops.stack import Stack
from ops.waiting import uncommitted, wait_until_done

from .conftest import Runner, execute

DAGS = ["coinlake_history", "coinlake_intraday", "coinlake_quality", "coinlake_rebuild"]
HISTORY = {
    "source": "coinbase",
    "assets": "BTC,ETH",
    "interval": "1d",
    "start": "2026-01-01",
    "end": "2026-03-01",
}
JUST_NOW = {"in_flight_minutes": 0}


class NotMended(CoinlakeError):
    """Transform did not commit what reconcile had sent it."""


def test_every_dag_imports_without_a_database_a_variable_or_aws(airflow: Airflow, tmp_path: Path) -> None:
    nothing = {
        "PYTHONPATH": str(planner_wheel()),
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ORCHESTRATION / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/none.db",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "PATH": str(airflow.venv.bin),
    }
    imported, _ = execute(airflow, nothing)
    assert imported == {"dags": DAGS, "errors": {}}
    assert not (tmp_path / "none.db").exists()


def raw_objects(stack: Stack) -> set[str]:
    return set(stack.raw.keys("raw/source=coinbase/"))


def test_history_is_fetched_and_a_second_run_starts_nothing(runner: Runner, stack: Stack) -> None:
    first = runner.run("coinlake_history", HISTORY)
    assert first.state == "success", first.log[-4000:]
    assert {states[0] for states in first.tasks.values()} == {"success"}
    states = stack.aws.client("stepfunctions")
    before = (
        raw_objects(stack),
        len(states.list_executions(stateMachineArn=stack.backfill["state_machine"])["executions"]),
    )

    second = runner.run("coinlake_history", HISTORY, dated=True)

    assert second.state == "success"
    assert {states[0] for states in second.tasks.values()} == {"skipped"}
    after = (
        raw_objects(stack),
        len(states.list_executions(stateMachineArn=stack.backfill["state_machine"])["executions"]),
    )
    assert after == before


def test_what_cannot_be_planned_fails_with_its_sentence(runner: Runner) -> None:
    run = runner.run("coinlake_history", HISTORY | {"interval": "2d"})
    assert run.state == "failed"
    assert "bad_interval: '2d' is not an interval" in run.log


def test_a_failed_window_fails_the_run(runner: Runner, laptop: Laptop) -> None:
    simulator = Simulator(laptop)
    simulator.refuse("*/klines", "*ETHUSDT*")
    try:
        run = runner.run("coinlake_history", HISTORY | {"source": "binance"})
    finally:
        simulator.forgive()
    assert run.state == "failed"
    # the state machine tolerates it: `account` alone knows
    assert (run.tasks["fetch"], run.tasks["account"]) == (["success"], ["failed"])
    assert "1 of 2 windows failed, the first because" in run.log
    again = runner.run("coinlake_history", HISTORY | {"source": "binance"})
    assert again.state == "success", again.log[-4000:]


@pytest.mark.parametrize("dated", [False, True], ids=["by_hand", "with_a_logical_date"])
def test_an_intraday_run_collects_transforms_refines_and_asks_athena(runner: Runner, dated: bool) -> None:
    run = runner.run("coinlake_intraday", dated=dated)
    assert run.state == "success", run.log[-4000:]
    assert run.tasks["ingest"] == ["success"]
    assert (run.tasks["athena"], run.tasks["load"]) == (["success"], ["skipped"])


def test_an_intraday_run_loads_the_warehouse_that_it_is_told(runner: Runner) -> None:
    run = runner.run("coinlake_intraday", {"warehouse": "postgres"})
    assert run.state == "success", run.log[-4000:]
    assert (run.tasks["athena"], run.tasks["load"]) == (["skipped"], ["success"])


def test_a_feed_that_fails_makes_the_run_red_and_holds_no_other_up(runner: Runner, laptop: Laptop) -> None:
    simulator = Simulator(laptop)
    simulator.refuse("*/kraken/*")
    try:
        run = runner.run("coinlake_intraday")
    finally:
        simulator.forgive()
    assert run.state == "failed"
    assert run.tasks["ingest"] == ["failed", "success"]
    assert (run.tasks["a_feed_failed"], run.tasks["published"]) == (["failed"], ["success"])


def test_a_warehouse_that_the_lake_does_not_load_fails_with_a_sentence(runner: Runner) -> None:
    run = runner.run("coinlake_intraday", {"warehouse": "snowflake"})
    assert run.state == "failed"
    assert "the lake loads no snowflake; set load = { snowflake = {} } in its tfvars" in run.log


def test_quality_is_green_then_red_when_an_event_was_lost_and_green_again(
    runner: Runner, stack: Stack
) -> None:
    green = runner.run("coinlake_quality", JUST_NOW)
    assert green.state == "success", green.log[-4000:]

    lost = max(raw_objects(stack))  # of today: each day more is a listing of every feed
    key = RawKey.parse(lost)
    stack.aws.client("s3").delete_object(Bucket=stack.lake_bucket, Key=str(key.ledger()))
    red = runner.run("coinlake_quality", JUST_NOW, dated=True)

    assert red.state == "failed"
    assert red.tasks["nothing_requeued"] == ["failed"]
    assert f"1 objects of raw had not been transformed and were sent again, the first {lost}" in red.log
    wait_until_done(lambda: " ".join(map(str, uncommitted(stack.lake, [key]))), 120, print, NotMended)
    assert runner.run("coinlake_quality", JUST_NOW).state == "success"


def test_a_rebuild_without_a_glue_job_says_what_is_missing(runner: Runner, stack: Stack) -> None:
    without = json.dumps({**stack.outputs(), "spark": {}})
    run = replace(runner, env=runner.env | {"AIRFLOW_VAR_COINLAKE": without}).run("coinlake_rebuild")
    assert run.state == "failed"
    assert "the lake has no Glue job; set enable_spark = true in its tfvars and deploy" in run.log


def test_a_rebuild_runs_the_glue_job_which_makes_the_same_bytes(
    runner: Runner, stack: Stack, spark: None
) -> None:
    key = RawKey.parse(max(raw_objects(stack)))  # of today
    entry = LedgerEntry.from_json(stack.lake.get(str(key.ledger()), 1 << 20).body)
    before = {name: stack.lake.head(name).etag for name in (*entry.outputs, str(key.ledger()))}
    for name in before:
        stack.lake.delete(name)

    run = runner.run("coinlake_rebuild", {"only": "missing", "source": "coinbase"})

    assert run.state == "success", run.log[-4000:]
    assert run.tasks == {"job": ["success"], "rebuild": ["success"], "compare": ["success"]}
    assert {name: stack.lake.head(name).etag for name in before} == before
