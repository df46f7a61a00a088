"""The list of prices, and what a quantity costs by it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).resolve().parent / "prices.json"


@dataclass(frozen=True, slots=True)
class Line:
    """So many of one unit in a month, and what they are for."""

    unit: str
    quantity: float
    what: str


@dataclass(frozen=True, slots=True)
class Priced:
    """A unit with everything that uses it: ``list_usd`` without, ``net_usd`` with the always-free tier."""

    title: str
    quantity: float
    list_usd: float
    net_usd: float
    lines: tuple[Line, ...]


@cache
def prices() -> dict[str, Any]:
    """The file as it is."""
    read: dict[str, Any] = json.loads(FILE.read_text())
    return read


def priced(lines: Iterable[Line]) -> list[Priced]:
    """Each unit once, in the file's order: the free tier is of a unit, not of a line."""
    own = list(lines)
    result = []
    for unit, price in prices()["units"].items():
        of_unit = tuple(line for line in own if line.unit == unit and line.quantity)
        quantity = sum(line.quantity for line in of_unit)
        if of_unit:
            each = price["usd"] / price["per"]
            charged = max(0.0, quantity - price.get("free", 0))
            result.append(Priced(price["title"], quantity, quantity * each, charged * each, of_unit))
    return result


def unknown_types(types: Iterable[str]) -> list[str]:
    """Types of resources that the file neither prices nor calls free."""
    known = {*prices()["free_resources"], *PRICED_TYPES}
    return sorted(set(types) - known)


# Whose own existence costs: ops/cost/plan.py counts them.
PRICED_TYPES: Final = {
    "aws_cloudwatch_metric_alarm",
    "aws_db_instance",
    "aws_ecr_repository",
    "aws_ecs_task_definition",
    "aws_kms_key",
    "aws_redshiftserverless_namespace",
    "aws_redshiftserverless_workgroup",
}
