"""What the launcher adds to MiniStack's IAM: a 403 for a missing key, and a log of what was asked."""

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ops.local.ministack import missing_keys, request_log


@dataclass
class Denied:
    principal_arn: str = "arn:aws:sts::000000000000:assumed-role/coinlake-local-transform/a"


@dataclass
class Context:
    principal_arn: str = "arn:aws:sts::000000000000:assumed-role/coinlake-local-transform/a"
    action: str = "s3:GetObject"
    resource_arn: str = "arn:aws:s3:::raw/a"
    service_context: dict[str, Any] = field(default_factory=lambda: {"s3:prefix": "a", "aws:tagkeys": None})


def asked(
    status: int, *, method: str = "GET", path: str = "/raw/a%20b", denied: object = None
) -> tuple[int, list]:
    """The status that S3 answers through the patch, and what IAM was asked."""
    questions: list[tuple[Any, ...]] = []

    async def read(*_request: Any) -> tuple[int, dict, bytes]:
        return status, {}, b""

    def enforce(*call: Any, **names: Any) -> object:
        questions.append((call[1], names["resource_arn"], names["service_context"]))
        return denied

    app = SimpleNamespace(AUTH=True, SERVICE_HANDLERS={"s3": read})
    evaluator = SimpleNamespace(enforce=enforce, EvalResult=Denied)
    actions = SimpleNamespace(access_denied_response=lambda *_call, **_names: (403, {}, b""))
    router = SimpleNamespace(extract_access_key_id=lambda *_: "key", extract_region=lambda *_: "us-east-1")
    missing_keys.patch(app, evaluator, actions, router)
    response = asyncio.run(app.SERVICE_HANDLERS["s3"](method, path, {}, b"", {}))
    return response[0], questions


def test_a_missing_key_is_a_404_for_who_may_list_its_prefix():
    status, questions = asked(404)
    assert status == 404
    assert questions == [("s3:ListBucket", "arn:aws:s3:::raw", {"s3:prefix": "a b"})]


def test_a_missing_key_is_a_403_for_everybody_else():
    assert asked(404, denied=Denied())[0] == 403
    assert asked(404, method="HEAD", denied=Denied())[0] == 403


@pytest.mark.parametrize(
    ("status", "method", "path"), [(200, "GET", "/raw/a"), (404, "PUT", "/raw/a"), (404, "GET", "/raw")]
)
def test_nothing_else_is_asked_about(status: int, method: str, path: str):
    assert asked(status, method=method, path=path, denied=Denied()) == (status, [])


def test_each_decision_is_a_line_with_the_request_as_it_came(tmp_path: Path):
    def evaluate(context: Context, *_policies: Any) -> str:
        return context.action

    def enforce(allowed: bool) -> object:
        evaluator.evaluate(Context())
        evaluator.evaluate(Context(action="of the bucket's policy"))
        return None if allowed else Denied()

    evaluator = SimpleNamespace(evaluate=evaluate, enforce=enforce)
    actions = SimpleNamespace(extract_iam_action=lambda *_request: "s3:GetObject")
    request_log.patch(evaluator, actions, tmp_path / "log")
    for allowed in (True, False):
        actions.extract_iam_action("s3", "GET", "/raw/a", {"authorization": "secret"}, b"", {})
        evaluator.enforce(allowed)
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [(line["action"], line["allowed"]) for line in lines] == [
        ("s3:GetObject", True),
        ("s3:GetObject", False),
    ]
    assert lines[0]["context"] == {"s3:prefix": "a"}
    assert lines[0]["http"]["path"] == "/raw/a"
    assert "secret" not in (tmp_path / "log").read_text()
