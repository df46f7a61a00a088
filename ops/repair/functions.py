"""Small repairs through the stack's own parts: reconcile, pause, resume."""

import json
from datetime import UTC, datetime
from typing import Any, Final

from coinlake.errors import BadConfiguration, CoinlakeError
from ops.dates import Days
from ops.stack import Stack

# What GetSchedule tells and UpdateSchedule wants back: it replaces the whole schedule.
_SETTINGS: Final = (
    "ActionAfterCompletion",
    "Description",
    "EndDate",
    "FlexibleTimeWindow",
    "GroupName",
    "KmsKeyArn",
    "Name",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "Target",
)


class FunctionFailed(CoinlakeError):
    """A function raised; the message is its own."""


def reconcile(stack: Stack, days: Days | int) -> dict[str, Any]:
    """Requeue raw objects without a ledger entry; returns what functions/reconcile/handler.py does."""
    span: dict[str, Any] = (
        {"days": days} if isinstance(days, int) else {"start": str(days.start), "end": str(days.end)}
    )
    return _invoked(stack, "reconcile", span)


def audit(stack: Stack, days: int) -> dict[str, Any]:
    """Account for the candles of the last ``days``; returns what functions/audit/handler.py does."""
    return _invoked(stack, "audit", {"days": days})


def _invoked(stack: Stack, stage: str, event: dict[str, Any]) -> dict[str, Any]:
    answer = stack.aws.client("lambda").invoke(FunctionName=stack.functions[stage], Payload=json.dumps(event))
    result: dict[str, Any] = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise FunctionFailed(f"{stage} failed: {result.get('errorMessage', answer['FunctionError'])}")
    return result


def set_schedule(stack: Stack, feed: str, *, enabled: bool) -> None:
    """Switch a feed's schedule, and let notify's watch know; its history and settings stay."""
    name = stack.schedules["feeds"].get(feed)
    if not name:
        known = ", ".join(sorted(stack.schedules["feeds"]))
        raise BadConfiguration(f"there is no feed {feed[:80]!r} with a schedule; the feeds are {known}")
    scheduler = stack.aws.client("scheduler")
    current = scheduler.get_schedule(GroupName=stack.schedules["group"], Name=name)
    kept = {field: current[field] for field in _SETTINGS if field in current}
    scheduler.update_schedule(**kept, State="ENABLED" if enabled else "DISABLED")
    _mark_paused(stack, feed, paused=not enabled)


def _mark_paused(stack: Stack, feed: str, *, paused: bool) -> None:
    """What functions/notify/state.py reads, so that nobody is mailed that a paused feed is late."""
    key = {"pk": {"S": f"feed#{feed}"}, "sk": {"S": "paused"}}
    table = stack.aws.client("dynamodb")
    if paused:
        since = {"since": {"S": datetime.now(UTC).isoformat(timespec="microseconds")}}
        table.put_item(TableName=stack.state_table, Item=key | since)
    else:
        table.delete_item(TableName=stack.state_table, Key=key)
