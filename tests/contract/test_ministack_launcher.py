"""The launcher patches private functions of one release of MiniStack: hold both to each other.

What needs MiniStack itself runs in its virtual environment, which `coinlake up` makes.
"""

import json
import re
import subprocess
from pathlib import Path

import pytest

from ops.local.ministack import launcher
from ops.local.ministack.venv import REQUIREMENTS, ministack_venv

SIGNATURES = """
import inspect, json
from ministack import app
from ministack.core import iam_actions, iam_evaluator, persistence, router
from ministack.services import athena, cloudwatch, eventbridge, iam, sts
assert iam._roles.get("role") is None and athena._executions.get("id") is None
found = [eventbridge._invoke_target, cloudwatch._describe_alarms]
found += [persistence._json_default, iam_actions.extract_iam_action, app._port_is_bindable]
found += [iam_actions.extract_resource_arn, iam_actions.request_tag_context, sts._web_identity_principal]
found += [iam_evaluator.evaluate, iam_evaluator.enforce, app.SERVICE_HANDLERS["s3"]]
found += [router.extract_access_key_id, router.extract_region]
print(json.dumps([list(inspect.signature(one).parameters) for one in found]))
"""


@pytest.fixture(scope="module")
def python() -> Path:
    ministack_venv().install()
    return ministack_venv().python


def test_the_requirements_pin_the_release_that_the_launcher_is_written_for():
    pins = re.findall(r"^ministack==(\S+)", REQUIREMENTS.read_text(), re.MULTILINE)
    assert pins == [launcher.WRITTEN_FOR]


def test_every_requirement_is_pinned_with_a_hash_and_names_no_place():
    text = REQUIREMENTS.read_text()
    assert not re.search(r"https?://|--index|--find-links|file:", text)
    for block in re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)):
        assert "==" in block
        assert "--hash=sha256:" in block


def test_the_patched_functions_take_what_the_launcher_passes(python: Path):
    shown = subprocess.run([python, "-c", SIGNATURES], capture_output=True, text=True, check=True)
    assert json.loads(shown.stdout.splitlines()[-1]) == [
        ["target", "event", "rule", "view"],
        ["params", "cbor_data", "is_cbor", "is_json"],
        ["obj"],
        ["service", "method", "path", "headers", "body", "query_params"],
        ["host", "port"],
        ["service", "method", "path", "headers", "body", "query_params", "region", "account_id"],
        ["service", "iam_action", "body", "params"],
        ["token", "provider_id", "role_arn"],
        ["ctx", "policies", "limits"],
        ["access_key_id", "iam_action", "service", "region", "resource_arn", "service_context"],
        ["method", "path", "headers", "body", "query_params"],
        ["headers", "query_params"],
        ["headers", "query_params"],
    ]
