"""Every permission of every role is needed, and shown to be: the short form of ``make prove-permissions``.

Terraform plans the roles with all options on; the requests that the long form recorded are evaluated against
the plan's policies, without each permission. A new permission without a request, a scenario or a document
fails here.
"""

import json
import re
import subprocess
from pathlib import Path

import pytest

from ops.cost.plan import Plan
from tests.permissions import documented, page
from tests.permissions.evaluation import is_allowed
from tests.permissions.policies import Policy, planned, policies
from tests.permissions.proof import Evidence, proofs
from tests.permissions.scenarios import SCENARIOS
from tools.terraform import TerraformMissing, terraform_executable
from tools.venv import Venv

ROOT = Path(__file__).parents[2]
TERRAFORM = ROOT / "terraform"
pytestmark = pytest.mark.xdist_group("terraform")

# What parliament finds that is meant, by policy and issue; each with the reason.
MEANT = {
    ("orchestrator", "RESOURCE_MISMATCH"): "as backfill",
    (
        "load-postgres",
        "RESOURCE_STAR",
    ): "Lambda's way into a network takes no resource, and its code is denied it",
    (
        "load-postgres",
        "UNKNOWN_CONDITION_FOR_ACTION",
    ): "lambda:SourceFunctionArn is in every call of a function's",
    (
        "github-deploy/deploy",
        "RESOURCE_POLICY_PRIVILEGE_ESCALATION",
    ): "a deployment sets the policies of its own buckets",
    (
        "github-deploy/deploy",
        "RESOURCE_STAR",
    ): "joints of queues and functions are limited by lambda:FunctionArn",
    (
        "github-deploy/deploy",
        "RESOURCE_MISMATCH",
    ): "tags of workgroups alone: Athena's other kinds are none of ours",
    (
        "github-deploy/features",
        "RESOURCE_STAR",
    ): "what has no name of ours yet is limited by its tags or the policy's ARN",
    (
        "github-deploy/features",
        "RESOURCE_MISMATCH",
    ): "a key's alias needs its key and its name, each in a statement; "
    "ec2:Associate* are those of networks alone",
    ("github-deploy/identity", "MISMATCHED_TYPE_BUT_USABLE"): "the boundary's ARN has no wildcard",
    (
        "github-deploy/read",
        "RESOURCE_STAR",
    ): "settings are read everywhere, and no row of the lake is a setting",
    ("github-plan/read", "RESOURCE_STAR"): "as the same policy of github-deploy",
    (
        "backfill",
        "RESOURCE_MISMATCH",
    ): "the machine is a standard one; its express children are not described",
}
PARLIAMENT = """
import json, sys
import parliament
for title, document in json.load(sys.stdin):
    for finding in parliament.analyze_policy_string(json.dumps(document)).findings:
        print(json.dumps([title, finding.issue, str(finding.detail)[:300]]))
"""


@pytest.fixture(scope="module")
def plans() -> list[Plan]:
    try:
        terraform_executable()
    except TerraformMissing as missing:
        pytest.skip(str(missing))
    return planned()


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return Evidence.load()


def test_nothing_is_allowed_that_nothing_needs(plans: list[Plan], evidence: Evidence):
    facts = list(documented.facts(plans))
    unproven = [
        mutation.id
        for plan in plans
        for mutation, proof in proofs(policies(plan), evidence, facts)
        if proof is None
    ]
    assert unproven == [], "write a scenario and run make prove-permissions, or take the permission away"


def test_what_was_recorded_is_allowed_by_the_policies_of_today(plans: list[Plan], evidence: Evidence):
    by_role: dict[str, list[Policy]] = {}
    for plan in plans:
        for policy in policies(plan):
            by_role.setdefault(policy.role, []).append(policy)
    refused = [
        (scenario, request)
        for scenario, request in evidence.requests
        if not is_allowed(request, [one for policy in by_role[request.role] for one in policy.statements])
    ]
    assert refused == [], "a permission is missing, or make prove-permissions is to be run again"


def test_what_was_made_is_still_there_to_be_made(evidence: Evidence):
    titles = {scenario.title for scenario in SCENARIOS}
    recorded = {scenario for scenario, _ in evidence.requests}
    assert {by for by in evidence.enforced.values() if by not in titles | recorded} == set()
    assert {scenario for scenario in recorded if " deployment" not in scenario} <= titles


def test_the_page_is_what_the_proof_says(plans: list[Plan], evidence: Evidence):
    assert page.PAGE.read_text() == page.text(plans, evidence), "run make prove-permissions"


def test_every_role_of_the_configuration_is_in_the_plans(plans: list[Plan]):
    """An option that brings a role is off by default, and on in terraform/tests/roles.tftest.hcl."""
    addresses = {re.sub(r"\[.*?\]", "", one["address"]) for plan in plans for one in plan.resources}
    for file in [*TERRAFORM.glob("*.tf"), *(TERRAFORM / "github").glob("*.tf")]:
        text = file.read_text()
        for kind, name in re.findall(
            r'^resource "(aws_iam_role|aws_iam_policy)" "(\w+)"', text, re.MULTILINE
        ):
            assert f"{kind}.{name}" in addresses, file.name
        for name in re.findall(r'^module "(\w+)" \{\n  source\s*= "./modules/function"', text, re.MULTILINE):
            assert f"module.{name}.aws_iam_role.this" in addresses, file.name


def test_every_warehouse_of_load_is_in_the_plans(plans: list[Plan]):
    """Targets are optional attributes of one variable, so that none of them is a resource of its own."""
    text = (TERRAFORM / "variables_load.tf").read_text()
    (fields,) = re.findall(r"^  type = object\(\{\n(.*?)^  \}\)", text, re.MULTILINE | re.DOTALL)
    targets = re.findall(r"^    (\w+) = optional\(object", fields, re.MULTILINE)
    roles = {policy.role for plan in plans for policy in policies(plan)}
    assert targets and {f"load-{target}" for target in targets} <= roles


def test_parliament_finds_nothing_that_is_not_meant(plans: list[Plan]):
    """Whether an action exists, takes the resource that is given, or lets somebody give himself more."""
    venv = Venv(ROOT / "build" / "policies", ROOT / "tools" / "requirements" / "policies.txt", "parliament")
    venv.install()
    documents = [
        [policy.title, {"Version": "2012-10-17", "Statement": policy.statements}]
        for plan in plans
        for policy in policies(plan)
    ]
    text = json.dumps(documents).replace("ACCOUNT", "123456789012").replace("ENV", "test")
    done = subprocess.run(
        [venv.python, "-W", "ignore", "-c", PARLIAMENT],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [entry for entry in found if (entry[0], entry[1]) not in MEANT] == []
    assert {(title, issue) for title, issue in MEANT} <= {(entry[0], entry[1]) for entry in found}
