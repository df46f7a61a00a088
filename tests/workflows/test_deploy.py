"""deploy.yml on the embedded AWS: act runs it; its jobs are the roles of terraform/github."""

import json
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from ops.local.laptop import ACCOUNT, REGION

from .repository import ROLE, Repository
from .tokens import SUBJECT_PREFIX

pytestmark = pytest.mark.e2e

API_KEY = "CG-sentinel-workflows-0123456789"  # a secret of the environment, to be found nowhere
STATE_BUCKET = f"coinlake-state-{ACCOUNT}-{REGION}"
DEPLOY = ROLE.rpartition("/")[2] + "-deploy"
KEY = {"pk": {"S": "price#BTC"}, "sk": {"S": "latest"}}
ON = "--var=AWS_DEPLOYMENTS=on"


@pytest.fixture(scope="session")
def roles(repository: Repository) -> str:
    """What `coinlake bootstrap --github` says is to be set."""
    return repository.coinlake("bootstrap", "dev", "--github", "--yes")


@pytest.fixture(scope="session")
def deployed(repository: Repository, roles: str) -> str:
    """The log of a push to main."""
    log = repository.act("deploy.yml", "push", ON, f"--secret=COINGECKO_API_KEY={API_KEY}")
    assert "Job failed" not in log, log[-4000:]
    return log


def plan(repository: Repository, *options: str) -> dict:
    """What differs, as the role that plans sees it."""
    keys = {**repository.assume("plan", "dev-plan"), "TF_VAR_coingecko_api_key": "placeholder"}
    repository.coinlake("plan", "dev", "--out", "drift", *options, keys=keys)
    return json.loads((repository.folder / "drift" / "changes.json").read_text())


def refused(
    repository: Repository, keys: dict[str, str], service: str, operation: str, **request: object
) -> bool:
    """Whether AWS refuses this to whoever has the keys."""
    client = boto3.client(
        service,
        region_name=REGION,
        endpoint_url=repository.aws.endpoint,
        verify=repository.aws.ca_bundle,
        **{name.lower(): value for name, value in keys.items()},
    )
    try:
        getattr(client, operation)(**request)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return code in ("AccessDenied", "AccessDeniedException", "AuthorizationError", "403")
    return False


def test_bootstrap_says_what_to_set_on_github(roles: str) -> None:
    assert f"AWS_PLAN_ROLE = {ROLE}-plan" in roles
    assert f"AWS_DEPLOY_ROLE = {ROLE}-deploy" in roles


def test_a_push_to_main_is_planned_by_one_role_and_applied_by_the_other(
    repository: Repository, deployed: str
) -> None:
    assert "[deploy/Plan] 🏁  Job succeeded" in deployed
    assert "[deploy/Apply] 🏁  Job succeeded" in deployed
    assert "dev is deployed in us-east-1" in deployed
    roles = repository.aws.client("iam").list_roles()["Roles"]
    made = {
        role["RoleName"]: repository.aws.client("iam").get_role(RoleName=role["RoleName"])["Role"]
        for role in roles
        if role["RoleName"].startswith("coinlake-dev-")
    }
    assert "coinlake-dev-transform" in made
    boundaries = {role["PermissionsBoundary"]["PermissionsBoundaryArn"] for role in made.values()}
    assert boundaries == {f"arn:aws:iam::{ACCOUNT}:policy/github-coinlake-dev-boundary"}


def test_no_secret_is_in_a_log_a_plan_or_the_state(repository: Repository, deployed: str) -> None:
    s3 = repository.aws.client("s3")
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=STATE_BUCKET)["Contents"]]
    assert any(key.startswith("plans/dev/") for key in keys)
    kept = b"".join(s3.get_object(Bucket=STATE_BUCKET, Key=key)["Body"].read() for key in keys)
    assert API_KEY.encode() not in kept
    assert API_KEY not in deployed
    name = "/coinlake/dev/coingecko-api-key"
    written = repository.aws.client("ssm").get_parameter(Name=name, WithDecryption=True)
    assert written["Parameter"]["Value"] == API_KEY


@pytest.mark.parametrize(
    ("role", "claims"),
    [
        ("plan", {"sub": f"{SUBJECT_PREFIX}:pull_request"}),
        ("plan", {"sub": f"{SUBJECT_PREFIX}:environment:dev"}),
        ("deploy", {"sub": f"{SUBJECT_PREFIX}:environment:dev-plan"}),
        ("deploy", {"sub": f"{SUBJECT_PREFIX}:ref:refs/heads/main"}),
        ("deploy", {"sub": "repo:octo-org/coinlake:environment:dev"}),  # the form without numbers
        ("deploy", {"sub": "repo:fork@3/coinlake@4:environment:dev"}),
        ("deploy", {"sub": f"{SUBJECT_PREFIX}:environment:dev", "repository_id": "3"}),
        ("deploy", {"sub": f"{SUBJECT_PREFIX}:environment:dev", "aud": "https://github.com/octo-org"}),
        ("deploy", {"sub": f"{SUBJECT_PREFIX}:environment:dev", "iss": "https://tokens.example.com"}),
    ],
)
def test_another_jobs_token_becomes_no_role(
    repository: Repository, roles: str, role: str, claims: dict
) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        repository.assume(role, "", **claims)


@pytest.mark.parametrize(
    ("service", "operation", "request_of_it"),
    [
        ("s3", "get_object", {"Bucket": f"coinlake-dev-raw-{ACCOUNT}-{REGION}", "Key": "raw/any"}),
        ("s3", "delete_bucket", {"Bucket": f"coinlake-dev-raw-{ACCOUNT}-{REGION}"}),
        ("s3", "get_object", {"Bucket": STATE_BUCKET, "Key": "coinlake/github/dev.tfstate"}),
        ("s3", "put_object", {"Bucket": STATE_BUCKET, "Key": "plans/dev/another.zip", "Body": b""}),
        ("dynamodb", "delete_table", {"TableName": "coinlake-dev-state"}),
        ("dynamodb", "get_item", {"TableName": "coinlake-dev-state", "Key": KEY}),
        ("lambda", "invoke", {"FunctionName": "coinlake-dev-ingest"}),
        ("iam", "create_role", {"RoleName": "coinlake-dev-free", "AssumeRolePolicyDocument": "{}"}),
        ("iam", "create_role", {"RoleName": "elsewhere", "AssumeRolePolicyDocument": "{}"}),
        ("iam", "delete_role_permissions_boundary", {"RoleName": "coinlake-dev-ingest"}),
        ("iam", "put_role_policy", {"RoleName": DEPLOY, "PolicyName": "more", "PolicyDocument": "{}"}),
        ("sqs", "create_queue", {"QueueName": "coinlake-prod-transform"}),
    ],
)  # fmt: skip
def test_the_deploying_role_may_not(
    repository: Repository, deployed: str, service: str, operation: str, request_of_it: dict
) -> None:
    assert refused(repository, repository.assume("deploy", "dev"), service, operation, **request_of_it)


def test_the_planning_role_changes_nothing(repository: Repository, deployed: str) -> None:
    keys = repository.assume("plan", "dev-plan")
    assert refused(repository, keys, "sqs", "create_queue", QueueName="coinlake-dev-more")
    assert refused(
        repository, keys, "s3", "put_object", Bucket=STATE_BUCKET, Key="coinlake/dev.tfstate", Body=b""
    )


def test_what_was_changed_by_hand_is_found_and_a_plan_that_was_exchanged_is_refused(
    repository: Repository, deployed: str
) -> None:
    sqs = repository.aws.client("sqs")
    queue = sqs.get_queue_url(QueueName="coinlake-dev-transform")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"MessageRetentionPeriod": "60"})
    changes = plan(repository, "--upload")
    assert changes["drift"] == ["module.transform_queue.aws_sqs_queue.this"]
    assert (changes["add"], changes["change"], changes["destroy"]) == (0, 1, 0)

    digest = Path(repository.folder, "drift.sha256").read_text()
    key = f"plans/dev/{digest}.zip"
    repository.aws.client("s3").put_object(Bucket=STATE_BUCKET, Key=key, Body=b"another plan")
    with pytest.raises(AssertionError, match="is not what was planned"):
        repository.coinlake(
            "apply", "dev", "--from", "there", "--download", digest, keys=repository.assume("deploy", "dev")
        )


def starts(repository: Repository, workflow: str, event: str, *options: str) -> bool:
    """Whether a job starts; it ends at once, for want of a repository to check out."""
    log = repository.act(workflow, event, *options, checkout=repository.home / "nothing")
    return "Job failed" in log


@pytest.mark.parametrize(("head", "planned"), [("octo-org/coinlake", True), ("fork/coinlake", False)])
def test_a_forks_pull_request_is_not_planned(repository: Repository, head: str, planned: bool) -> None:
    event = repository.home / "event.json"
    event.write_text(json.dumps({"pull_request": {"head": {"repo": {"full_name": head}}}}))
    assert starts(repository, "plan.yml", "pull_request", f"--eventpath={event}", ON) == planned


@pytest.mark.parametrize(("ref", "deployed"), [("refs/heads/main", True), ("refs/heads/other", False)])
def test_only_main_is_deployed(repository: Repository, ref: str, deployed: bool) -> None:
    event = repository.home / "event.json"
    event.write_text(json.dumps({"ref": ref, "inputs": {"environment": "prod"}}))
    assert starts(repository, "deploy.yml", "workflow_dispatch", f"--eventpath={event}", ON) == deployed


def test_nothing_is_deployed_before_it_is_switched_on(repository: Repository) -> None:
    assert starts(repository, "deploy.yml", "push", ON)
    assert not starts(repository, "deploy.yml", "push")
