"""A state machine that does each plan at once, as far as a backfill looks at it."""

import json
from dataclasses import replace
from typing import Any

from ops.stack import Stack


class StepFunctions:
    """A state machine that does each plan at once; ``failing`` maps an asset to how often it fails."""

    def __init__(self, s3: Any, failing: dict[str, int]) -> None:
        self.s3, self.failing = s3, failing
        self.executions: dict[str, dict[str, Any]] = {}
        self.status = "SUCCEEDED"

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_executions"
        return self

    def paginate(self, stateMachineArn: str, statusFilter: str) -> list[dict[str, Any]]:
        return [{"executions": [e for e in self.executions.values() if e["status"] == statusFilter]}]

    def start_execution(self, stateMachineArn: str, name: str, input: str) -> dict[str, Any]:  # noqa: A002 - AWS's name
        given = json.loads(input)
        place = given["plan"]
        events = json.load(self.s3.get_object(Bucket=place["bucket"], Key=place["key"])["Body"])
        key = self.write(given["results"], [self.child(event) for event in events])
        output = json.dumps({"ResultWriterDetails": {"Bucket": place["bucket"], "Key": key}})
        arn = f"{stateMachineArn}:{name}:{len(self.executions)}"
        execution = {"status": self.status, "output": output, "concurrency": given["concurrency"]}
        self.executions[arn] = {"name": name, "executionArn": arn, **execution}
        return {"executionArn": arn}

    def child(self, event: dict[str, Any]) -> dict[str, Any]:
        asset = event["window"]["asset"]
        answer = {"key": "raw/x", "outcome": "landed", "detail": None}
        if self.failing.get(asset):
            self.failing[asset] -= 1
            cause = json.dumps({"errorMessage": "coinbase: HTTP 503"})
            answer = {"outcome": "failed", "error": "SourceUnavailable", "detail": cause}
        return {"Input": json.dumps(event), "Output": json.dumps(answer), "Status": "SUCCEEDED"}

    def write(self, place: dict[str, str], children: list[dict[str, Any]]) -> str:
        folder = f"{place['prefix']}/{len(self.executions)}"
        self.put(place["bucket"], f"{folder}/SUCCEEDED_0.json", children)
        files = {"SUCCEEDED": [{"Key": f"{folder}/SUCCEEDED_0.json"}], "FAILED": [], "PENDING": []}
        self.put(place["bucket"], f"{folder}/manifest.json", {"ResultFiles": files})
        return f"{folder}/manifest.json"

    def put(self, bucket: str, key: str, content: Any) -> None:
        self.s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(content).encode())

    def describe_execution(self, executionArn: str) -> dict[str, Any]:
        return self.executions[executionArn]


def machine(stack: Stack, s3: Any, **failing: int) -> tuple[Stack, StepFunctions]:
    states = StepFunctions(s3, failing)
    stack.aws.clients["stepfunctions"] = states
    return replace(stack, backfill={"state_machine": "arn:machine", "concurrency": 2}), states
