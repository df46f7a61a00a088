"""``coinlake rebuild``: zones computed anew, compared with what the lake holds, and repaired."""

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from rich.table import Table

from coinlake import keys
from coinlake.errors import BadConfiguration, BadKey
from coinlake.keys import QuarantineKey, RawKey, TrustedKey
from ops import dates
from ops.commands.options import REPAIR, Env, Json, Yes, confirm
from ops.dates import DateRange
from ops.documents import print_json
from ops.listing import entries
from ops.progress import Step, console, step
from ops.rebuild.comparison import ComparedObject, Comparison, State, by_partition
from ops.rebuild.on_spark import Rebuild, faults, rebuild_on_spark, report_table
from ops.stack import Stack

app = typer.Typer()
HASH_CHARACTERS: Final = 12
FIRST_DAY: Final = "2009-01-03"  # of the first Bitcoin block: no market is older
_COLOURS: Final = {State.EQUAL: "green", State.CHANGED: "yellow"}


class On(StrEnum):
    """Where zones are computed."""

    HERE = "here"
    SPARK = "spark"


class Stage(StrEnum):
    TRUSTED = "trusted"
    REFINED = "refined"
    BOTH = "both"
    SNAPPY = "snappy"


class Only(StrEnum):
    """Which raw objects: without a ledger entry; not done by the deployed code; all."""

    MISSING = "missing"
    STALE = "stale"
    ALL = "all"


@app.command(rich_help_panel=REPAIR)
def rebuild(
    *,
    check: Annotated[
        bool, typer.Option(help="Compare only: trusted with raw, refined with trusted; change nothing.")
    ] = False,
    on: Annotated[
        On, typer.Option(help="On this machine, or by the stack's Spark job: spark/README.md.")
    ] = On.HERE,
    stage: Annotated[
        Stage,
        typer.Option(help="On Spark: which zone, or both; snappy copies the live tables to snappy/."),
    ] = Stage.BOTH,
    only: Annotated[
        Only,
        typer.Option(help="On Spark: raw objects never done, not done by this code, or all."),
    ] = Only.STALE,
    source: Annotated[str | None, typer.Option(help="On Spark: only this source.")] = None,
    dataset: Annotated[str | None, typer.Option(help="On Spark: only this dataset.")] = None,
    start: Annotated[str | None, typer.Option(help="On Spark: first day of the raw objects, UTC.")] = None,
    end: Annotated[str | None, typer.Option(help="On Spark: last day, UTC; today without it.")] = None,
    flex: Annotated[bool, typer.Option(help="On Spark: spare capacity, a third cheaper.")] = True,
    yes: Yes = False,
    as_json: Json = False,
    env: Env = "local",
) -> None:
    """Compute refined anew from trusted, and replace what differs; --check only compares, trusted too.

    Trusted is replaced by `coinlake replay --force`, or on Spark, which rebuilds both zones.
    """
    stack = Stack.find(env)
    if on is On.SPARK:
        chosen = {"--source": source, "--dataset": dataset, "--only": str(only), **_days(start, end)}
        arguments = {name: value for name, value in chosen.items() if value}
        if check:
            raise BadConfiguration("--check compares on this machine; leave out --on spark")
        if stage is Stage.SNAPPY and (source or dataset):
            raise BadConfiguration(
                "--stage snappy copies the tables of all sources; leave out --source and --dataset"
            )
        what = "Copy the live tables" if stage is Stage.SNAPPY else f"Rebuild {stage}"
        if yes or confirm(f"{what} of {env} on Spark?"):
            _on_spark(stack, Rebuild(stage, arguments, flex=flex), as_json=as_json)
        return
    with tempfile.TemporaryDirectory() as folder:
        trusted = _compare_trusted(stack, Path(folder) / "trusted") if check else []
        comparison, refined = _compare_refined(stack, Path(folder) / "refined")
        verdicts = [*trusted, *refined]
        console.print(verdicts_table(verdicts))
        wrong = [verdict for verdict in refined if verdict.is_wrong]
        replaced = None
        if not check and wrong and (yes or confirm(f"Replace {len(wrong):,} parts of refined?")):
            replaced = sum(comparison.repair(verdict) for verdict in wrong)
            console.print(
                f"{replaced:,} parts replaced, {len(wrong) - replaced:,} rewritten by refine meanwhile"
            )
    if as_json:
        print_json({"partitions": _documents(verdicts), "replaced": replaced})
    if replaced is None and any(verdict.is_wrong for verdict in verdicts):
        sys.exit(1)


def _days(start: str | None, end: str | None) -> dict[str, str]:
    """The job's arguments of the days; none where neither is given."""
    if not start and not end:
        return {}
    today = dates.now().date()
    days = DateRange.parse(start or FIRST_DAY, end or str(today), today, sure=True)
    return {"--start": str(days.start), "--end": str(days.end)}


def _on_spark(stack: Stack, rebuild: Rebuild, *, as_json: bool) -> None:
    finished = rebuild_on_spark(stack, rebuild)
    console.print(report_table(finished))
    for line in faults(finished):
        console.print(f"[red]✗[/] {line}")
    if as_json:
        print_json(
            {"runs": [{"run": run.name, "state": run.state, "report": run.report} for run in finished]}
        )
    if not all(run.succeeded for run in finished):
        sys.exit(1)


def _documents(verdicts: Iterable[ComparedObject]) -> list[dict[str, Any]]:
    """For ``--json``: an entry for each partition, with the files that are not equal."""
    return [
        {
            "partition": partition,
            "files": len(objects),
            "verdicts": Counter(str(verdict.state) for verdict in objects),
            "unequal": [
                {
                    "key": verdict.key,
                    "verdict": str(verdict.state),
                    "sha256": verdict.real or None,
                    "computed_sha256": verdict.computed or None,
                }
                for verdict in objects
                if verdict.state is not State.EQUAL
            ],
        }
        for partition, objects in by_partition(verdicts).items()
    ]


def _zones() -> Any:
    """The stages' own code. It brings pandas, which takes a second that no other command should."""
    from ops.rebuild import zones  # noqa: PLC0415 - see above

    return zones


def _compare_trusted(stack: Stack, folder: Path) -> list[ComparedObject]:
    """Every trusted and quarantine file whose raw object the ledger knows, computed anew and compared."""
    with step("Trusted from raw") as current:
        scratch, objects = _zones().rebuild_trusted(stack, folder, _reporter(current))
        rebuilt = {_slot(key) for key in objects}
        all_entries = [*entries(stack.lake, keys.TRUSTED), *entries(stack.lake, keys.QUARANTINE)]
        listed = [entry for entry in all_entries if _origin(entry.key) in rebuilt]
        for key in scratch.paths(keys.LEDGER):
            (folder / key).unlink()
        verdicts = list(Comparison.of(stack.lake, scratch, listed))
        current.conclude(_summary(verdicts))
    return verdicts


def _compare_refined(stack: Stack, folder: Path) -> tuple[Comparison, list[ComparedObject]]:
    if waiting := stack.queue("refine").depth(in_flight=True):
        console.print(f"{waiting:,} events wait for refine: the parts that they touch will differ")
    listed = list(entries(stack.lake, keys.REFINED))
    with step("Refined from trusted") as current:
        scratch = _zones().rebuild_refined(stack, folder, _reporter(current))
        comparison = Comparison.of(stack.lake, scratch, listed)
        verdicts = list(comparison)
        current.conclude(_summary(verdicts))
    return comparison, verdicts


def _reporter(current: Step) -> Callable[[int, int], None]:
    return lambda done, all_: current.say(f"{done:,} of {all_:,} files")


def _slot(key: RawKey | TrustedKey | QuarantineKey) -> tuple[str, str, str]:
    return key.source, key.dataset, str(key.slot)


def _origin(key: str) -> tuple[str, str, str] | None:
    kind = TrustedKey if key.startswith(keys.TRUSTED) else QuarantineKey
    try:
        return _slot(kind.parse(key))
    except BadKey:
        return None


def _summary(verdicts: Iterable[ComparedObject]) -> str:
    counts = Counter(verdict.state for verdict in verdicts)
    return ", ".join(f"{counts[state]:,} {state}" for state in State if counts[state]) or "nothing there"


def verdicts_table(verdicts: Iterable[ComparedObject]) -> Table:
    """One line for each partition; its hash where it is one file."""
    table = Table("partition", "files", "SHA-256", "verdict")
    for partition, objects in by_partition(verdicts).items():
        worst = next((verdict for verdict in objects if verdict.state is not State.EQUAL), objects[0])
        real, computed = (text[:HASH_CHARACTERS] or "none" for text in (worst.real, worst.computed))
        if worst.state is State.EQUAL:
            hashes = computed if len(objects) == 1 else ""
        else:
            hashes = f"{real} / {computed}"
        colour = _COLOURS.get(worst.state, "red")
        table.add_row(escape(partition), f"{len(objects):,}", hashes, f"[{colour}]{_summary(objects)}[/]")
    return table
