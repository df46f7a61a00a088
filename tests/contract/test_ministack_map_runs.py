"""A distributed Map on MiniStack ends as on AWS: results in S3, and a stopped one starts no more children."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ops.local.ministack import map_runs
from ops.local.ministack.venv import ministack_venv

RUN = "arn:aws:states:us-east-1:000000000000:mapRun:backfill/Windows:run-1"

# Runs in MiniStack's own virtual environment: one Map over a plan in S3, as a stopped parent's or not.
PROBE = """
import json, sys
sys.path.insert(0, sys.argv[1])
import map_runs
from ministack.services import s3, stepfunctions as states
map_runs.patch(states, s3)
s3._create_bucket("lake", b"", {})
s3._put_object("lake", "plan.json", json.dumps([{"window": 1}, {"window": 2}]).encode(), {})
machine = "arn:aws:states:us-east-1:000000000000:stateMachine:backfill"
parent = {"executionArn": "parent", "stateMachineArn": machine, "status": sys.argv[2], "events": []}
states._executions["parent"] = parent
state = {
    "Label": "Windows",
    "MaxConcurrencyPath": "$.most",
    "ItemReader": {"Resource": "s3:getObject", "Parameters": {"Bucket.$": "$.b", "Key": "plan.json"}},
    "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED"},
        "StartAt": "Say",
        "States": {"Say": {"Type": "Pass", "Parameters": {"outcome": "landed"}, "End": True}},
    },
    "ToleratedFailurePercentage": 100,
    "ResultWriter": {"Resource": "s3:putObject", "Parameters": {"Bucket.$": "$.b", "Prefix": "results"}},
    "End": True,
}
output, _ = states._run_map_items(state, {"b": "lake", "most": 7}, parent, {"State": {}})
objects = {key: s3._get_object("lake", key, {}, {})[2] for key in s3._buckets["lake"]["objects"]}
run = states._map_runs[output["MapRunArn"]]
print(json.dumps({
    "output": output, "status": run["status"], "counts": run["itemCounts"], "most": run["maxConcurrency"],
    "objects": {key: json.loads(body) for key, body in objects.items()},
}))
"""


def probe(status: str) -> dict[str, Any]:
    ministack_venv().install()
    folder = Path(map_runs.__file__).parent
    done = subprocess.run(
        [ministack_venv().python, "-c", PROBE, folder, status], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    shown: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return shown


def test_the_results_of_a_map_are_in_s3_and_its_output_names_them():
    shown = probe("RUNNING")
    details = shown["output"]["ResultWriterDetails"]
    manifest = shown["objects"][details["Key"]]
    assert details["Bucket"] == manifest["DestinationBucket"] == "lake"
    assert manifest["MapRunArn"] == shown["output"]["MapRunArn"]
    [file] = manifest["ResultFiles"]["SUCCEEDED"]
    results = shown["objects"][file["Key"]]
    assert [(json.loads(one["Input"]), json.loads(one["Output"])) for one in results] == [
        ({"window": 1}, {"outcome": "landed"}),
        ({"window": 2}, {"outcome": "landed"}),
    ]
    assert (shown["status"], shown["counts"]["succeeded"], shown["most"]) == ("SUCCEEDED", 2, 7)


def test_a_stopped_map_starts_no_more_children_and_lists_them_as_pending():
    shown = probe("ABORTED")
    manifest = shown["objects"][shown["output"]["ResultWriterDetails"]["Key"]]
    assert {name: len(files) for name, files in manifest["ResultFiles"].items()} == {
        "SUCCEEDED": 0,
        "FAILED": 0,
        "PENDING": 1,
    }
    counts = {name: shown["counts"][name] for name in ("succeeded", "failed", "aborted", "total")}
    assert (shown["status"], counts) == ("ABORTED", {"succeeded": 0, "failed": 0, "aborted": 2, "total": 2})


@pytest.mark.parametrize("prefix", ["backfills/b1/results", "backfills/b1/results/"])
def test_each_file_lies_below_the_prefix_and_the_run(prefix: str):
    children = [
        {"name": "1", "status": "SUCCEEDED", "output": "1", "stepsTaken": True},
        {"name": "2", "status": "FAILED", "error": "e", "stepsTaken": True},
        {"name": "3", "status": "ABORTED", "stepsTaken": True},
        {"name": "4", "status": "ABORTED"},
    ]
    written = dict(map_runs.files({"Bucket": "b", "Prefix": prefix}, RUN, children))
    assert {key: content for key, content in written.items() if "manifest" not in key} == {
        "backfills/b1/results/run-1/SUCCEEDED_0.json": [{"Name": "1", "Status": "SUCCEEDED", "Output": "1"}],
        "backfills/b1/results/run-1/FAILED_0.json": [
            {"Name": "2", "Status": "FAILED", "Error": "e"},
            {"Name": "3", "Status": "ABORTED"},
        ],
        "backfills/b1/results/run-1/PENDING_0.json": [{"Name": "4", "Status": "ABORTED"}],
    }
    assert list(written)[-1] == "backfills/b1/results/run-1/manifest.json"
