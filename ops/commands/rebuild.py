"""``coinlake rebuild``: zones computed anew, compared with what the lake holds, and mended."""

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from coinlake import keys
from coinlake.errors import BadKey
from coinlake.keys import QuarantineKey, RawKey, TrustedKey
from ops.commands.options import REPAIR, Env, Yes, agreed
from ops.listing import Entry, entries
from ops.progress import Step, console, step
from ops.rebuild.comparison import Compared, Comparison, State, by_partition
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
    env: Env = "local",
) -> None:
    """Compute refined anew from trusted, and put right what differs; --check only compares, trusted too.

    Trusted is put right by `coinlake replay --force`.
    """
    stack = Stack.find(env)
    with tempfile.TemporaryDirectory() as folder:
        found = _trusted(stack, Path(folder) / "trusted") if check else []
        comparison, refined = _refined(stack, Path(folder) / "refined")
        _show([*found, *refined])
        wrong = [one for one in refined if one.state not in (State.EQUAL, State.CHANGED)]
        if not check and wrong and (yes or agreed(f"Replace {len(wrong):,} parts of refined?")):
            mended = sum(comparison.mend(one) for one in wrong)
            console.print(f"{mended:,} parts put right, {len(wrong) - mended:,} replaced by refine meanwhile")
            return
    if any(one.state not in (State.EQUAL, State.CHANGED) for one in (*found, *refined)):
        sys.exit(1)


def _zones() -> Any:
    """The stages' own code. It brings pandas, which takes a second that no other command should."""
    from ops.rebuild import zones  # noqa: PLC0415 - see above

    return zones


def _trusted(stack: Stack, folder: Path) -> list[Compared]:
    """Every trusted and quarantine file whose raw object the ledger knows, computed anew and compared."""
    with step("Trusted from raw") as current:
        scratch, objects = _zones().trusted(stack, folder, _reporter(current))
        done = {_slot(key) for key in objects}
        listed = [*entries(stack.lake, keys.TRUSTED), *entries(stack.lake, keys.QUARANTINE)]
        ours = [entry for entry in listed if _origin(entry.key) in done]
        for key in scratch.paths(keys.LEDGER):
            (folder / key).unlink()
        found = list(Comparison.of(stack.lake, scratch, ours))
        current.conclude(_summary(found))
    return found


def _refined(stack: Stack, folder: Path) -> tuple[Comparison, list[Compared]]:
    if waiting := stack.queue("refine").depth(in_flight=True):
        console.print(f"{waiting:,} events wait for refine: the parts that they touch will differ")
    before: list[Entry] = list(entries(stack.lake, keys.REFINED))
    with step("Refined from trusted") as current:
        scratch = _zones().refined(stack, folder, _reporter(current))
        comparison = Comparison.of(stack.lake, scratch, before)
        found = list(comparison)
        current.conclude(_summary(found))
    return comparison, found


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


def _summary(found: Iterable[Compared]) -> str:
    counts = Counter(one.state for one in found)
    return ", ".join(f"{counts[state]:,} {state}" for state in State if counts[state]) or "nothing there"


def _show(found: Iterable[Compared]) -> None:
    """One line for each partition; its hash where it is one file."""
    table = Table("partition", "files", "SHA-256", "verdict")
    for partition, objects in by_partition(found).items():
        worst = next((one for one in objects if one.state is not State.EQUAL), objects[0])
        hashes = worst.computed[:HASH_CHARACTERS] if worst.state is State.EQUAL and len(objects) == 1 else ""
        if worst.state is not State.EQUAL:
            hashes = (
                f"{worst.real[:HASH_CHARACTERS] or 'none'} / {worst.computed[:HASH_CHARACTERS] or 'none'}"
            )
        colour = _COLOURS.get(worst.state, "red")
        table.add_row(partition, f"{len(objects):,}", hashes, f"[{colour}]{_summary(objects)}[/]")
    console.print(table)
