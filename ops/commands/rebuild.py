"""``coinlake rebuild``: zones computed anew, compared with what the lake holds, and repaired."""

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from rich.table import Table

from coinlake import keys
from coinlake.errors import BadKey
from coinlake.keys import QuarantineKey, RawKey, TrustedKey
from ops.commands.options import REPAIR, Env, Json, Yes, confirm
from ops.documents import print_json
from ops.listing import entries
from ops.progress import Step, console, step
from ops.rebuild.comparison import ComparedObject, Comparison, State, by_partition
from ops.stack import Stack

app = typer.Typer()
HASH_CHARACTERS: Final = 12
_COLOURS: Final = {State.EQUAL: "green", State.CHANGED: "yellow"}


@app.command(rich_help_panel=REPAIR)
def rebuild(
    *,
    check: Annotated[
        bool, typer.Option(help="Compare only: trusted with raw, refined with trusted; change nothing.")
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
    env: Env = "local",
) -> None:
    """Compute refined anew from trusted, and replace what differs; --check only compares, trusted too.

    Trusted is replaced by `coinlake replay --force`.
    """
    stack = Stack.find(env)
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
