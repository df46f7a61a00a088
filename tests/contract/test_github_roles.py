"""The roles of terraform/github keep up with the stack: what a function may do, its boundary lets it do."""

import re
from fnmatch import fnmatchcase
from pathlib import Path

from ops.deploy import github
from ops.deploy.tfvars import Settings

TERRAFORM = Path(__file__).resolve().parents[2] / "terraform"
ACTION = re.compile(r'"([a-z0-9-]+:[A-Z]\w*\*?)"')
# Not of a role: resource policies and trust name principals, and a reader is no part of the stack.
STATEMENT = re.compile(r"^  (?:dynamic \"statement\"|statement) \{\n.*?^  \}", re.MULTILINE | re.DOTALL)


def statements(text: str) -> list[str]:
    """Each statement of the documents that become policies of the stack's roles."""
    documents = re.findall(
        r'^data "aws_iam_policy_document" "(\w+)" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL
    )
    return [
        statement
        for name, document in documents
        if name not in ("reader", "orchestrator")  # for roles of others
        for statement in STATEMENT.findall(document)
        if "principals" not in statement
    ]


def test_the_boundary_lets_every_role_do_what_its_own_policy_says() -> None:
    allowed = ACTION.findall((TERRAFORM / "github" / "boundary.tf").read_text())
    files = [*TERRAFORM.glob("*.tf"), *TERRAFORM.glob("modules/*/*.tf")]
    needed = {
        action
        for file in files
        for statement in statements(file.read_text())
        for action in ACTION.findall(re.sub(r"variable\s*=.*", "", statement))
    }
    assert {"s3:PutObject", "logs:PutLogEvents", "states:StartExecution", "kms:Decrypt"} <= needed
    assert [action for action in sorted(needed) if not any(fnmatchcase(action, may) for may in allowed)] == []


def test_every_service_that_the_stack_is_made_of_is_read_and_set_by_the_deploying_role() -> None:
    """A resource of a new service needs rights here first; the embedded AWS runs those of the default."""
    services = {
        "cloudwatch_log": "logs",
        "db": "rds",
        "default": "ec2",
        "redshiftserverless": "redshift-serverless",
        "internet": "ec2",
        "route": "ec2",
        "sfn": "states",
    }
    services |= {"security": "ec2", "subnet": "ec2", "vpc": "ec2"}
    text = "".join(
        (TERRAFORM / "github" / name).read_text() for name in ("deploy.tf", "features.tf", "plan.tf")
    )
    granted = {action.split(":")[0] for action in ACTION.findall(text)}
    for file in [*TERRAFORM.glob("*.tf"), *TERRAFORM.glob("modules/*/*.tf")]:
        for kind in re.findall(r'^resource "aws_(\w+)"', file.read_text(), re.MULTILINE):
            first = kind.split("_")[0]
            service = next((services[key] for key in services if kind.startswith(key)), first)
            assert service in granted, f"{kind} in {file.name}"


def test_features_of_the_file_become_rights_of_the_role() -> None:
    values = dict(Settings.load("dev").values)
    assert github.features(values) == []
    on = {
        "monthly_budget_usd": 5,
        "enable_dashboard": True,
        "dashboard_public": True,
        "customer_managed_keys": True,
        "enable_orchestrator": True,
        "readers": ["arn:aws:iam::123456789012:role/analyst"],
        "enable_spark": True,
        "enable_stream": True,
        "load": {"redshift": {"create": True}},
    }
    assert github.features(values | on) == [
        "budget",
        "dashboard",
        "keys",
        "orchestrator",
        "readers",
        "spark",
        "stream",
        "warehouse",
    ]
    assert github.features(values | {"load": {"postgres": {}, "redshift": None}}) == []
