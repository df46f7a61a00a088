"""Runs of a warehouse's own function, one after the other until nothing is left."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from coinlake.errors import CoinlakeError
from coinlake.keys import Partition
from ops.stack import Stack

Say = Callable[[str], None]


class NoWarehouse(CoinlakeError):
    """The stack loads no such warehouse."""


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """Which partitions: none named are all. ``again`` compares rows even where the ledger has the part."""

    tables: tuple[str, ...] = ()
    partition: str | None = None
    again: bool = False

    def to_event(self) -> dict[str, Any]:
        """The function's event; functions/load/README.md says what each name means."""
        event: dict[str, Any] = {"load": "by hand", "by_hand": True}
        if self.tables:
            event["tables"] = list(self.tables)
        if self.partition is not None:
            event["partition"] = str(Partition.parse(self.partition))
        return event


def targets(stack: Stack, named: str | None) -> list[str]:
    """The warehouses of the stack, or the one that is ``named``; ``NoWarehouse`` where there is none."""
    if not stack.load:
        raise NoWarehouse(
            f"{stack.environment} has no warehouse; set load = {{ postgres = {{}} }} in its tfvars and deploy"
        )
    if named is not None and named not in stack.load:
        raise NoWarehouse(
            f"{stack.environment} loads no {named!r}; its warehouses are {', '.join(stack.load)}"
        )
    return [named] if named else sorted(stack.load)


def run(stack: Stack, target: str, options: LoadOptions, say: Say = lambda _: None) -> dict[str, Any]:
    """Load until nothing differs; counts of all invocations, and what failed in the last."""
    event = options.to_event() | ({"again": True} if options.again else {})
    total: dict[str, Any] = {}
    while True:
        answer = stack.invoke_load(target, event)
        for name in ("partitions_loaded", "rows_loaded", "partitions_removed"):
            total[name] = total.get(name, 0) + answer[name]
        total |= {name: answer[name] for name in ("partitions_equal", "partitions_failed", "failures")}
        total["loaded"] = total.get("loaded", {}) | answer["loaded"]
        if not answer["partitions_left"] or not (answer["partitions_loaded"] + answer["partitions_removed"]):
            total["partitions_left"] = answer["partitions_left"]
            return total
        say(f"{answer['partitions_left']:,} partitions left")
        event.pop("again", None)


def plan(stack: Stack, target: str, options: LoadOptions) -> dict[str, Any]:
    """What a run would do, at most 500 partitions of each kind by name."""
    return stack.invoke_load(target, options.to_event() | {"plan": True})


def check(
    stack: Stack, target: str, options: LoadOptions, say: Say = lambda _: None
) -> Sequence[dict[str, Any]]:
    """Every partition's rows and hash in lake, ledger and warehouse, as ``Load.compare`` answers them."""
    compared: list[dict[str, Any]] = []
    event = options.to_event() | {"check": True}
    while True:
        answer = stack.invoke_load(target, event)
        compared += answer["partitions"]
        if answer["next"] is None:
            return compared
        say(f"{len(compared):,} partitions compared")
        event["after"] = answer["next"]


def probe(stack: Stack, target: str) -> dict[str, Any]:
    """Whether the warehouse holds rows of extreme values exactly; null where it has yet to tell."""
    result: dict[str, Any] = stack.invoke_load(target, {"load": "by hand", "probe": True})["probe"]
    return result


def init(stack: Stack, target: str) -> list[str]:
    """Have the warehouse's function make its roles as the administrator; the names of what was made.

    The administrator's password is read with the caller's own rights and goes with this one invocation; no
    log has it. ``NoWarehouse`` for a warehouse that coinlake did not make.
    """
    secret = stack.load[target].get("secret_arn")
    if not secret:
        raise NoWarehouse(
            f"{target} has no administrator here: --init is for postgres with create = true; for others "
            "docs/load.md has the SQL"
        )
    value = stack.aws.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]
    administrator = json.loads(value)
    event = {
        "load": "by hand",
        "init": {"user": administrator["username"], "password": administrator["password"]},
    }
    made: list[str] = stack.invoke_load(target, event)["init"]
    return made
