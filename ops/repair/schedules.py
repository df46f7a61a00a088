"""Schedules: switched off and on."""

from typing import Final

from coinlake import items
from coinlake.errors import BadConfiguration
from ops import dates
from ops.stack import Stack

# What GetSchedule returns and UpdateSchedule must be given again: it replaces the whole schedule.
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


def set_schedule(stack: Stack, feed: str, *, enabled: bool) -> None:
    """Switch a feed's schedule, and let notify's watch know; its history and settings stay."""
    name = stack.schedules["feeds"].get(feed)
    if not name:
        known = ", ".join(sorted(stack.schedules["feeds"]))
        raise BadConfiguration(f"there is no feed {feed[:80]!r} with a schedule; the feeds are {known}")
    switch(stack, name, enabled=enabled)
    _mark_paused(stack, feed, paused=not enabled)


def switch(stack: Stack, name: str, *, enabled: bool) -> bool:
    """Switch the schedule of that name; whether it was on before."""
    scheduler = stack.aws.client("scheduler")
    current = scheduler.get_schedule(GroupName=stack.schedules["group"], Name=name)
    kept = {field: current[field] for field in _SETTINGS if field in current}
    scheduler.update_schedule(**kept, State="ENABLED" if enabled else "DISABLED")
    return bool(current["State"] == "ENABLED")


def _mark_paused(stack: Stack, feed: str, *, paused: bool) -> None:
    """What functions/notify/state.py reads, so that nobody is mailed that a paused feed is late."""
    key = {"pk": f"feed#{feed}", "sk": "paused"}
    table = stack.aws.client("dynamodb")
    if paused:
        item = items.serialize({**key, "since": items.sortable(dates.now())})
        table.put_item(TableName=stack.state_table, Item=item)
    else:
        table.delete_item(TableName=stack.state_table, Key=items.serialize(key))
