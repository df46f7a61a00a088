"""What shows that a permission is needed: the request that is refused once it is taken away."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from tests.permissions.documented import uses_of_key
from tests.permissions.evaluation import Request, listed, matches
from tests.permissions.fact import Fact
from tests.permissions.policies import Mutation, Policy, mutations

RECORDED: Final = Path(__file__).with_name("recorded.json")


class How(StrEnum):
    """How a permission is shown to be needed, the strongest first."""

    ENFORCED = "enforced"
    SIMULATED = "simulated"
    DOCUMENTED = "documented"


@dataclass(frozen=True, slots=True)
class Proof:
    """``by`` is the scenario that fails, or the document that says what is asked."""

    mutation: Mutation
    how: How
    by: str


@dataclass(slots=True)
class Evidence:
    """What ``make prove-permissions`` saw: requests by scenario, and the mutations that were really made,
    each with the scenario that failed."""

    requests: list[tuple[str, Request]] = field(default_factory=list)
    enforced: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls) -> "Evidence":
        stored = json.loads(RECORDED.read_text())
        requests = [
            (entry["scenario"], Request(entry["role"], entry["action"], entry["resource"], _context(entry)))
            for entry in stored["requests"]
        ]
        return cls(requests, stored["enforced"])

    def save(self) -> None:
        requests = [
            {
                "scenario": scenario,
                "role": request.role,
                "action": request.action,
                "resource": request.resource,
                **({"context": dict(request.context)} if request.context else {}),
            }
            for scenario, request in self.requests
        ]
        lines = [json.dumps(entry) for entry in requests]
        enforced = [
            f"{json.dumps(name)}: {json.dumps(self.enforced[name])}" for name in sorted(self.enforced)
        ]
        text = '{{"requests": [\n{}\n],\n"enforced": {{\n{}\n}}}}\n'
        RECORDED.write_text(text.format(",\n".join(lines), ",\n".join(enforced)))

    def reduced(self, policies: Sequence[Policy]) -> "Evidence":
        """The first request of each kind: of those that the same parts of the same statements allow."""
        keys = {
            key.lower()
            for policy in policies
            for statement in policy.statements
            for condition in statement.get("Condition", {}).values()
            for key in condition
        }
        kept: dict[object, tuple[str, Request]] = {}
        for scenario, request in self.requests:
            context = {key: value for key, value in request.context.items() if key in keys}
            small = Request(request.role, request.action, request.resource, context)
            allowing = tuple(_allowing(small, [one for one in policies if one.role == small.role]))
            kept.setdefault((small.role, small.action, allowing), (scenario, small))
        return Evidence(list(kept.values()), self.enforced)


def _context(entry: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    return {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in entry.get("context", {}).items()
    }


def _allowing(request: Request, policies: Iterable[Policy]) -> Iterator[str]:
    """Each single part of a statement that allows the request by itself."""
    for policy in policies:
        for statement in policy.statements:
            if not matches(request, statement):
                continue
            yield f"{policy.title} {statement['Sid']}"
            for element in ("Action", "Resource"):
                for value in listed(statement[element]):
                    if matches(request, {**statement, element: value}):
                        yield f"{policy.title} {statement['Sid']} {value}"
            for operator, condition in statement.get("Condition", {}).items():
                for key, values in condition.items():
                    for value in listed(values):
                        narrow = {**statement["Condition"], operator: {**condition, key: value}}
                        if matches(request, {**statement, "Condition": narrow}):
                            yield f"{policy.title} {statement['Sid']} {value}"


def known_requests(evidence: Evidence, facts: Iterable[Fact]) -> list[tuple[How, str, Request]]:
    """Every request that is known, with what each means for a key of one's own."""
    found = [(How.SIMULATED, scenario, request) for scenario, request in evidence.requests]
    found += [(How.DOCUMENTED, fact.source, request) for fact in facts for request in fact.requests()]
    keyed = [
        (how, f"{by}; {source}", use) for how, by, request in found for source, use in uses_of_key(request)
    ]
    return found + keyed


Known = tuple[How, str, Request]


class Needs:
    """The requests that only one statement of a role's policies allows, by that statement."""

    def __init__(self, known: Iterable[Known], policies: Sequence[Policy]) -> None:
        self._by_statement: dict[tuple[str, str], list[Known]] = {}
        for entry in known:
            found = [
                (policy.title, statement["Sid"], statement["Effect"])
                for policy in policies
                if policy.role == entry[2].role
                for statement in policy.statements
                if matches(entry[2], statement)
            ]
            if len(found) == 1 and found[0][2] == "Allow":
                self._by_statement.setdefault(found[0][:2], []).append(entry)

    def refused(self, mutation: Mutation, mutated: Policy) -> Iterator[Known]:
        """Those that nothing allows any more once the policy is ``mutated``."""
        left = [statement for statement in mutated.statements if statement["Sid"] == mutation.sid]
        for entry in self._by_statement.get((mutation.policy, mutation.sid), ()):
            if not any(matches(entry[2], statement) for statement in left):
                yield entry


def proofs(
    policies: Sequence[Policy], evidence: Evidence, facts: Iterable[Fact]
) -> Iterator[tuple[Mutation, Proof | None]]:
    """What can be taken away of one plan's policies, and its proof; None where nothing needs it."""
    needs = Needs(known_requests(evidence, facts), policies)
    for policy in policies:
        for mutation, mutated in mutations(policy):
            found = list(needs.refused(mutation, mutated))
            first = next((entry for how in How for entry in found if entry[0] == how), None)
            if not first:
                yield mutation, None
            elif mutation.id in evidence.enforced:
                yield mutation, Proof(mutation, How.ENFORCED, evidence.enforced[mutation.id])
            else:
                yield mutation, Proof(mutation, first[0], first[1])
