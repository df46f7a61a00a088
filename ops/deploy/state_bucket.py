"""The bucket of Terraform's state: made once per account and region, before any stack."""

import json
from typing import Any, Final

from botocore.exceptions import ClientError

from coinlake.errors import CoinlakeError
from ops.aws import Aws

_DEFAULT_REGION: Final = "us-east-1"  # the one region that CreateBucket refuses as a location
NONCURRENT_DAYS: Final = 90
PLANS: Final = "plans/"  # saved plans, which hold values of the state
PLAN_DAYS: Final = 7


class NoStateBucket(CoinlakeError):
    """The account has no state bucket yet."""


class ForeignStateBucket(CoinlakeError):
    """The bucket of that name is not this account's, or these credentials may not see it."""


def name(aws: Aws) -> str:
    return f"coinlake-state-{aws.account()}-{aws.region}"


def state_key(environment: str) -> str:
    return f"coinlake/{environment}.tfstate"


def backend(bucket: str, region: str, environment: str) -> dict[str, str]:
    """Terraform's S3 backend: encrypted, and locked by a file beside the state."""
    return {
        "bucket": bucket,
        "key": state_key(environment),
        "region": region,
        "encrypt": "true",
        "use_lockfile": "true",
    }


def require(aws: Aws, environment: str) -> str:
    """The bucket's name, or ``NoStateBucket``, or ``ForeignStateBucket``."""
    bucket = name(aws)
    if not _exists(aws, bucket):
        raise NoStateBucket(
            f"there is no state bucket {bucket} yet; run `coinlake bootstrap {environment}` once"
        )
    return bucket


def ensure(aws: Aws) -> str:
    """Make the bucket, or bring an existing one to the same settings; returns its name.

    Raise ``ForeignStateBucket`` where the name is taken by somebody else.
    """
    bucket = name(aws)
    if not _exists(aws, bucket):
        location = {"CreateBucketConfiguration": {"LocationConstraint": aws.region}}
        aws.client("s3").create_bucket(Bucket=bucket, **({} if aws.region == _DEFAULT_REGION else location))
    _protect(aws, bucket)
    return bucket


def stands_in(aws: Aws, bucket: str, environment: str) -> bool:
    """Whether the environment's state lists any resource: the environment is deployed in this region."""
    try:
        answer = aws.client("s3").get_object(
            Bucket=bucket, Key=state_key(environment), ExpectedBucketOwner=aws.account()
        )
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NoSuchBucket"):
            return False
        raise
    return bool(json.loads(answer["Body"].read()).get("resources"))


def _protect(aws: Aws, bucket: str) -> None:
    """Each call names the owner: a bucket that somebody else made under this name is left alone."""
    s3, place = aws.client("s3"), {"Bucket": bucket, "ExpectedBucketOwner": aws.account()}
    blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(**place, PublicAccessBlockConfiguration=dict.fromkeys(blocks, True))
    s3.put_bucket_ownership_controls(
        **place, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    s3.put_bucket_versioning(**place, VersioningConfiguration={"Status": "Enabled"})
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(**place, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_bucket_lifecycle_configuration(**place, LifecycleConfiguration={"Rules": _lifecycle()})
    s3.put_bucket_policy(**place, Policy=json.dumps(tls_only(bucket, aws.partition)))


def _lifecycle() -> list[dict[str, Any]]:
    return [
        {
            "ID": "forget-old-states",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": NONCURRENT_DAYS},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        },
        {
            "ID": "forget-plans",
            "Status": "Enabled",
            "Filter": {"Prefix": PLANS},
            "Expiration": {"Days": PLAN_DAYS},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        },
    ]


def tls_only(bucket: str, partition: str) -> dict[str, Any]:
    """The policy that refuses every call without TLS."""
    statement = {
        "Sid": "RefusePlainHttp",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:{partition}:s3:::{bucket}", f"arn:{partition}:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _exists(aws: Aws, bucket: str) -> bool:
    try:
        aws.client("s3").head_bucket(Bucket=bucket, ExpectedBucketOwner=aws.account())
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in ("404", "NoSuchBucket"):
            return False
        if code in ("403", "AccessDenied"):
            raise ForeignStateBucket(
                f"the state bucket {bucket} belongs to another account, or these credentials may not see it; "
                "write no state there: sign in as who ran bootstrap, or ask AWS whose bucket it is"
            ) from error
        raise
    return True
