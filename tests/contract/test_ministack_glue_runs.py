"""A Spark job on MiniStack ends as its script does, and as nothing else."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ops.local.ministack import glue_runs
from ops.local.ministack.venv import ministack_venv

SIGNATURES = """
import inspect, json
from ministack.core import lambda_runtime, responses
from ministack.services import glue
found = [glue._get_docker, glue._execute_spark_docker, glue._resolve_script, glue._start_job_run]
found += [lambda_runtime.execution_credentials, responses.get_region, responses.get_account_id]
print(json.dumps([list(inspect.signature(one).parameters) for one in found]))
"""


def test_the_patched_functions_take_what_is_passed():
    ministack_venv().install()
    shown = subprocess.run(
        [ministack_venv().python, "-c", SIGNATURES], capture_output=True, text=True, check=True
    )
    assert json.loads(shown.stdout.splitlines()[-1]) == [
        [],
        ["run", "job", "job_name", "args", "script_path", "docker_client"],
        ["script_location"],
        ["data"],
        ["config"],
        [],
        [],
    ]


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(glue_runs.PYTHON, sys.executable)
    monkeypatch.setenv("GATEWAY_PORT", "1")
    return tmp_path / "script.py"


@pytest.mark.parametrize(
    ("code", "state", "message"),
    [
        ("pass", "SUCCEEDED", ""),
        ("import sys; sys.exit('2 failed, the others are done')", "FAILED", "2 failed, the others are done"),
        ("import os; os.abort()", "FAILED", "no message"),
    ],
)
def test_a_run_ends_as_its_script_does(script: Path, code: str, state: str, message: str):
    script.write_text(code)
    run = {"JobRunState": "RUNNING"}
    glue_runs.execute(run, [str(script)], {})
    assert run == {"JobRunState": state, "ErrorMessage": message}


def test_a_run_that_is_stopped_is_ended(script: Path):
    script.write_text("import time; time.sleep(600)")
    run = {"JobRunState": "STOPPED"}
    glue_runs.execute(run, [str(script)], {})
    assert run == {"JobRunState": "STOPPED"}


def test_without_sparks_environment_a_run_fails_in_a_sentence(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(glue_runs.PYTHON, "/nowhere/python")
    run = {"JobRunState": "RUNNING"}
    glue_runs.execute(run, ["script.py"], {})
    assert run["JobRunState"] == "FAILED"
    assert "make spark" in run["ErrorMessage"]
