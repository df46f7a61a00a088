"""The fault plan: which requests are to go wrong, how, and how often; validated before it is taken."""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final

MAX_RULES: Final = 100
MAX_TIMES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Parameter:
    """A fault's parameter: its default, and for numbers the range it must lie in."""

    default: bool | int | float | str
    low: float = 0
    high: float = 0


ROWS: Final = {"rows": Parameter(1, 1, 1_000)}
FAULTS: Final[dict[str, dict[str, Parameter]]] = {
    "404": {},
    "418": {"seconds": Parameter(120, 0, 259_200)},
    "429": {},
    "429_retry_after": {"seconds": Parameter(2, 0, 3_600)},
    "451": {},
    "500": {},
    "503": {},
    "html_200": {},
    "empty": {},
    "truncated": {"silent": Parameter(False)},
    "drip": {"bytes": Parameter(16, 1, 65_536), "seconds": Parameter(1.0, 0.01, 60)},
    "nan": ROWS,
    "wrong_types": ROWS,
    "null_price": ROWS,
    "missing_assets": ROWS,
    "hole": ROWS,
    "revised": ROWS,
    "bad_checksum": {},
    "redirect": {"to": Parameter("http://169.254.169.254/latest/meta-data/")},
    "gzip_bomb": {"megabytes": Parameter(200, 1, 1_024)},
    "reset": {},
}


class BadControlRequest(Exception):
    """A plan, shock or stream order that is refused; the message is one sentence."""


@dataclass(slots=True)
class FaultRule:
    """One line of the plan; ``remaining`` None means for ever."""

    path: str
    fault: str
    times: int | None
    query: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    remaining: int | None = None
    applied: int = 0

    def matches(self, path: str, query: str) -> bool:
        """Whether this request is meant and the rule not used up."""
        fits = fnmatchcase(path, self.path) and (self.query is None or fnmatchcase(query, self.query))
        return fits and self.remaining != 0

    def described(self) -> dict[str, object]:
        """The rule as ``GET /_faults`` shows it."""
        return {name: getattr(self, name) for name in self.__slots__}


class FaultPlan:
    """The rules in force; the first that matches a request is applied to it."""

    def __init__(self) -> None:
        self.rules: list[FaultRule] = []

    def match(self, path: str, query: str) -> FaultRule | None:
        """The rule for this request, counted."""
        rule = next((rule for rule in self.rules if rule.matches(path, query)), None)
        if rule is not None:
            rule.applied += 1
            rule.remaining = None if rule.remaining is None else rule.remaining - 1
        return rule


def parse_plan(document: object) -> list[FaultRule]:
    """The rules of a JSON list; ``BadControlRequest`` names the rule and what to write instead."""
    if not isinstance(document, list):
        raise BadControlRequest(
            'A fault plan is a JSON list of rules such as {"path": "*/coins/markets", "fault": "500"}.'
        )
    if len(document) > MAX_RULES:
        raise BadControlRequest(f"A fault plan has at most {MAX_RULES} rules, not {len(document)}.")
    return [_rule(number, entry) for number, entry in enumerate(document, 1)]


def _rule(number: int, entry: object) -> FaultRule:
    if not isinstance(entry, dict):
        raise BadControlRequest(f"Rule {number} is no JSON object.")
    unknown = set(entry) - {"path", "query", "fault", "times", "params"}
    if unknown:
        raise BadControlRequest(
            f"Rule {number} has the unknown field {min(unknown)!r}; use path, query, fault, times, params."
        )
    fault = entry.get("fault")
    if not isinstance(fault, str) or fault not in FAULTS:
        raise BadControlRequest(f"Rule {number}: fault {fault!r} is unknown; use one of {', '.join(FAULTS)}.")
    path, query = entry.get("path", "*"), entry.get("query")
    for name, glob in (("path", path), ("query", "*" if query is None else query)):
        if not isinstance(glob, str) or not glob:
            raise BadControlRequest(
                f"Rule {number}: {name} must be a glob such as */coins/markets, not {glob!r}."
            )
    times = entry.get("times")
    if times is not None and (type(times) is not int or not 1 <= times <= MAX_TIMES):
        raise BadControlRequest(
            f"Rule {number}: times must be null or a whole number from 1 to {MAX_TIMES}, not {times!r}."
        )
    params = _params(number, fault, entry.get("params", {}))
    return FaultRule(path, fault, times, query, params, remaining=times)


def _params(number: int, fault: str, given: object) -> dict[str, Any]:
    known = FAULTS[fault]
    if not isinstance(given, dict) or set(given) - set(known):
        raise BadControlRequest(
            f"Rule {number}: {fault} takes {', '.join(known) or 'no'} params, not {given!r}."
        )
    for name, value in given.items():
        _check(number, name, value, known[name])
    return {name: given.get(name, parameter.default) for name, parameter in known.items()}


def _check(number: int, name: str, value: object, parameter: Parameter) -> None:
    default = parameter.default
    if isinstance(default, bool | str):
        if not isinstance(value, type(default)):
            raise BadControlRequest(
                f"Rule {number}: {name} must be a {type(default).__name__}, not {value!r}."
            )
        return
    numeric = isinstance(value, int if isinstance(default, int) else int | float) and not isinstance(
        value, bool
    )
    if not numeric or not parameter.low <= value <= parameter.high:  # type: ignore[operator]
        raise BadControlRequest(
            f"Rule {number}: {name} must be from {parameter.low} to {parameter.high}, not {value!r}."
        )
