"""``coinlake replay``: raw objects through transform again."""

from typing import Annotated, Final

import typer

from ops import dates
from ops.commands.options import REPAIR, End, Env, Json, Yes, confirm
from ops.dates import DateRange
from ops.documents import print_json
from ops.listing import Entry
from ops.progress import step
from ops.repair import replay
from ops.stack import Stack

app = typer.Typer()
DRAIN_SECONDS: Final = 600


@app.command("replay", rich_help_panel=REPAIR)
def run_replay(
    *,
    start: Annotated[str, typer.Option(help="First day of the raw objects, UTC.")],
    end: End = None,
    source: Annotated[str | None, typer.Option(help="Only this source, for example coingecko.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Only this dataset, for example quotes.")] = None,
    force: Annotated[bool, typer.Option(help="Also objects that the deployed code already did.")] = False,
    wait: Annotated[bool, typer.Option(help="Wait until transform has done them.")] = True,
    yes: Yes = False,
    as_json: Json = False,
    env: Env = "local",
) -> None:
    """Send raw objects through transform again, after a parser was fixed.

    An object that the deployed code already did is skipped by transform; --force does it again.
    """
    today = dates.now().date()
    days, stack = DateRange.parse(start, end or str(today), today, sure=yes), Stack.find(env)
    with step("Raw objects") as current:
        chosen = replay.Selection(source, dataset, days).of(stack)
        current.conclude(f"{len(chosen):,} from {days.start} to {days.end}")
    queued = bool(chosen) and (yes or confirm(f"Send {len(chosen):,} objects through transform again?"))
    if queued:
        _send(stack, chosen, force=force, wait=wait)
    if as_json:
        print_json(
            {
                "start": str(days.start),
                "end": str(days.end),
                "objects": len(chosen),
                "queued": len(chosen) if queued else 0,
            }
        )


def _send(stack: Stack, chosen: list[Entry], *, force: bool, wait: bool) -> None:
    """Queue the objects, and wait until transform has processed them."""
    with step("Queueing") as current:
        if force:
            replay.clear_version(stack, chosen)
        replay.send(stack, chosen, lambda sent: current.say(f"{sent:,} of {len(chosen):,}"))
    if wait:
        with step("Transform works") as current:
            replay.wait(stack, DRAIN_SECONDS, lambda left: current.say(f"{left} left"))
