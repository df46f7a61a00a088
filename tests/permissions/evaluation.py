"""IAM's decision on a request, by the policies of a role.

As much of the language as our roles' policies use; anything else raises, so that nothing is decided by a
guess. MiniStack's own evaluator is not used: it decides what is enforced, and this one is compared with it.
Source: IAM User Guide, "Policy evaluation logic", "IAM JSON policy elements: Condition operators".
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

Statement = Mapping[str, Any]
Value = str | tuple[str, ...]

FOR_ALL_VALUES: Final = "ForAllValues:"
# Of ARNs AWS compares each part by itself; none of our patterns has a wildcard that could pass a colon.
WITH_WILDCARDS: Final = ("StringLike", "ArnLike", "ArnEquals")
EXACT: Final = ("StringEquals",)
ELEMENTS: Final = {"Sid", "Effect", "Action", "Resource", "Condition"}


@dataclass(frozen=True, slots=True)
class Request:
    """What a role asks of AWS; ``context`` holds condition keys in lower case."""

    role: str
    action: str
    resource: str
    context: Mapping[str, Value] = field(default_factory=dict)


def is_allowed(request: Request, statements: Iterable[Statement]) -> bool:
    """A Deny wins over every Allow."""
    found = {statement["Effect"] for statement in statements if matches(request, statement)}
    return found == {"Allow"}


def matches(request: Request, statement: Statement) -> bool:
    """Whether the statement is about the request; ``ValueError`` for a statement that is not understood."""
    if unknown := statement.keys() - ELEMENTS:
        raise ValueError(f"{statement.get('Sid')}: {', '.join(sorted(unknown))} is not evaluated here")
    return (
        any(is_like(request.action.lower(), action.lower()) for action in listed(statement["Action"]))
        and any(is_like(request.resource, resource) for resource in listed(statement["Resource"]))
        and all(
            _holds(operator, request.context.get(key.lower()), listed(values))
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _holds(operator: str, actual: Value | None, expected: list[str]) -> bool:
    """Whether one key satisfies one condition; a key that a request lacks satisfies only ForAllValues."""
    for_all, name = operator.startswith(FOR_ALL_VALUES), operator.removeprefix(FOR_ALL_VALUES)
    if name not in (*WITH_WILDCARDS, *EXACT):
        raise ValueError(f"the condition operator {operator} is not evaluated here")
    compare = is_like if name in WITH_WILDCARDS else str.__eq__
    if actual is None:
        return for_all
    return all(any(compare(value, pattern) for pattern in expected) for value in listed(actual))


def is_like(text: str, pattern: str) -> bool:
    """``*`` stands for any characters, ``?`` for one."""
    return bool(_compiled(pattern).fullmatch(text))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def listed(value: Any) -> list[str]:
    """A policy's value, which may stand alone or in a list."""
    return [value] if isinstance(value, str) else list(value)
