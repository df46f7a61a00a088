"""``coinlake rebuild --on spark`` beside a Glue that ends at once: what it starts, pauses, purges, says."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner, Result

from ops.aws import Aws
from ops.cli import app
from ops.rebuild import spark
from ops.rebuild.on_spark import late, progress_text
from ops.stack import Stack

GROUP, SCHEDULE = "coinlake-local", "coinlake-local-refine"
TALLY = {
    **{"objects": 3, "done": 1, "missing": 0, "failed": 0, "rows_in": 40, "rows_trusted": 39},
    **{"rows_quarantined": 1, "written": 2, "unchanged": 0, "faults": []},
}


@dataclass
class Glue:
    """Runs end at once, in the states given, with their report; ``seen`` is refine's schedule meanwhile."""

    stack: Stack
    states: list[str] = field(default_factory=lambda: ["SUCCEEDED"] * 4)
    started: list[dict[str, str]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def start_job_run(
        self, *, JobName: str, Arguments: dict[str, str], ExecutionClass: str
    ) -> dict[str, str]:
        self.started.append({**Arguments, "class": ExecutionClass, "job": JobName})
        self.seen.append(refine_state())
        stage = Arguments["--stage"]
        failed = self.states[len(self.started) - 1] != "SUCCEEDED"
        faults = [{"key": "raw/x", "error": "S3 said no"}] if failed else []
        report = {"stages": {stage: {**TALLY, "faults": faults, "failed": len(faults)}}}
        self.stack.artifacts.put(f"spark/runs/{Arguments['--run']}/report.json", json.dumps(report).encode())
        return {"JobRunId": str(len(self.started))}

    def get_job_run(self, *, JobName: str, RunId: str) -> dict[str, Any]:
        return {"JobRun": {"JobRunState": self.states[int(RunId) - 1]}}


def scheduler() -> Any:
    return boto3.client("scheduler")


def refine_state() -> str:
    state: str = scheduler().get_schedule(GroupName=GROUP, Name=SCHEDULE)["State"]
    return state


@pytest.fixture
def glue(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Glue]:
    scheduler().create_schedule_group(Name=GROUP)
    scheduler().create_schedule(
        GroupName=GROUP,
        Name=SCHEDULE,
        ScheduleExpression="rate(1 minute)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": "arn:aws:lambda:us-east-1:000000000000:function:x",
            "RoleArn": "arn:aws:iam::0:role/x",
        },
    )
    url = stack.aws.client("sqs").create_queue(QueueName="refine")["QueueUrl"]
    stack = replace(
        stack,
        queues={**stack.queues, "refine": {"url": url, "dlq_url": url}},
        schedules={"group": GROUP, "refine": SCHEDULE, "feeds": {}},
        spark={"job": "coinlake-local-spark"},
    )
    fake = Glue(stack)
    monkeypatch.setattr(Stack, "find", lambda _env: stack)
    monkeypatch.setattr(spark, "PURGE_SECONDS", 0)
    real = Aws.client
    monkeypatch.setattr(
        Aws, "client", lambda self, name, *a, **k: fake if name == "glue" else real(self, name, *a, **k)
    )
    yield fake


@pytest.fixture
def rebuild(glue: Glue) -> Callable[..., Result]:
    def run(*options: str) -> Result:
        return CliRunner().invoke(
            app, ["rebuild", "--on", "spark", "--yes", *options], env={"COLUMNS": "200"}
        )

    return run


def test_trusted_then_refined_with_refine_paused_and_its_queue_purged_in_between(glue, rebuild):
    glue.stack.queue("refine").send(["event"] * 12)
    result = rebuild(
        "--only", "missing", "--source", "kraken", "--start", "2026-01-01", "--end", "2026-02-01"
    )
    assert result.exit_code == 0, result.output
    assert [run["--stage"] for run in glue.started] == ["trusted", "refined"]
    chosen = {"--only": "missing", "--source": "kraken", "--start": "2026-01-01", "--end": "2026-02-01"}
    assert chosen.items() <= glue.started[0].items()
    assert (glue.started[0]["class"], glue.seen, refine_state()) == ("FLEX", ["DISABLED"] * 2, "ENABLED")
    assert "12 events for refine are forgotten" in result.output
    assert glue.stack.queue("refine").depth() == 0


def test_a_copy_is_one_run_beside_a_refine_that_goes_on(glue, rebuild):
    glue.stack.queue("refine").send(["event"])
    result = rebuild("--stage", "snappy", "--start", "2026-01-01", "--end", "2026-01-31")
    assert result.exit_code == 0, result.output
    assert [(run["--stage"], run["--end"]) for run in glue.started] == [("snappy", "2026-01-31")]
    assert (glue.seen, glue.stack.queue("refine").depth()) == (["ENABLED"], 1)


@pytest.mark.parametrize("option", ["--source", "--dataset"])
def test_a_copy_of_one_source_is_refused_before_anything_runs(glue, rebuild, option):
    result = rebuild("--stage", "snappy", option, "binance")
    assert "leave out --source and --dataset" in str(result.exception)
    assert glue.started == []


def test_where_trusted_fails_refined_is_not_begun_and_refine_goes_on_with_its_queue(glue, rebuild):
    glue.states = ["FAILED"]
    glue.stack.queue("refine").send(["event"])
    result = rebuild("--no-flex")
    assert result.exit_code == 1
    assert "raw/x: S3 said no" in result.output
    assert (len(glue.started), glue.started[0]["class"], refine_state()) == (1, "STANDARD", "ENABLED")
    assert glue.stack.queue("refine").depth() == 1


def test_trusted_alone_leaves_refine_to_its_schedule(glue, rebuild):
    assert rebuild("--stage", "trusted").exit_code == 0
    assert glue.seen == ["ENABLED"]


def test_a_schedule_that_a_killed_rebuild_left_off_is_on_again_after_the_next(glue, rebuild):
    spark.switch(glue.stack, SCHEDULE, enabled=False)
    glue.stack.artifacts.put(spark.PAUSED, b"")
    assert rebuild().exit_code == 0
    assert refine_state() == "ENABLED"
    spark.switch(glue.stack, SCHEDULE, enabled=False)  # as where refine runs at once, without a schedule
    assert rebuild().exit_code == 0
    assert refine_state() == "DISABLED"


def test_its_document_has_each_runs_report(glue, rebuild):
    shown = json.loads(rebuild("--json").stdout)
    assert [(run["state"], list(run["report"]["stages"])) for run in shown["runs"]] == [
        ("SUCCEEDED", ["trusted"]),
        ("SUCCEEDED", ["refined"]),
    ]


def test_without_a_job_it_says_how_to_get_one(glue, rebuild, monkeypatch):
    monkeypatch.setattr(Stack, "find", lambda _env: replace(glue.stack, spark={}))
    result = rebuild()
    assert result.exit_code == 1
    assert "set enable_spark = true in test.tfvars and deploy" in str(result.exception)


def test_progress_has_objects_rows_rate_and_time_left():
    progress = {"stage": "trusted", "total": 5000, "objects": 1000, "rows": 2_000_000, "seconds": 10.0}
    assert progress_text(progress) == "1,000 of 5,000 objects, 2,000,000 rows, 200,000 rows/s, 40 s left"
    assert progress_text({**progress, "objects": 0, "rows": 0}) == "0 of 5,000 objects, 0 rows"
    assert progress_text({"state": "waiting"}) == "waiting"


def test_a_rebuild_longer_than_heal_looks_back_warns():
    assert late(timedelta(hours=26)) is None
    assert "27.0 h" in late(timedelta(hours=27))
