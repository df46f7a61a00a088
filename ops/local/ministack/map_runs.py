"""What MiniStack leaves out of a distributed Map: its ResultWriter, MaxConcurrencyPath, and being stopped.

AWS writes what became of the children to S3 and passes on where, and starts no more of them once
their parent is stopped. MiniStack passes on their outputs, writes nothing, and runs them all.
Source: AWS Step Functions Developer Guide, "ResultWriter (Map)" and "Viewing Map Runs".
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

Child = Mapping[str, Any]
# The fields of a child in a result file, and what MiniStack calls them.
FIELDS: Final = {
    "ExecutionArn": "executionArn",
    "Input": "input",
    "Name": "name",
    "Output": "output",
    "Error": "error",
    "Cause": "cause",
    "StartDate": "startDate",
    "StateMachineArn": "stateMachineArn",
    "Status": "status",
    "StopDate": "stopDate",
}
FILES: Final = ("SUCCEEDED", "FAILED", "PENDING")
OUTPUT_FIELDS: Final = ("ResultSelector", "ResultPath", "OutputPath")


def files(place: Mapping[str, str], run_arn: str, children: list[Child]) -> Iterator[tuple[str, Any]]:
    """Key and content of each result file, the manifest last; ``place`` is a Bucket and a Prefix."""
    folder = "/".join(filter(None, (place.get("Prefix", "").strip("/"), run_arn.rpartition(":")[2])))
    written: dict[str, list[dict[str, Any]]] = {name: [] for name in FILES}
    for name in FILES:
        listed = [_listed(child) for child in children if _file(child) == name]
        if listed:
            key = f"{folder}/{name}_0.json"
            written[name].append({"Key": key, "Size": len(json.dumps(listed))})
            yield key, listed
    manifest = {"DestinationBucket": place["Bucket"], "MapRunArn": run_arn, "ResultFiles": written}
    yield f"{folder}/manifest.json", manifest


def _file(child: Child) -> str:
    """What was never started is pending; what was stopped or timed out has failed."""
    if child["status"] == "ABORTED" and not child.get("stepsTaken"):
        return "PENDING"
    return "SUCCEEDED" if child["status"] == "SUCCEEDED" else "FAILED"


def _listed(child: Child) -> dict[str, Any]:
    return {field: child[name] for field, name in FIELDS.items() if child.get(name) is not None}


def patch(states: Any, s3: Any) -> None:
    """Let ``states``, MiniStack's Step Functions, write results to ``s3`` and stop children."""
    run_map, run_steps = states._run_distributed_map, states._run_sub_machine

    def run_distributed_map(state: Any, given: Any, effective: Any, iterator: Any, *within: Any) -> Any:
        execution, ctx = within
        if path := state.get("MaxConcurrencyPath"):
            state = {**state, "MaxConcurrency": states._resolve_path(path, effective)}
        writer = state.get("ResultWriter")
        if not writer:
            return run_map(state, given, effective, iterator, *within)
        bare = {name: value for name, value in state.items() if name not in OUTPUT_FIELDS}
        _, following = run_map(bare, given, effective, iterator, *within)
        run = [run for run in states._map_runs.values() if run["executionArn"] == execution["executionArn"]][
            -1
        ]
        place = states._resolve_params_obj(writer["Parameters"], effective, ctx)
        output = states._apply_result_selector(state, _write(s3, place, run, _settled(states, run)))
        output = states._apply_result_path(state, given, output)
        return states._apply_output_path(state, output, ctx), following

    def run_sub_machine(steps: Any, start: Any, given: Any, execution: Any, ctx: Any) -> Any:
        if _stopped(states, execution):
            raise states._ExecutionError("States.Aborted", "the execution was stopped")
        execution["stepsTaken"] = True
        return run_steps(steps, start, given, execution, ctx)

    states._run_distributed_map = run_distributed_map
    states._run_sub_machine = run_sub_machine


def _stopped(states: Any, child: Child) -> bool:
    run = states._map_runs.get(child.get("mapRunArn"))
    return bool(run) and states._executions[run["executionArn"]]["status"] == "ABORTED"


def _settled(states: Any, run: dict[str, Any]) -> list[Child]:
    """The children of a finished run, those that were stopped counted as such."""
    children = [child for child in states._executions.values() if child.get("mapRunArn") == run["mapRunArn"]]
    aborted = [child for child in children if child.get("error") == "States.Aborted"]
    for child in aborted:
        child["status"] = "ABORTED"
    for counts in (run["itemCounts"], run["executionCounts"]):
        counts.update(aborted=len(aborted), failed=counts["failed"] - len(aborted))
        counts["resultsWritten"] = len(children)
    if aborted:
        run["status"] = "ABORTED"
    return children


def _write(
    s3: Any, place: Mapping[str, str], run: Mapping[str, Any], children: list[Child]
) -> dict[str, Any]:
    """Write the files; return what the state passes on, which names the manifest."""
    key = ""
    for key, content in files(place, run["mapRunArn"], children):
        answer = s3._put_object(place["Bucket"], key, json.dumps(content).encode(), {})
        if answer[0] >= 300:  # noqa: PLR2004 - an HTTP status
            raise RuntimeError(f"ResultWriter could not write s3://{place['Bucket']}/{key}: {answer[2]!r}")
    return {"MapRunArn": run["mapRunArn"], "ResultWriterDetails": {"Bucket": place["Bucket"], "Key": key}}
