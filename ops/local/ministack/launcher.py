"""Starts MiniStack as coinlake needs it; runs in MiniStack's own virtual environment.

Eight private functions are patched, so the version is pinned in requirements.txt and
tests/contract/test_ministack_launcher.py holds them to what this was written for:

- EventBridge Scheduler's ``<aws.scheduler.scheduled-time>`` reaches the target as it stands, where
  AWS puts the time that the schedule was due (User Guide, "Adding context attributes").
- DescribeAlarms leaves out half of an alarm, so that Terraform would update every alarm every time.
- A query's Decimal cannot be saved, and everything of Athena's would be lost with it.
- It asks for a right of its own for SQS's batches, which AWS grants with that for one message
  (Service Authorization Reference, "Actions defined by Amazon SQS").
- It checks new functions and workgroups without their ARN, and every schedule as if it were in the default
  group; AWS takes names and group from the request. A query it checks without its workgroup's ARN.
- Of a request's conditions it lacks ``iam:PermissionsBoundary`` and ``lambda:FunctionArn``, and of a web
  identity's token it knows three claims, AWS all of GitHub's (IAM User Guide, "OIDC federation").
- With TLS it would also listen on port 443 where it may; a demo opens only the port it was given.

map_runs.py, beside this file, does the same for the results of Step Functions' distributed Map, and
glue_runs.py for Spark jobs, which it would call SUCCEEDED without running them, missing_keys.py for what
S3 says of a key that does not exist, and shared_layers.py for the layers of functions, which it would unpack
for each worker. request_log.py writes what IAM was asked.

And asyncio is told not to wait half a minute for each client that hangs up without TLS's goodbye,
as most do: `coinlake down` would wait as long before the state is saved.
"""

import base64
import json
import os
import re
from asyncio import constants
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs
from xml.sax.saxutils import escape, unescape

WRITTEN_FOR: Final = "1.5.33"
SCHEDULED_TIME: Final = "<aws.scheduler.scheduled-time>"
GOODBYE_SECONDS: Final = 1.0
ALARM_VALUES: Final = ("AlarmDescription", "Period", "Statistic", "TreatMissingData", "Unit")
ALARM_ACTIONS: Final = ("AlarmActions", "OKActions", "InsufficientDataActions")
GRANTED_WITH: Final = {
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:SendMessageBatch": "sqs:SendMessage",
}
# Of a new thing: the field of its name, and its kind in the ARN.
NEW_THINGS: Final = {
    ("lambda", "FunctionName"): "function:",
    ("athena", "Name"): "workgroup/",
}
_ALARM_NAME: Final = re.compile(r"<AlarmName>(.*?)</AlarmName>")


def scheduled(target: dict[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    """The target with the due time in its input, when ``event`` is a schedule's.

    MiniStack looks for due schedules every ten seconds and cron fires on whole minutes, so the
    due time is the moment of firing floored to the minute.
    """
    text = target.get("Input")
    if event.get("Source") != "aws.scheduler" or not text or SCHEDULED_TIME not in text:
        return target
    due = datetime.fromtimestamp(event["Time"] // 60 * 60, UTC)
    return {**target, "Input": text.replace(SCHEDULED_TIME, due.strftime("%Y-%m-%dT%H:%M:%SZ"))}


def complete(answer: str, alarms: Mapping[str, Mapping[str, Any]]) -> str:
    """DescribeAlarms' XML with what each metric alarm was put with."""

    def with_rest(name: re.Match[str]) -> str:
        return name[0] + "".join(_rest(alarms.get(unescape(name[1]), {})))

    return _ALARM_NAME.sub(with_rest, answer)


def _rest(alarm: Mapping[str, Any]) -> Iterator[str]:
    """The missing elements. Source: CloudWatch API Reference, "MetricAlarm"."""
    if not alarm:
        return
    yield f"<ActionsEnabled>{str(alarm['ActionsEnabled']).lower()}</ActionsEnabled>"
    yield from (f"<{name}>{escape(str(alarm[name]))}</{name}>" for name in ALARM_VALUES if alarm.get(name))
    for name in ALARM_ACTIONS:
        yield f"<{name}>{''.join(f'<member>{escape(arn)}</member>' for arn in alarm[name])}</{name}>"
    pairs = ((escape(pair["Name"]), escape(pair["Value"])) for pair in alarm["Dimensions"])
    members = "".join(f"<member><Name>{name}</Name><Value>{value}</Value></member>" for name, value in pairs)
    yield f"<Dimensions>{members}</Dimensions>"


def resource(service: str, path: str, body: bytes, query: Mapping[str, Any], place: str) -> str | None:
    """The ARN that AWS takes from a request where MiniStack has none, or a wrong one; else None.

    ``place`` is the region and the account, as an ARN has them.
    """
    fields = json.loads(body) if body[:1] == b"{" else {}
    if service == "scheduler" and path.startswith("/schedules/"):
        group = fields.get("GroupName") or (query.get("groupName") or ["default"])[0]
        return f"arn:aws:scheduler:{place}:schedule/{group}/{path.split('/')[2]}"
    for (owner, field), kind in NEW_THINGS.items():
        if owner == service and field in fields:
            return f"arn:aws:{service}:{place}:{kind}{fields[field]}"
    return None


def conditions(action: str, body: bytes, roles: Any) -> dict[str, str]:
    """The condition keys that MiniStack lacks, of a request that has them.

    ``iam:PermissionsBoundary`` is the one that it sets, or that the role has. Source: Service Authorization
    Reference, "Condition keys for AWS IAM", "Condition keys for AWS Lambda".
    """
    if action.startswith("iam:"):
        fields = {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}
        role = roles.get(fields.get("RoleName", "")) or {}
        found = fields.get("PermissionsBoundary") or role.get("PermissionsBoundary")
        return {"iam:PermissionsBoundary": found} if found else {}
    if action in ("lambda:CreateEventSourceMapping", "lambda:UpdateEventSourceMapping"):
        return {"lambda:FunctionArn": json.loads(body).get("FunctionName", "")}
    return {}


def claims(token: str) -> Iterator[tuple[str, Any]]:
    """A web identity's claims as condition keys; nothing of what is no token."""
    try:
        payload = token.split(".")[1]
        content = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        issuer = str(content["iss"]).split("://", 1)[-1].rstrip("/")
    except (LookupError, ValueError, TypeError):
        return
    yield from ((f"{issuer}:{name}".lower(), value) for name, value in content.items())


def patch(
    *,
    eventbridge: Any,
    cloudwatch: Any,
    persistence: Any,
    iam_actions: Any,
    app: Any,
    sts: Any,
    iam: Any,
    athena: Any,
) -> None:
    """Put the seven functions right; see the module's text."""
    deliver, describe = eventbridge._invoke_target, cloudwatch._describe_alarms
    to_json, extract_action = persistence._json_default, iam_actions.extract_iam_action
    extract_arn = iam_actions.extract_resource_arn
    tag_context, identify = iam_actions.request_tag_context, sts._web_identity_principal

    def invoke_target(target: dict[str, Any], event: dict[str, Any], rule: Any, view: Any = None) -> Any:
        return deliver(scheduled(target, event), event, rule, view)

    def describe_alarms(params: Any, cbor_data: Any, is_cbor: bool, is_json: bool = False) -> Any:
        answer = describe(params, cbor_data, is_cbor, is_json)
        status, headers, body = answer
        if is_cbor or is_json:
            return answer
        return status, headers, complete(body.decode(), cloudwatch._alarms).encode()

    def json_default(value: Any) -> Any:
        return str(value) if isinstance(value, Decimal | date | time) else to_json(value)

    def extract_iam_action(*request: Any) -> str | None:
        action: str | None = extract_action(*request)
        return GRANTED_WITH.get(action or "", action)

    def extract_resource_arn(*request: Any) -> Any:
        found = extract_arn(*request)
        service, _, path, _, body, query, region, account = request
        if found == "*" and service == "athena" and b"QueryExecutionId" in body:
            query_execution = athena._executions.get(json.loads(body)["QueryExecutionId"]) or {}
            group = query_execution.get("WorkGroup")
            return f"arn:aws:athena:{region}:{account}:workgroup/{group}" if group else found
        if found == "*" or service == "scheduler":
            return resource(service, path, body, query, f"{region}:{account}") or found
        return found

    def request_tag_context(service: str, iam_action: str, body: bytes, params: Any) -> dict[str, Any]:
        return {**tag_context(service, iam_action, body, params), **conditions(iam_action, body, iam._roles)}

    def web_identity_principal(token: str, provider_id: str, role_arn: str) -> tuple[str, dict[str, Any]]:
        principal, keys = identify(token, provider_id, role_arn)
        return principal, {**dict(claims(token)), **keys}

    def port_is_bindable(_host: str, _port: int) -> bool:
        return False

    eventbridge._invoke_target = invoke_target
    cloudwatch._describe_alarms = describe_alarms
    persistence._json_default = json_default
    iam_actions.extract_iam_action = extract_iam_action
    iam_actions.extract_resource_arn = extract_resource_arn
    iam_actions.request_tag_context = request_tag_context
    sts._web_identity_principal = web_identity_principal
    app._port_is_bindable = port_is_bindable


def main() -> None:
    installed = version("ministack")
    if installed != WRITTEN_FOR:
        raise SystemExit(f"written for ministack {WRITTEN_FOR}, not {installed}; remove build/ministack")
    # MiniStack reads the environment at import, and is absent where only the helpers are tested.
    from ministack import app  # noqa: PLC0415
    from ministack.core import (  # noqa: PLC0415
        iam_actions,
        iam_evaluator,
        lambda_runtime,
        persistence,
        responses,
        router,
    )
    from ministack.services import (  # noqa: PLC0415
        athena,
        cloudwatch,
        eventbridge,
        glue,
        iam,
        lambda_svc,
        s3,
        stepfunctions,
        sts,
    )

    patch(
        eventbridge=eventbridge,
        cloudwatch=cloudwatch,
        persistence=persistence,
        iam_actions=iam_actions,
        app=app,
        sts=sts,
        iam=iam,
        athena=athena,
    )
    # By name: the package `ops` is not here, but a script's own folder is on its path.
    import_module("map_runs").patch(stepfunctions, s3)
    import_module("glue_runs").patch(glue, lambda_runtime, responses)
    import_module("missing_keys").patch(app, iam_evaluator, iam_actions, router)
    import_module("shared_layers").patch(lambda_runtime, lambda_svc)
    request_log = import_module("request_log")
    if path := os.environ.get(request_log.VARIABLE):
        request_log.patch(iam_evaluator, iam_actions, Path(path))
    constants.SSL_SHUTDOWN_TIMEOUT = GOODBYE_SECONDS
    app.main()


if __name__ == "__main__":
    main()
