"""StartJobRun on the deployed stack runs the job as its role, and IAM decides what it may do."""

import gzip
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from coinlake.keys import RawKey
from ops import dates
from ops.cli import app
from ops.listing import entries
from ops.local import lifecycle as local
from ops.local.laptop import Laptop
from ops.repair.schedules import switch
from ops.stack import Stack
from tests.e2e.ports import free_ports
from tests.integration.command.test_rebuild import land
from tests.spark.conftest import CASES

SMALL = {
    "enable_spark": True,
    "enable_dashboard": False,
    "feeds": {"sentiment": {"source": "alternative_me", "dataset": "sentiment", "interval": "1d"}},
}
ROLE = "coinlake-local-spark"
ZONES = ("trusted/", "quarantine/", "ledger/", "refined/")
SECONDS = 180


@pytest.fixture(scope="module")
def stack(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose functions have done some raw objects, and whose refine runs only when it is called."""
    laptop = Laptop(tmp_path_factory.mktemp("laptop"), free_ports())
    try:
        stack = local.up(laptop, live=False, overrides=SMALL)
        land(stack)
        for name in ("binance tickers, bad", "binance trades, good", "coinbase tickers, good"):
            key, body = CASES[name]
            stack.raw.put(
                key, gzip.compress(body or b"", mtime=0), metadata={"fetched_at": dates.now().isoformat()}
            )
        raw = list(entries(stack.raw, "raw/"))
        wait_for(lambda: len(list(entries(stack.lake, "ledger/"))) >= len(raw))
        switch(stack, stack.schedules["refine"], enabled=False)
        wait_for(lambda: not stack.queue("transform").depth(in_flight=True))
        stack.invoke("refine", {"refine": dates.now().isoformat()})
        yield stack
    finally:
        local.down(laptop, wipe=True)


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(SECONDS):
        if condition():
            return
        time.sleep(1)
    pytest.fail("the functions did not end")


@pytest.fixture
def rebuild(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setattr(Stack, "find", lambda _env: stack)

    def run(*options: str) -> Result:
        command = ["rebuild", "--on", "spark", "--yes", "--json", *options]
        return CliRunner().invoke(app, command, env={"COLUMNS": "200"})

    return run


@pytest.fixture
def policy(stack: Stack) -> Iterator[Callable[[Callable[[list[Any]], list[Any]]], None]]:
    """Changes the statements of the job's role; they are as Terraform made them after the test."""
    iam = stack.aws.client("iam")
    document = iam.get_role_policy(RoleName=ROLE, PolicyName="permissions")["PolicyDocument"]

    def put(statements: list[Any]) -> None:
        text = json.dumps({**document, "Statement": statements})
        iam.put_role_policy(RoleName=ROLE, PolicyName="permissions", PolicyDocument=text)

    yield lambda change: put(change(document["Statement"]))
    put(document["Statement"])


def lake(stack: Stack) -> dict[str, str]:
    return {entry.key: entry.etag for zone in ZONES for entry in entries(stack.lake, zone)}


def forget(stack: Stack, *zones: str) -> None:
    for zone in zones:
        for entry in entries(stack.lake, zone):
            stack.lake.delete(entry.key)


def document(result: Result) -> Any:
    return json.loads(result.stdout)


def test_the_job_makes_what_the_functions_made_and_leaves_refines_schedule_as_it_was(stack, rebuild):
    before = lake(stack)
    forget(stack, *ZONES)
    switch(stack, stack.schedules["refine"], enabled=True)
    result = rebuild()
    assert result.exit_code == 0, result.output
    assert [run["state"] for run in document(result)["runs"]] == ["SUCCEEDED", "SUCCEEDED"]
    scheduler = stack.aws.client("scheduler")
    refine = {"GroupName": stack.schedules["group"], "Name": stack.schedules["refine"]}
    assert scheduler.get_schedule(**refine)["State"] == "ENABLED"
    switch(stack, stack.schedules["refine"], enabled=False)
    assert lake(stack) == before


def test_a_role_that_may_not_write_fails_the_run(stack, rebuild, policy):
    forget(stack, "trusted/", "ledger/")
    policy(lambda statements: [s for s in statements if s["Sid"] != "ReadAndWriteLake"])
    result = rebuild("--stage", "trusted")
    assert result.exit_code == 1
    (run,) = document(result)["runs"]
    assert run["state"] == "FAILED"
    assert list(entries(stack.lake, "trusted/")) == []


def test_one_object_that_fails_leaves_the_others_done_and_the_run_failed(stack, rebuild, policy):
    raw = [entry.key for entry in entries(stack.raw, "raw/")]
    forget(stack, "trusted/", "ledger/")
    deny = {"Sid": "NotThis", "Effect": "Deny", "Action": "s3:GetObject"}
    policy(
        lambda statements: [*statements, {**deny, "Resource": f"arn:aws:s3:::{stack.raw_bucket}/{raw[0]}"}]
    )
    result = rebuild("--stage", "trusted")
    assert result.exit_code == 1
    (run,) = document(result)["runs"]
    trusted = run["report"]["stages"]["trusted"]
    assert (run["state"], trusted["failed"], trusted["faults"][0]["key"]) == ("FAILED", 1, raw[0])
    done = {entry.key for entry in entries(stack.lake, "ledger/")}
    assert done == {str(RawKey.parse(key).ledger()) for key in raw[1:]}
