"""What the preflight says of an account, by what AWS is made to answer."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from ops.aws import Aws
from ops.deploy import state_bucket
from ops.preflight import account, machine
from ops.preflight.evaluation import Deployment
from ops.preflight.findings import Finding, Level
from ops.preflight.quota import PlannedFeed

FEED = PlannedFeed("f", "coinbase", "assets", "cron(* * * * ? *)", 0, None, 1, enabled=True)
DEV = Deployment(
    environment="dev",
    region="eu-west-1",
    runtime="python3.13",
    architecture="arm64",
    mailed=("you@example.com",),
    secrets={"coingecko_api_key": 0, "coincap_api_key": 2},
    reserved=0,
    backfills=2,
    public_site=False,
    image_tag=None,
    own_network=False,
    zones_left_out=("use1-az3",),
    readers=0,
    warehouses=(),
)


@pytest.fixture
def aws() -> Aws:
    return Aws(boto3.Session("key", "secret", region_name="eu-west-1"), "eu-west-1", {})


@pytest.fixture
def answers(aws: Aws) -> Iterator[Any]:
    """``answers(service, operation, response or error code)``: what AWS is to say next."""
    stubs: dict[str, Stubber] = {}

    def prepare(service: str, operation: str, answer: dict[str, Any] | str) -> None:
        if service not in stubs:
            stubs[service] = Stubber(aws.client(service))
            stubs[service].activate()
        if isinstance(answer, str):
            stubs[service].add_client_error(operation, answer, "said no")
        else:
            stubs[service].add_response(operation, answer)

    yield prepare
    for stub in stubs.values():
        stub.assert_no_pending_responses()


def one(found: Iterator[Finding]) -> Finding:
    [finding] = found
    return finding


@pytest.mark.parametrize(
    ("runtime", "level", "says"),
    [
        ("python3.11", Level.ERROR, 'set python_runtime = "python3.13"'),
        ("python3.10", Level.ERROR, "too old"),
    ],
)
def test_a_runtime_that_aws_does_not_make_any_more_is_refused(runtime: str, level: Level, says: str) -> None:
    finding = one(machine._runtime(replace(DEV, runtime=runtime)))
    assert (finding.level, says in str(finding)) == (level, True)


def test_a_runtime_that_aws_makes_is_no_error() -> None:
    for runtime in machine.RUNTIMES:
        assert one(machine._runtime(replace(DEV, runtime=runtime))).level is not Level.ERROR


def test_a_key_that_a_version_promises_must_be_at_hand() -> None:
    missing = one(machine.check_secrets(DEV, {}, {}))
    assert (missing.level, missing.remedy) == (
        Level.ERROR,
        "export TF_VAR_coincap_api_key=<value>, and raise the version when it changes",
    )
    for variables, env in (({"coincap_api_key": "key"}, {}), ({}, {"TF_VAR_coincap_api_key": "key"})):
        assert one(machine.check_secrets(DEV, variables, env)).level is Level.OK


def test_without_addresses_nobody_is_mailed() -> None:
    assert one(machine._mails(replace(DEV, mailed=()))).level is Level.WARNING


def test_a_new_accounts_ten_executions_are_a_warning_and_reserving_of_them_an_error(aws, answers) -> None:
    for limit in (10, 1000, 10):
        answers("lambda", "get_account_settings", {"AccountLimit": {"ConcurrentExecutions": limit}})
    found = one(account._concurrency(aws, DEV, [FEED]))
    assert (found.level, found.sentence[:33]) == (Level.WARNING, "Lambda runs 10 functions at once ")
    assert "at its busiest 13" in found.sentence  # 7 of queues, 3 others, a feed, two of a backfill
    assert one(account._concurrency(aws, DEV, [FEED])).level is Level.OK
    reserving = [found.level for found in account._concurrency(aws, replace(DEV, reserved=5), [FEED])]
    assert reserving == [Level.ERROR, Level.WARNING]


@pytest.mark.parametrize(("resources", "levels"), [(True, []), (False, [Level.ERROR])])
def test_an_environment_that_stands_in_another_region_is_refused(
    aws, answers, monkeypatch, resources: bool, levels: list[Level]
) -> None:
    role = {
        "Path": "/",
        "RoleName": "coinlake-dev-ingest",
        "RoleId": "A" * 16,
        "Arn": "arn:aws:iam::123456789012:role/coinlake-dev-ingest",
        "CreateDate": "2026-11-21T00:00:00Z",
    }
    answers("iam", "get_role", {"Role": role})
    monkeypatch.setattr(state_bucket, "name", lambda aws: "bucket")
    monkeypatch.setattr(state_bucket, "stands_in", lambda *_: resources)
    assert [finding.level for finding in account._other_region(aws, DEV)] == levels


def test_a_name_that_no_region_uses_is_free(aws, answers) -> None:
    answers("iam", "get_role", "NoSuchEntity")
    assert list(account._other_region(aws, DEV)) == []


def test_the_collectors_network_needs_two_zones_in_which_fargate_runs(aws, answers) -> None:
    zones = [
        {"ZoneName": "us-east-1a", "ZoneId": "use1-az3"},
        {"ZoneName": "us-east-1c", "ZoneId": "use1-az1"},
    ]
    with_network = replace(DEV, own_network=True)
    answers("ec2", "describe_availability_zones", {"AvailabilityZones": zones})
    assert one(account._zones(aws, with_network)).level is Level.ERROR
    more = [*zones, {"ZoneName": "us-east-1b", "ZoneId": "use1-az2"}]
    answers("ec2", "describe_availability_zones", {"AvailabilityZones": more})
    assert (
        str(one(account._zones(aws, with_network)))
        == "the collector's subnets are in us-east-1b and us-east-1c"
    )


@pytest.mark.parametrize(
    ("warehouses", "zones", "level"),
    [
        (("postgres",), 2, Level.OK),
        (("postgres",), 1, Level.WARNING),
        (("postgres", "redshift"), 2, Level.WARNING),
        (("redshift",), 3, Level.OK),
    ],
)
def test_a_warehouse_that_coinlake_makes_needs_its_zones(aws, answers, warehouses, zones, level) -> None:
    assert list(account._warehouse_zones(aws, DEV)) == []
    named = [{"ZoneName": f"eu-west-1{letter}", "ZoneId": letter} for letter in "abc"[:zones]]
    answers("ec2", "describe_availability_zones", {"AvailabilityZones": named})
    findings = list(account._warehouse_zones(aws, replace(DEV, warehouses=warehouses)))
    assert [finding.level for finding in findings] == [level]


def test_a_tag_without_an_image_is_a_warning(aws, answers) -> None:
    tagged = replace(DEV, image_tag="1.0.0")
    for error in ("ImageNotFoundException", "RepositoryNotFoundException"):
        answers("ecr", "describe_images", error)
        assert one(account._image(aws, tagged)).level is Level.WARNING
    answers("ecr", "describe_images", {"imageDetails": []})
    assert one(account._image(aws, tagged)).level is Level.OK


def test_an_account_without_a_distribution_may_have_to_be_verified(aws, answers) -> None:
    public = replace(DEV, public_site=True)
    listed = {"Marker": "", "MaxItems": 1, "IsTruncated": False}
    answers("cloudfront", "list_distributions", {"DistributionList": {**listed, "Quantity": 0}})
    assert "must be verified" in one(account._cloudfront(aws, public)).remedy
    answers("cloudfront", "list_distributions", {"DistributionList": {**listed, "Quantity": 1}})
    assert one(account._cloudfront(aws, public)).level is Level.OK


@pytest.mark.parametrize(
    ("admin", "level"),
    [
        ("arn:aws:iam::123456789012:role/team/admin", Level.OK),
        ("arn:aws:iam::123456789012:role/administrator", Level.WARNING),
    ],
)
def test_only_an_administrator_of_the_data_lake_may_grant_to_readers(
    aws, answers, admin: str, level: Level
) -> None:
    arn = "arn:aws:sts::123456789012:assumed-role/admin/ada"
    answers("sts", "get_caller_identity", {"Arn": arn, "Account": "123456789012"})
    admins = {"DataLakeAdmins": [{"DataLakePrincipalIdentifier": admin}]}
    answers("lakeformation", "get_data_lake_settings", {"DataLakeSettings": admins})
    assert one(account._readers(aws, replace(DEV, readers=1))).level is level


def test_what_the_credentials_may_not_ask_is_a_warning_that_names_the_call(aws, answers) -> None:
    answers("ecr", "describe_images", "AccessDeniedException")
    found = one(account._allowed(account._image, aws, replace(DEV, image_tag="1")))
    assert (found.level, found.sentence) == (
        Level.WARNING,
        "these credentials may not call DescribeImages",
    )


def test_credentials_that_do_not_work_are_the_one_finding(aws, answers) -> None:
    answers("sts", "get_caller_identity", "ExpiredToken")
    found = one(account.check(aws, DEV, [FEED]))
    assert (found.level, found.remedy[:13]) == (Level.ERROR, "sign in again")


@pytest.mark.parametrize(("error", "level"), [("404", Level.ERROR), ("403", Level.ERROR), (None, Level.OK)])
def test_the_state_bucket_must_be_there_and_ours(aws, answers, monkeypatch, error, level: Level) -> None:
    monkeypatch.setattr(Aws, "account", lambda self: "123456789012")
    answers("s3", "head_bucket", error or {})
    assert one(account._state_bucket(aws, DEV)).level is level
