"""Starts MiniStack as coinlake needs it; runs in MiniStack's own virtual environment.

Two things are put right in private functions, so the version is pinned in requirements.txt and
tests/contract/test_ministack_launcher.py holds both to what they were written for:

- EventBridge Scheduler's ``<aws.scheduler.scheduled-time>`` reaches the target as it stands, where
  AWS puts the time that the schedule was due (User Guide, "Adding context attributes").
- With TLS it would also listen on port 443 where it may; a demo opens only the port it was given.

And asyncio is told not to wait half a minute for each client that hangs up without TLS's goodbye,
as most do: `coinlake down` would wait as long before the state is saved.
"""

from asyncio import constants
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Final

WRITTEN_FOR: Final = "1.5.33"
SCHEDULED_TIME: Final = "<aws.scheduler.scheduled-time>"
GOODBYE_SECONDS: Final = 1.0


def scheduled(target: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """The target with the due time in its input, when ``event`` is a schedule's.

    MiniStack looks for due schedules every ten seconds and cron fires on whole minutes, so the
    due time is the moment of firing floored to the minute.
    """
    text = target.get("Input")
    if event.get("Source") != "aws.scheduler" or not text or SCHEDULED_TIME not in text:
        return target
    due = datetime.fromtimestamp(event["Time"] // 60 * 60, UTC)
    return {**target, "Input": text.replace(SCHEDULED_TIME, due.strftime("%Y-%m-%dT%H:%M:%SZ"))}


def patch(eventbridge: Any, app: Any) -> None:
    """Put the two functions right; see the module's text."""
    deliver = eventbridge._invoke_target

    def invoke_target(target: dict[str, Any], event: dict[str, Any], rule: Any, view: Any = None) -> Any:
        return deliver(scheduled(target, event), event, rule, view)

    def port_is_bindable(_host: str, _port: int) -> bool:
        return False

    eventbridge._invoke_target = invoke_target
    app._port_is_bindable = port_is_bindable


def main() -> None:
    installed = version("ministack")
    if installed != WRITTEN_FOR:
        raise SystemExit(
            f"this launcher is written for ministack {WRITTEN_FOR}, not {installed}; run make clean"
        )
    # MiniStack reads the environment at import, and is absent where only its helpers are tested.
    from ministack import app  # noqa: PLC0415
    from ministack.services import eventbridge  # noqa: PLC0415

    patch(eventbridge, app)
    constants.SSL_SHUTDOWN_TIMEOUT = GOODBYE_SECONDS
    app.main()


if __name__ == "__main__":
    main()
