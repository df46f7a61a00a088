import base64
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest

from ops.local.ministack import launcher

AT = datetime(2026, 11, 21, 7, 35, 8, 250_000, UTC).timestamp()
TARGET = {"Arn": "arn", "Input": '{"feed":"f","scheduled_time":"<aws.scheduler.scheduled-time>"}'}
ALARM = {
    "ActionsEnabled": True,
    "AlarmDescription": "read <this> & act",
    "Period": 300,
    "Statistic": "Sum",
    "TreatMissingData": "notBreaching",
    "Unit": None,
    "AlarmActions": ["arn:aws:sns:us-east-1:000000000000:operations"],
    "OKActions": [],
    "InsufficientDataActions": [],
    "Dimensions": [{"Name": "QueueName", "Value": "dlq"}],
}


def test_a_schedules_target_gets_the_time_it_was_due_floored_to_the_minute():
    event = {"Source": "aws.scheduler", "Time": AT}
    assert (
        launcher.scheduled(TARGET, event)["Input"] == '{"feed":"f","scheduled_time":"2026-11-21T07:35:00Z"}'
    )


@pytest.mark.parametrize(
    ("target", "source"),
    [
        (TARGET, "aws.events"),
        ({"Arn": "arn", "Input": "{}"}, "aws.scheduler"),
        ({"Arn": "arn"}, "aws.scheduler"),
    ],
)
def test_any_other_target_is_passed_on_as_it_stands(target, source):
    assert launcher.scheduled(target, {"Source": source, "Time": AT}) is target


def test_an_alarm_is_described_with_everything_it_was_put_with():
    answer = "<member><AlarmName>a&amp;b</AlarmName></member>"
    described = launcher.complete(answer, {"a&b": ALARM})
    assert "<AlarmDescription>read &lt;this&gt; &amp; act</AlarmDescription>" in described
    assert "<ActionsEnabled>true</ActionsEnabled>" in described
    assert "<AlarmActions><member>arn:aws:sns:us-east-1:000000000000:operations</member>" in described
    assert "<Dimensions><member><Name>QueueName</Name><Value>dlq</Value></member></Dimensions>" in described
    assert "Unit" not in described


def test_a_composite_alarm_is_left_as_it_is():
    answer = "<AlarmName>all</AlarmName>"
    assert launcher.complete(answer, {}) == answer


def patched():
    delivered = []
    eventbridge = SimpleNamespace(_invoke_target=lambda *given: delivered.append(given))
    cloudwatch = SimpleNamespace(
        _describe_alarms=lambda *_: (200, {}, b"<AlarmName>a</AlarmName>"), _alarms={"a": ALARM}
    )
    persistence = SimpleNamespace(_json_default=repr)
    app = SimpleNamespace(_port_is_bindable=lambda *_: True)
    iam_actions = SimpleNamespace(
        extract_iam_action=lambda action: action,
        extract_resource_arn=lambda service, *_: "arn:known" if service == "sqs" else "*",
        request_tag_context=lambda *_: {"aws:TagKeys": ["a"]},
    )
    iam = SimpleNamespace(_roles={"bound": {"PermissionsBoundary": "arn:of-role"}, "free": {}})
    athena = SimpleNamespace(_executions={"q-1": {"WorkGroup": "analysts"}})
    sts = SimpleNamespace(_web_identity_principal=lambda *_: ("provider", {"github.test:aud": "sts"}))
    launcher.patch(
        eventbridge=eventbridge,
        cloudwatch=cloudwatch,
        persistence=persistence,
        iam_actions=iam_actions,
        app=app,
        sts=sts,
        iam=iam,
        athena=athena,
    )
    return SimpleNamespace(**locals())


def test_each_patch_wraps_the_function_that_it_fixes():
    now = patched()
    now.eventbridge._invoke_target(TARGET, {"Source": "aws.scheduler", "Time": AT}, "rule")
    assert "2026-11-21T07:35:00Z" in now.delivered[0][0]["Input"]
    assert b"<Period>300</Period>" in now.cloudwatch._describe_alarms({}, {}, False)[2]
    assert now.cloudwatch._describe_alarms({}, {}, False, True)[2] == b"<AlarmName>a</AlarmName>"
    assert now.app._port_is_bindable("127.0.0.1", 443) is False


def test_a_batch_of_messages_needs_no_right_of_its_own():
    asked = patched().iam_actions.extract_iam_action
    assert asked("sqs:DeleteMessageBatch") == "sqs:DeleteMessage"
    assert asked("s3:PutObject") == "s3:PutObject"
    assert asked(None) is None


def test_decimals_and_times_are_saved_as_text_and_the_rest_as_before():
    save = patched().persistence._json_default
    assert save(Decimal("1.50")) == "1.50"
    assert save(date(2026, 11, 21)) == "2026-11-21"
    assert save(b"x") == "b'x'"


@pytest.mark.parametrize(
    ("action", "body", "boundary"),
    [
        ("iam:CreateRole", b"RoleName=new&PermissionsBoundary=arn%3Agiven", "arn:given"),
        ("iam:PutRolePolicy", b"RoleName=bound", "arn:of-role"),
        ("iam:PutRolePolicy", b"RoleName=free", None),
        ("iam:CreateRole", b"RoleName=new", None),
        ("sqs:SendMessage", b"PermissionsBoundary=arn%3Agiven", None),
    ],
)
def test_a_condition_on_the_boundary_sees_the_one_that_is_set_or_that_the_role_has(action, body, boundary):
    context = patched().iam_actions.request_tag_context("iam", action, body, {})
    assert context.get("iam:PermissionsBoundary") == boundary
    assert context["aws:TagKeys"] == ["a"]


def test_every_claim_of_a_token_is_a_condition():
    payload = base64.urlsafe_b64encode(
        json.dumps({"iss": "https://github.test", "repository_id": "7"}).encode()
    )
    token = f"e30.{payload.decode().rstrip('=')}.e30"
    principal, keys = patched().sts._web_identity_principal(token, "", "arn")
    assert principal == "provider"
    assert (keys["github.test:aud"], keys["github.test:repository_id"]) == ("sts", "7")


@pytest.mark.parametrize("token", ["", "no token", "e30.e30.e30", "a.%%%.c"])
def test_what_is_no_token_has_no_claims(token):
    assert list(launcher.claims(token)) == []


@pytest.mark.parametrize(
    ("service", "path", "body", "query", "arn"),
    [
        ("lambda", "/functions", b'{"FunctionName": "f"}', {}, "arn:aws:lambda:here:1:function:f"),
        ("athena", "/", b'{"Name": "w"}', {}, "arn:aws:athena:here:1:workgroup/w"),
        ("scheduler", "/schedules/s", b'{"GroupName": "g"}', {}, "arn:aws:scheduler:here:1:schedule/g/s"),
        ("scheduler", "/schedules/s", b"", {"groupName": ["g"]}, "arn:aws:scheduler:here:1:schedule/g/s"),
        ("scheduler", "/schedules/s", b"", {}, "arn:aws:scheduler:here:1:schedule/default/s"),
        ("lambda", "/functions", b"", {}, "*"),
        ("sqs", "/", b'{"FunctionName": "f"}', {}, "arn:known"),
    ],
)
def test_a_right_to_what_is_being_made_is_looked_up_by_its_name(service, path, body, query, arn):
    extract = patched().iam_actions.extract_resource_arn
    assert extract(service, "POST", path, {}, body, query, "here", "1") == arn


def test_a_mapping_is_made_under_the_condition_of_its_function():
    body = b'{"FunctionName": "arn:f"}'
    context = patched().iam_actions.request_tag_context("lambda", "lambda:CreateEventSourceMapping", body, {})
    assert context["lambda:FunctionArn"] == "arn:f"


def test_a_query_is_checked_as_its_workgroups():
    find = patched().iam_actions.extract_resource_arn

    def found(body):
        return find("athena", "POST", "/", {}, body, {}, "eu-west-1", "123456789012")

    assert found(b'{"QueryExecutionId": "q-1"}') == "arn:aws:athena:eu-west-1:123456789012:workgroup/analysts"
    assert found(b'{"QueryExecutionId": "gone"}') == "*"
    assert found(b'{"Name": "new"}') == "arn:aws:athena:eu-west-1:123456789012:workgroup/new"
