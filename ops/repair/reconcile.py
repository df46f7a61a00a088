"""Raw compared with the ledger, by the stack's own function."""

from typing import Any

from ops.dates import DateRange
from ops.stack import Stack


def reconcile(stack: Stack, days: DateRange | int) -> dict[str, Any]:
    """Requeue raw objects without a ledger entry; returns what functions/reconcile/handler.py does.

    ``days`` is a range, or a number of days, today included.
    """
    span: dict[str, Any] = (
        {"days": days} if isinstance(days, int) else {"start": str(days.start), "end": str(days.end)}
    )
    return stack.invoke("reconcile", span)
