"""docs/permissions.md: what shows that each permission is needed."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from ops.cost.plan import Plan
from ops.paths import ROOT
from tests.permissions import documented
from tests.permissions.policies import Mutation, policies
from tests.permissions.proof import Evidence, How, Proof, proofs

PAGE: Final = ROOT / "docs" / "permissions.md"
INTRODUCTION: Final = Path(__file__).with_name("introduction.md")


def write(text: str) -> None:
    PAGE.write_text(text)


def counts(plans: Sequence[Plan], evidence: Evidence) -> Counter[How]:
    return Counter(proof.how for _, proof in _all(plans, evidence) if proof)


def text(plans: Sequence[Plan], evidence: Evidence) -> str:
    found: dict[str, list[tuple[Mutation, Proof]]] = {}
    for mutation, proof in _all(plans, evidence):
        if proof:
            found.setdefault(mutation.policy, []).append((mutation, proof))
    return "\n".join([INTRODUCTION.read_text(), *_summary(found), *_sections(found)]) + "\n"


def _all(plans: Sequence[Plan], evidence: Evidence) -> Iterator[tuple[Mutation, Proof | None]]:
    """Each mutation once, though two plans may have it."""
    facts, seen = list(documented.facts(plans)), set[str]()
    for plan in plans:
        for mutation, proof in proofs(policies(plan), evidence, facts):
            if mutation.id not in seen:
                seen.add(mutation.id)
                yield mutation, proof


def _summary(found: dict[str, list[tuple[Mutation, Proof]]]) -> Iterator[str]:
    yield "| role | statements | can be taken away | enforced | simulated | documented |"
    yield "|---|---|---|---|---|---|"
    total = [0] * 5
    for policy in sorted(found):
        by_how = Counter(proof.how for _, proof in found[policy])
        sids = len({mutation.sid for mutation, _ in found[policy]})
        row = [sids, len(found[policy]), *(by_how[how] for how in How)]
        total = [one + other for one, other in zip(total, row, strict=True)]
        yield f"| [{policy}](#{policy.replace('/', '')}) | {' | '.join(map(str, row))} |"
    yield f"| all | {' | '.join(map(str, total))} |"


def _sections(found: dict[str, list[tuple[Mutation, Proof]]]) -> Iterator[str]:
    for policy in sorted(found):
        yield f"\n## {policy}\n"
        yield "| statement | taken away | needed by | how |"
        yield "|---|---|---|---|"
        rows: dict[tuple[str, str, How], list[str]] = {}
        for mutation, proof in found[policy]:
            taken = f"`{short(mutation.value)}`" if mutation.value else "all of it"
            rows.setdefault((mutation.sid, proof.by, proof.how), []).append(taken)
        for (sid, by, how), taken in rows.items():
            yield f"| {sid} | {', '.join(sorted(taken))} | {by} | {how} |"


def short(value: str) -> str:
    """An ARN without what is the same in each: ``lake/trusted/*``."""
    if not value.startswith("arn:"):
        return value
    last = value.split(":", 5)[5]
    return last.replace("coinlake-ENV-", "").replace("-ACCOUNT-us-east-1", "")
