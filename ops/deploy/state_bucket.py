"""The bucket of Terraform's state: made once per account and region, before any stack."""

import json
from typing import Any, Final

from botocore.exceptions import ClientError

from coinlake.errors import CoinlakeError
from ops.aws import Aws

_DEFAULT_REGION: Final = "us-east-1"  # the one region that CreateBucket refuses as a location
NONCURRENT_DAYS: Final = 90


class NoStateBucket(CoinlakeError):
    """The account has no state bucket yet."""


def name(aws: Aws) -> str:
    return f"coinlake-state-{aws.account()}-{aws.region}"


def backend(bucket: str, region: str, environment: str) -> dict[str, str]:
    """Terraform's S3 backend: encrypted, and locked by a file beside the state."""
    return {
        "bucket": bucket,
        "key": f"coinlake/{environment}.tfstate",
        "region": region,
        "encrypt": "true",
        "use_lockfile": "true",
    }


def require(aws: Aws) -> str:
    """The bucket's name, or ``NoStateBucket``."""
    bucket = name(aws)
    if not _exists(aws.client("s3"), bucket):
        raise NoStateBucket(f"there is no state bucket {bucket} yet; run `coinlake bootstrap` once")
    return bucket


def ensure(aws: Aws) -> str:
    """Make the bucket, or bring an existing one to the same settings; returns its name."""
    s3, bucket = aws.client("s3"), name(aws)
    if not _exists(s3, bucket):
        location = {"CreateBucketConfiguration": {"LocationConstraint": aws.region}}
        s3.create_bucket(Bucket=bucket, **({} if aws.region == _DEFAULT_REGION else location))
    _protect(s3, bucket)
    return bucket


def _protect(s3: Any, bucket: str) -> None:
    blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(blocks, True))
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [_lifecycle()]})
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(tls_only(bucket)))


def _lifecycle() -> dict[str, Any]:
    return {
        "ID": "forget-old-states",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": NONCURRENT_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }


def tls_only(bucket: str) -> dict[str, Any]:
    """The policy that refuses every call without TLS."""
    statement = {
        "Sid": "RefusePlainHttp",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _exists(s3: Any, bucket: str) -> bool:
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchBucket"):
            return False
        raise
    return True
