"""``coinlake alerts``: what the rules would mail."""

from datetime import timedelta
from typing import Annotated

import typer

from ops import dates
from ops.alerts import tables
from ops.alerts.dry_run import DryRun
from ops.commands.options import LOOK, Env, Json
from ops.dates import DateRange
from ops.documents import print_json
from ops.progress import console
from ops.stack import Stack

app = typer.Typer()
group = typer.Typer(
    no_args_is_help=True,
    help="Try the rules that mail you, which terraform/environments/<environment>.tfvars declares as "
    "alert_rules, on the data that the lake holds.",
)
app.add_typer(group, name="alerts", rich_help_panel=LOOK)


@group.command("test")
def test_rules(
    date_: Annotated[
        str, typer.Option("--date", help="The day, UTC, for example 2026-11-20; yesterday without it.")
    ] = "",
    *,
    env: Env = "local",
    as_json: Json = False,
) -> None:
    """Show which rules fire on a day's data, with value, threshold and subject. Nothing is sent.

    The rules are those of the deployed stack. For today, the digest is shown, too.
    """
    now = dates.now()
    text = date_ or str(now.date() - timedelta(days=1))
    day = DateRange.parse(text, text, now.date()).start
    stack = Stack.find(env)
    config = stack.config()
    dry_run = DryRun.of(stack.lake, config, day)
    with console.status(f"Reading the data of {day}"):
        fired = dry_run.fired()
        digest = dry_run.digest(now) if day == now.date() else None
    if as_json:
        print_json(tables.document(config, day, fired, digest))
        return
    console.print(tables.rules_table(config, day, fired))
    if digest:
        console.print(tables.digest_text(config, digest), markup=False)
