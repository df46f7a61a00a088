"""``replay``, ``reconcile``, ``redrive``, ``pause``, ``resume``."""

from typing import Annotated, Final

import typer

from ops.commands.options import Env, Yes, agreed
from ops.dates import Days
from ops.progress import console, step
from ops.repair import functions as repairs
from ops.repair import redrive, replay
from ops.stack import Stack
from ops.status import report as status

DRAIN_SECONDS: Final = 600
Start = Annotated[str | None, typer.Option(help="First day, UTC, for example 2026-11-01.")]
End = Annotated[str | None, typer.Option(help="Last day, UTC; today without it.")]

app = typer.Typer()
PANEL: Final = "Repair"


@app.command("replay", rich_help_panel=PANEL)
def run_replay(
    *,
    start: Annotated[str, typer.Option(help="First day of the raw objects, UTC.")],
    end: End = None,
    source: Annotated[str | None, typer.Option(help="Only this source, for example coingecko.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Only this dataset, for example quotes.")] = None,
    force: Annotated[bool, typer.Option(help="Also objects that the deployed code already did.")] = False,
    wait: Annotated[bool, typer.Option(help="Wait until transform has done them.")] = True,
    yes: Yes = False,
    env: Env = "local",
) -> None:
    """Send raw objects through transform again, after a parser was mended.

    An object that the deployed code already did is skipped by transform; --force does it again.
    """
    today = status.now().date()
    days, stack = Days.parse(start, end or str(today), today, sure=yes), Stack.find(env)
    with step("Raw objects") as current:
        chosen = replay.Selection(source, dataset, days).of(stack)
        current.conclude(f"{len(chosen):,} from {days.start} to {days.end}")
    if not chosen or not (yes or agreed(f"Send {len(chosen):,} objects through transform again?")):
        return
    with step("Queueing") as current:
        if force:
            replay.unmark(stack, chosen)
        replay.send(stack, chosen, lambda sent: current.say(f"{sent:,} of {len(chosen):,}"))
    if wait:
        with step("Transform works") as current:
            replay.wait(stack, DRAIN_SECONDS, lambda left: current.say(f"{left:,} left"))


@app.command("reconcile", rich_help_panel=PANEL)
def run_reconcile(
    days: Annotated[int, typer.Option(min=1, max=3653, help="Compare this many days, today included.")] = 7,
    start: Start = None,
    end: End = None,
    yes: Yes = False,
    env: Env = "local",
) -> None:
    """Compare raw with the ledger and requeue what was lost; the stack does it daily by itself."""
    today = status.now().date()
    span = Days.parse(start, end or str(today), today, sure=yes) if start else days
    stack = Stack.find(env)
    with step("Comparing raw with the ledger"):
        result = repairs.reconcile(stack, span)
    counts = f"{result['raw']:,} raw objects, {result['ledger']:,} ledger entries"
    console.print(f"{counts}, {result['requeued_count']:,} requeued")
    for key in result["requeued"]:
        console.print(f"  {key}")


@app.command("redrive", rich_help_panel=PANEL)
def run_redrive(
    stage: Annotated[str, typer.Argument(help="ingest, transform, refine or notify.")], env: Env = "local"
) -> None:
    """Empty a stage's dead-letter queue back to where its messages came from, once the fault is mended."""
    stack = Stack.find(env)
    with step(f"Redriving {stage}") as current:
        done = redrive.redrive(stack, stage, lambda sent: current.say(f"{sent:,} sent back"))
        current.conclude(f"{done.sent:,} sent back")
    if done.kept:
        console.print(f"{done.kept:,} messages stay in the queue: nothing of ours wrote them")


@app.command(rich_help_panel=PANEL)
def pause(feed: Annotated[str, typer.Argument(help="The feed's name.")], env: Env = "local") -> None:
    """Stop a feed's schedule; everything collected stays."""
    _switch(feed, env, enabled=False)
    console.print(
        f"{feed} is paused until the next deploy; add it to paused_feeds in {env}.tfvars to make it last"
    )


@app.command(rich_help_panel=PANEL)
def resume(feed: Annotated[str, typer.Argument(help="The feed's name.")], env: Env = "local") -> None:
    """Start a paused feed's schedule again."""
    _switch(feed, env, enabled=True)
    console.print(f"{feed} runs again; if paused_feeds in {env}.tfvars names it, remove it there too")


def _switch(feed: str, env: str, *, enabled: bool) -> None:
    repairs.set_schedule(Stack.find(env), feed, enabled=enabled)
