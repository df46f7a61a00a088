"""``python -m tests.permissions`` (``make prove-permissions``): take every permission away, and see what
fails.

A stack with every option that the embedded AWS knows is deployed there, with IAM enforced. Each scenario runs
once with all permissions, and the launcher writes what IAM was asked. Then each statement, action, resource
and value of a condition is taken away of its role: the cheapest scenario that asked for it must fail, and IAM
must have refused that action. What is not enforced there is evaluated over the recorded and the documented
requests. GitHub's roles plan and apply a stack of their own; what they asked is asked again without each
permission. docs/permissions.md gets the result. Exit status 1 where anything is kept that nothing needs, or
is not refused as it should be.
"""

import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Final

from ops.local import lifecycle
from ops.local.laptop import Laptop
from ops.progress import console, step
from tests.e2e.ports import free_ports
from tests.permissions import documented, page, workflows
from tests.permissions.evaluation import Request, is_allowed, is_like
from tests.permissions.lab import Lab
from tests.permissions.policies import Mutation, Policy, mutations, planned, policies, statements
from tests.permissions.proof import Evidence, How, Needs, proofs
from tests.permissions.scenarios import SCENARIOS, Scenario

USED_BY_OTHERS: Final = ("ingest", "transform")  # whose functions run in scenarios of other roles
AT_ONCE: Final = 3


def main() -> int:
    started = time.monotonic()
    with step("Terraform's plans with all options on"):
        plans = planned()
    evidence, problems = Evidence(), list[str]()
    with tempfile.TemporaryDirectory(prefix="coinlake-permissions-") as folder:
        laptop = Laptop(Path(folder), free_ports())
        try:
            problems += Proving(Lab.deploy(laptop), evidence).run()
        finally:
            lifecycle.down(laptop, wipe=False)
        problems += workflows.prove(Path(folder), evidence)
    found = [policy for plan in plans for policy in policies(plan)]
    evidence = evidence.reduced(found)
    facts = list(documented.facts(plans))
    for plan in plans:
        for mutation, proof in proofs(policies(plan), evidence, facts):
            if proof is None:
                problems.append(f"nothing needs {mutation.id}")
    evidence.save()
    page.write(page.text(plans, evidence))
    counts = page.counts(plans, evidence)
    console.print(
        f"{sum(counts.values())} things can be taken away: "
        + ", ".join(f"{counts[how]} {how}" for how in How)
        + f"; {(time.monotonic() - started) / 60:.0f} minutes"
    )
    for problem in problems:
        console.print(f"[red]{problem}[/]")
    return 1 if problems else 0


class Proving:
    """The stack's own roles: record every scenario, then make each mutation that one of them shows."""

    def __init__(self, lab: Lab, evidence: Evidence) -> None:
        self.lab, self.evidence = lab, evidence
        self.recorded: dict[str, list[Request]] = {}
        self.seconds: dict[str, float] = {}

    def run(self) -> list[str]:
        """What went otherwise than it should."""
        problems = []
        for role, scenarios in groupby(SCENARIOS, key=attrgetter("role")):
            self.lab.restart(role)  # so that what it caches is asked for
            for scenario in scenarios:
                problems += self._record(scenario)
        for role in USED_BY_OTHERS:
            problems += self._mutate(role)
        others = sorted({scenario.role for scenario in SCENARIOS} - set(USED_BY_OTHERS))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return problems + [problem for found in pool.map(self._mutate, others) for problem in found]

    def _record(self, scenario: Scenario) -> list[str]:
        with step(f"{scenario.title}") as current:
            mark, started = self.lab.mark(), time.monotonic()
            try:
                scenario.run(self.lab)
            except Exception as error:
                return [f"{scenario.title} fails with all permissions: {error}"]
            asked = list(self.lab.requests(mark))
            self.seconds[scenario.title] = time.monotonic() - started
            self.recorded[scenario.title] = [request for request, _ in asked]
            self.evidence.requests += [(scenario.title, request) for request, _ in asked]
            current.conclude(f"{len(asked)} requests")
            return [
                f"{scenario.title}: {request.action} on {request.resource} is refused"
                for request, allowed in asked
                if not allowed
            ]

    def _mutate(self, role: str) -> list[str]:
        document = self.lab.policy(role)
        deployed = Policy(role, "", statements(document))
        raw = Policy(role, "", tuple(json.loads(document)["Statement"]))
        problems = []
        try:
            for (mutation, mutated), (_, to_put) in zip(mutations(deployed), mutations(raw), strict=True):
                scenario = self._cheapest(mutation, deployed, mutated)
                if scenario is None:
                    continue
                self.lab.put_policy(
                    role, json.dumps({"Version": "2012-10-17", "Statement": to_put.statements})
                )
                if problem := self._passes(scenario, mutation, deployed):
                    problems.append(problem)
                else:
                    self.evidence.enforced[mutation.id] = scenario.title
                console.print(problem or f"refused without {mutation.id}: {scenario.title}", highlight=False)
        finally:
            self.lab.put_policy(role, document)
        return problems

    def _cheapest(self, mutation: Mutation, deployed: Policy, mutated: Policy) -> Scenario | None:
        """The fastest of the scenarios that asked for what is taken away."""
        showing = [
            scenario
            for scenario in SCENARIOS
            if any(
                Needs(
                    [(How.SIMULATED, "", request) for request in self.recorded.get(scenario.title, ())],
                    [deployed],
                ).refused(mutation, mutated)
            )
        ]
        return min(showing, key=lambda scenario: self.seconds[scenario.title], default=None)

    def _passes(self, scenario: Scenario, mutation: Mutation, deployed: Policy) -> str:
        """What is wrong with how the scenario fails without the permission; "" where nothing is."""
        mark = self.lab.mark()
        if not self._raises(scenario):
            self.lab.restart(mutation.policy)  # it may have cached what it may not read any more
            if not self._raises(scenario):
                return f"without {mutation.id} {scenario.title} does not fail"
        named = mutation.value if mutation.kind == "action" else "*"
        if any(
            request.role == mutation.policy
            and is_like(request.action.lower(), named.lower())
            and is_allowed(request, deployed.statements)
            for request, allowed in self.lab.requests(mark)
            if not allowed
        ):
            return ""
        return f"without {mutation.id} {scenario.title} fails, but IAM refused nothing"

    def _raises(self, scenario: Scenario) -> bool:
        try:
            scenario.run(self.lab)
        except Exception:  # whatever it ends with, the log says what was refused
            return True
        return False


if __name__ == "__main__":
    sys.exit(main())
