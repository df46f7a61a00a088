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
    iam = SimpleNamespace(extract_iam_action=lambda action: action)
    launcher.patch(eventbridge, cloudwatch, persistence, iam, app)
    return SimpleNamespace(**locals())


def test_each_patch_wraps_the_function_that_it_fixes():
    now = patched()
    now.eventbridge._invoke_target(TARGET, {"Source": "aws.scheduler", "Time": AT}, "rule")
    assert "2026-11-21T07:35:00Z" in now.delivered[0][0]["Input"]
    assert b"<Period>300</Period>" in now.cloudwatch._describe_alarms({}, {}, False)[2]
    assert now.cloudwatch._describe_alarms({}, {}, False, True)[2] == b"<AlarmName>a</AlarmName>"
    assert now.app._port_is_bindable("127.0.0.1", 443) is False


def test_a_batch_of_messages_needs_no_right_of_its_own():
    asked = patched().iam.extract_iam_action
    assert asked("sqs:DeleteMessageBatch") == "sqs:DeleteMessage"
    assert asked("s3:PutObject") == "s3:PutObject"
    assert asked(None) is None


def test_decimals_and_times_are_saved_as_text_and_the_rest_as_before():
    save = patched().persistence._json_default
    assert save(Decimal("1.50")) == "1.50"
    assert save(date(2026, 11, 21)) == "2026-11-21"
    assert save(b"x") == "b'x'"
