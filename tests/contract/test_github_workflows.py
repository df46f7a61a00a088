"""What no linter knows of the workflows: who gets a key, what is pinned to what, what is off by default.

zizmor, actionlint and the schema run in `make check` (tools/workflows.py), act in tests/workflows.
"""

import re
from pathlib import Path

import hcl2
import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.yml"))}
ON_AWS = ("plan", "deploy", "drift", "image")


def jobs(workflow: str) -> dict[str, str]:
    """Each job's text by its name."""
    _, _, text = WORKFLOWS[workflow].partition("\njobs:\n")
    parts = re.split(r"^  (\w+):\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_action_is_one_commit_with_its_version_and_the_same_everywhere() -> None:
    used = [line for text in WORKFLOWS.values() for line in re.findall(r"uses: (.*)", text)]
    pins = {
        tuple(re.fullmatch(r"([\w/-]+)@([0-9a-f]{40}) # v(\d+\.\d+\.\d+)", line).groups()) for line in used
    }
    assert len(pins) == len({action for action, _, _ in pins})


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_workflow_has_no_right_and_each_job_its_own(workflow: str) -> None:
    assert "\npermissions: {}\n" in WORKFLOWS[workflow]
    assert "pull_request_target" not in WORKFLOWS[workflow]
    for name, job in jobs(workflow).items():
        assert "    permissions:\n" in job, name
        assert "    timeout-minutes:" in job, name


@pytest.mark.parametrize("workflow", ON_AWS)
def test_what_needs_an_account_is_off_by_default(workflow: str) -> None:
    first = next(iter(jobs(workflow).values()))
    assert "vars.AWS_DEPLOYMENTS == 'on'" in first


def test_a_role_is_assumed_in_the_environment_of_its_name() -> None:
    """The trust policies go by the environment: terraform/github/main.tf."""
    roles = {
        (workflow, name): (
            re.search(r"environment: .*(-plan)$|environment: ", job, re.MULTILINE)[1],
            re.search(r"role-to-assume: \$\{\{ vars\.(\w+)", job)[1],
        )
        for workflow in WORKFLOWS
        for name, job in jobs(workflow).items()
        if "role-to-assume" in job
    }
    assert set(roles.values()) == {("-plan", "AWS_PLAN_ROLE"), (None, "AWS_DEPLOY_ROLE")}
    assert roles["deploy", "apply"] == (None, "AWS_DEPLOY_ROLE")


def test_only_the_job_that_applies_gets_keys_and_every_job_that_plans_a_placeholder() -> None:
    """A key that was set for the plan must be set again, and Terraform takes another value."""
    keys = {
        name.strip('"')
        for file in (ROOT / "terraform").glob("variables*.tf")
        for entry in hcl2.loads(file.read_text())["variable"]
        for name, block in entry.items()
        if block.get("ephemeral")
    }
    assert keys
    passed = {
        (workflow, name): dict(re.findall(r"TF_VAR_(\w+): (.*)", job))
        for workflow in WORKFLOWS
        for name, job in jobs(workflow).items()
        if "coinlake plan" in job or "coinlake apply" in job
    }
    assert set(passed) == {("plan", "plan"), ("deploy", "plan"), ("deploy", "apply"), ("drift", "plan")}
    for job, values in passed.items():
        assert set(values) == keys, job
        assert all(("secrets." in value) == (job == ("deploy", "apply")) for value in values.values()), job
    assert sum(text.count("secrets.") for text in WORKFLOWS.values()) == len(keys)
