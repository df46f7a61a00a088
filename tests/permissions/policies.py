"""The policies of every role, from Terraform's plans with all options on, and what can be taken away of
each."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from ops.cost.plan import Plan, plans
from tests.permissions.evaluation import Statement, listed

TESTS: Final = "roles.tftest.hcl"
ROOTS: Final = (".", "github")
ROLE_ADDRESS: Final = re.compile(r"aws_iam_role_policy\b")
# Names of an environment, its account and its key become these, so that plans and deployments compare.
ENVIRONMENT: Final = "ENV"
ACCOUNT: Final = "ACCOUNT"
KEY: Final = "KEY"
_NAMES: Final = re.compile(r"\bcoinlake([-_/])(?:test|local|dev)(?![a-z])")
_PLANS: Final = re.compile(r"/plans/(?:test|local|dev)/")
_ACCOUNT: Final = re.compile(r"(?<!\d)(?:123456789012|000000000000)(?!\d)")
_SECRET: Final = re.compile(r"(:secret:[\w/+=.@-]+?)-\w{6}(?!\w)")
_KEY: Final = re.compile(r":key/[0-9a-f-]{36}")
_ENVIRONMENT_TAG: Final = re.compile(r'(?i)("aws:(?:request|resource)tag/environment"\s*:\s*")[a-z]+(")')
GITHUB: Final = "github-"  # what the names of GitHub's roles and policies begin with


@dataclass(frozen=True, slots=True)
class Policy:
    """One document of a ``role``; ``name`` tells apart the several of a role of GitHub's."""

    role: str
    name: str
    statements: tuple[Statement, ...]

    @property
    def title(self) -> str:
        return f"{self.role}/{self.name}" if self.name else self.role


@dataclass(frozen=True, slots=True)
class Mutation:
    """What is taken away of a policy: a whole statement, or one ``value`` of its ``kind``."""

    policy: str
    sid: str
    kind: str  # statement, action, resource or condition
    value: str = ""

    @property
    def id(self) -> str:
        return " ".join(filter(None, (self.policy, self.sid, self.kind, self.value)))


def mutations(policy: Policy) -> Iterator[tuple[Mutation, Policy]]:
    """Each thing that can be taken away, and the policy without it.

    A statement's only action or resource is the statement itself. A Deny gives nothing.
    """
    for number, statement in enumerate(policy.statements):
        if statement["Effect"] != "Allow":
            continue
        before, after = policy.statements[:number], policy.statements[number + 1 :]
        sid = statement["Sid"]
        yield Mutation(policy.title, sid, "statement"), replace(policy, statements=before + after)
        for kind, value, left in _parts(statement):
            mutated = replace(policy, statements=(*before, left, *after))
            yield Mutation(policy.title, sid, kind, value), mutated


def _parts(statement: Statement) -> Iterator[tuple[str, str, Statement]]:
    for element in ("Action", "Resource"):
        values = listed(statement[element])
        for value in values if len(values) > 1 else ():
            yield element.lower(), value, {**statement, element: [one for one in values if one != value]}
    for operator, keys in statement.get("Condition", {}).items():
        for key, found in keys.items():
            values = listed(found)
            for value in values if len(values) > 1 else ():
                kept = {**keys, key: [one for one in values if one != value]}
                condition = {**statement["Condition"], operator: kept}
                yield "condition", value, {**statement, "Condition": condition}


def planned() -> list[Plan]:
    """The plans of the stack and of GitHub's roles, with all options on."""
    return [plan for root in ROOTS for plan in plans(TESTS, module=root).values()]


def policies(plan: Plan) -> list[Policy]:
    """Every policy of the plan's roles, and those for others' roles: a reader's, an orchestrator's."""
    return sorted(_of(plan), key=lambda policy: policy.title)


def _of(plan: Plan) -> Iterator[Policy]:
    named = {
        one["address"]: one["change"]["after"] for one in plan.resources if one["type"] == "aws_iam_role"
    }
    managed = {role_of(one["name"]): statements(one["policy"]) for one in plan.of("aws_iam_policy")}
    for resource in plan.resources:
        after = resource["change"]["after"]
        if resource["type"] == "aws_iam_role_policy":
            role = named[ROLE_ADDRESS.sub("aws_iam_role", resource["address"])]["name"]
            yield Policy(role_of(role), "", statements(after["policy"]))
        elif resource["type"] == "aws_iam_role_policy_attachment" and after["role"].startswith(GITHUB):
            # Its ARN is not known yet, but attachments are named by their policy.
            name = resource["index"]
            yield Policy(role_of(after["role"]), name, managed[f"{GITHUB}{name}"])
    for name, found in managed.items():
        if not name.startswith(GITHUB):
            yield Policy(name, "", found)


def role_of(name: str) -> str:
    """A role's name, or a policy's, without the environment: ``coinlake-dev-ingest`` gives ``ingest``."""
    return _NAMES.sub("", name).replace(GITHUB + "-", GITHUB).lstrip("-")


def statements(document: str) -> tuple[Statement, ...]:
    """A policy's statements, of any environment alike."""
    return tuple(json.loads(normal(document))["Statement"])


def normal(text: str) -> str:
    """Names, ARNs or JSON of one environment as of any: ``coinlake-dev-raw-123456789012-…`` gives
    ``coinlake-ENV-raw-ACCOUNT-…``."""
    text = _ENVIRONMENT_TAG.sub(rf"\1{ENVIRONMENT}\2", text)
    text = _NAMES.sub(rf"coinlake\1{ENVIRONMENT}", text)
    text = _PLANS.sub(f"/plans/{ENVIRONMENT}/", text)
    text = _SECRET.sub(r"\1-??????", text)
    return _ACCOUNT.sub(ACCOUNT, _KEY.sub(f":key/{KEY}", text))
