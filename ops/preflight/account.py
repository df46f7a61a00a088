"""What the account says: who we are, whose state bucket it is, what it grants, what is in the way.

Each check asks AWS one or two questions and changes nothing. What the credentials may not ask is a warning.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from ops.aws import Aws
from ops.deploy import state_bucket
from ops.errors import user_message
from ops.preflight.evaluation import Deployment
from ops.preflight.findings import Finding, Level
from ops.preflight.quota import PlannedFeed

# What the event source mappings may run at once (maximum_concurrency in terraform/transform.tf and
# notify.tf), and one each of refine, reconcile and audit.
QUEUE_CONCURRENCY: Final = 5 + 2
OTHER_FUNCTIONS: Final = 3
UNRESERVED: Final = 100  # what AWS wants to stay unreserved
ZONES: Final = 2  # that the collector's own network is in
DENIED: Final = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"}

Check = Callable[[Aws, Deployment], Iterator[Finding]]


def check(aws: Aws, deployment: Deployment, feeds: Collection[PlannedFeed]) -> Iterator[Finding]:
    """Every finding on the account; only the credentials' own where they do not work."""
    try:
        account = aws.account()
    except (BotoCoreError, ClientError) as error:
        sentence, _, remedy = user_message(error).partition("; ")
        yield Finding(Level.ERROR, sentence, remedy)
        return
    yield Finding(Level.OK, f"credentials for account {account}, {aws.region}")
    for one in (
        _region,
        _state_bucket,
        _other_region,
        _zones,
        _warehouse_zones,
        _image,
        _cloudfront,
        _readers,
    ):
        yield from _allowed(one, aws, deployment)
    yield from _allowed(lambda aws, deployment: _concurrency(aws, deployment, feeds), aws, deployment)


def _allowed(one: Check, aws: Aws, deployment: Deployment) -> Iterator[Finding]:
    """The check's findings, or a warning where the credentials may not ask."""
    try:
        yield from list(one(aws, deployment))
    except ClientError as error:
        if error.response["Error"]["Code"] not in DENIED:
            raise
        operation = error.operation_name
        yield Finding(Level.WARNING, f"these credentials may not call {operation}", "look there yourself")


def _region(aws: Aws, deployment: Deployment) -> Iterator[Finding]:
    """The shell's region is not used; say so where it is another."""
    shell = aws.session.region_name
    if shell and shell != deployment.region:
        yield Finding(
            Level.OK, f"the stack goes to {deployment.region} as its file says, not to the shell's {shell}"
        )


def _state_bucket(aws: Aws, deployment: Deployment) -> Iterator[Finding]:
    try:
        yield Finding(
            Level.OK, f"the state is in {state_bucket.require(aws, deployment.environment)}, our own"
        )
    except (state_bucket.NoStateBucket, state_bucket.ForeignStateBucket) as error:
        sentence, _, remedy = str(error).partition("; ")
        yield Finding(Level.ERROR, sentence, remedy)


def _other_region(aws: Aws, deployment: Deployment) -> Iterator[Finding]:
    """Roles and CloudFront's policies are the account's, not a region's: two stacks cannot share a name."""
    role = f"coinlake-{deployment.environment}-ingest"
    try:
        aws.client("iam").get_role(RoleName=role)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchEntity":
            return
        raise
    if not state_bucket.stands_in(aws, state_bucket.name(aws), deployment.environment):
        yield Finding(
            Level.ERROR,
            f"the role {role} exists, but not by the state of {aws.region}: {deployment.environment} is "
            "deployed in another region, and names of roles have no region",
            "give this stack another environment name, or destroy that one first",
        )


def _concurrency(aws: Aws, deployment: Deployment, feeds: Collection[PlannedFeed]) -> Iterator[Finding]:
    """A new account runs ten functions at once."""
    limits = aws.client("lambda").get_account_settings()["AccountLimit"]
    limit = limits["ConcurrentExecutions"]
    if deployment.reserved and limit - deployment.reserved < UNRESERVED:
        yield Finding(
            Level.ERROR,
            f"reserved_concurrency keeps {deployment.reserved} of {limit} executions, and AWS wants "
            f"{UNRESERVED} to stay unreserved",
            "empty reserved_concurrency, or ask Service Quotas for more (Lambda, Concurrent executions)",
        )
    ingest = sum(feed.enabled for feed in feeds) + deployment.backfills
    peak = QUEUE_CONCURRENCY + OTHER_FUNCTIONS + ingest
    if limit < peak:
        yield Finding(
            Level.WARNING,
            f"Lambda runs {limit} functions at once in this account, and the stack at its busiest {peak}: "
            "some wait, and the alarm `throttles` may mail",
            "ask Service Quotas for more (Lambda, Concurrent executions); it is free",
        )
    else:
        yield Finding(Level.OK, f"Lambda runs {limit} functions at once, the stack at peak {peak}")


def _zones(aws: Aws, deployment: Deployment) -> Iterator[Finding]:
    """The collector's own network takes the first two zones in which Fargate runs."""
    if not deployment.own_network:
        return
    zones = [name for name, identifier in _region_zones(aws) if identifier not in deployment.zones_left_out]
    if len(zones) < ZONES:
        yield Finding(
            Level.ERROR,
            f"Fargate runs in {', '.join(zones) or 'no zone'} of {aws.region}, and the collector's network "
            "takes two",
            "give subnets of your own: stream.subnet_ids and vpc_id",
        )
    else:
        yield Finding(Level.OK, f"the collector's subnets are in {zones[0]} and {zones[1]}")


def _region_zones(aws: Aws) -> list[tuple[str, str]]:
    """Names and ids of the Region's zones, in order; local zones want an opt-in and are none."""
    answer = aws.client("ec2").describe_availability_zones(
        Filters=[
            {"Name": "state", "Values": ["available"]},
            {"Name": "opt-in-status", "Values": ["opt-in-not-required"]},
        ]
    )
    return sorted((zone["ZoneName"], zone.get("ZoneId", "")) for zone in answer["AvailabilityZones"])


def _warehouse_zones(aws: Aws, deployment: Deployment) -> Iterator[Finding]:
    """RDS wants two zones and Redshift Serverless three, where the Region has so many."""
    if not deployment.warehouses:
        return
    zones = _region_zones(aws)
    wanted = 3 if "redshift" in deployment.warehouses else 2
    names = " and ".join(deployment.warehouses)
    if len(zones) < wanted:
        yield Finding(
            Level.WARNING,
            f"{names} with create = true needs {wanted} zones, and {deployment.region} has {len(zones)}",
            "name a warehouse of yours, or another region",
        )
    else:
        yield Finding(Level.OK, f"{names} costs while it exists: docs/costs.md says what")


def _image(aws: Aws, deployment: Deployment) -> Iterator[Finding]:
    if not deployment.image_tag:
        return
    repository = f"coinlake-{deployment.environment}-stream"
    try:
        aws.client("ecr").describe_images(
            repositoryName=repository, imageIds=[{"imageTag": deployment.image_tag}]
        )
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("ImageNotFoundException", "RepositoryNotFoundException"):
            raise
        yield Finding(
            Level.WARNING,
            f"there is no image {repository}:{deployment.image_tag}, so no collector runs",
            "push it (docs/stream.md), then deploy again",
        )
    else:
        yield Finding(Level.OK, f"the image {repository}:{deployment.image_tag} is there")


def _cloudfront(aws: Aws, deployment: Deployment) -> Iterator[Finding]:
    """Whether AWS has verified the account cannot be asked; a distribution that it has tells it."""
    if not deployment.public_site:
        return
    listed = aws.client("cloudfront").list_distributions(MaxItems="1")["DistributionList"]
    if listed.get("Quantity"):
        yield Finding(Level.OK, "this account has distributions, so CloudFront makes another")
    else:
        yield Finding(
            Level.WARNING,
            "CloudFront may refuse an account's first distribution until AWS has verified the account",
            'if deploy says "Your account must be verified", ask AWS Support (free), or set '
            "dashboard_public = false until then",
        )


def _readers(aws: Aws, deployment: Deployment) -> Iterator[Finding]:
    """Only an administrator of the data lake may grant."""
    if not deployment.readers:
        return
    settings = aws.client("lakeformation").get_data_lake_settings()["DataLakeSettings"]
    admins = [admin["DataLakePrincipalIdentifier"] for admin in settings.get("DataLakeAdmins", ())]
    caller = str(aws.client("sts").get_caller_identity()["Arn"])
    if any(_same(caller, admin) for admin in admins):
        yield Finding(Level.OK, f"{caller} administers the data lake and may grant to readers")
    else:
        yield Finding(
            Level.WARNING,
            f"{caller} is no administrator of the data lake, and no one else may grant to readers",
            "add it in Lake Formation, Administrative roles and tasks",
        )


def _same(caller: str, admin: str) -> bool:
    """A role's session names the role between two slashes, without its path."""
    return caller == admin or (
        ":assumed-role/" in caller and caller.split("/")[1] == admin.rsplit("/", 1)[-1]
    )
