"""The bucket of Terraform's state, and the demo's mailbox."""

import json

import boto3
import pytest
from botocore.stub import Stubber

from ops.aws import Aws
from ops.deploy import state_bucket
from ops.local.mailbox import Mail, Mailbox


def test_the_state_bucket_is_private_versioned_encrypted_and_safe_to_make_twice(aws):
    account = Aws(boto3.Session(), "us-east-1", {})
    with pytest.raises(state_bucket.NoStateBucket, match="coinlake bootstrap dev"):
        state_bucket.require(account, "dev")
    bucket = state_bucket.ensure(account)
    assert bucket == state_bucket.ensure(account) == "coinlake-state-123456789012-us-east-1"
    s3 = account.client("s3")
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    blocks = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(blocks.values()) == {True}
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == state_bucket.tls_only(bucket, "aws")


def test_a_bucket_outside_the_first_region_names_its_region(aws):
    bucket = state_bucket.ensure(Aws(boto3.Session(), "eu-west-1", {}))
    where = boto3.client("s3").get_bucket_location(Bucket=bucket)["LocationConstraint"]
    assert where == "eu-west-1"


@pytest.mark.parametrize("use", [lambda aws: state_bucket.require(aws, "dev"), state_bucket.ensure])
def test_a_bucket_that_somebody_else_made_under_the_name_gets_no_state_and_no_settings(aws, use):
    account = Aws(boto3.Session(), "us-east-1", {})
    with Stubber(account.client("s3")) as s3:  # moto does not look at the owner
        owner = {"Bucket": state_bucket.name(account), "ExpectedBucketOwner": "123456789012"}
        s3.add_client_error("head_bucket", "403", "Forbidden", 403, expected_params=owner)
        with pytest.raises(state_bucket.ForeignStateBucket, match="belongs to another account"):
            use(account)  # another call would find no answer prepared


def test_every_call_to_the_state_bucket_names_its_owner(aws):
    account = Aws(boto3.Session(), "us-east-1", {})
    sent: list[tuple[str, str | None]] = []
    account.client("s3").meta.events.register(
        "provide-client-params.s3.*",
        lambda params, model, **_: sent.append((model.name, params.get("ExpectedBucketOwner"))),
    )
    bucket = state_bucket.ensure(account)
    state_bucket.require(account, "dev")
    boto3.client("s3").delete_bucket_policy(Bucket=bucket)  # moto refuses all, for it knows no conditions
    state_bucket.stands_in(account, bucket, "dev")
    assert len(sent) == 10
    assert {owner for call, owner in sent if call != "CreateBucket"} == {"123456789012"}


def test_an_environment_stands_where_its_state_lists_resources(aws):
    account = Aws(boto3.Session(), "us-east-1", {})
    bucket = "a-bucket"
    account.client("s3").create_bucket(Bucket=bucket)
    assert not state_bucket.stands_in(account, bucket, "dev")
    for resources in ([], [{"type": "aws_s3_bucket"}]):
        body = json.dumps({"resources": resources}).encode()
        account.client("s3").put_object(Bucket=bucket, Key=state_bucket.state_key("dev"), Body=body)
        assert state_bucket.stands_in(account, bucket, "dev") is bool(resources)


@pytest.mark.parametrize(
    ("region", "partition"), [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn"), ("eu-west-1", "aws")]
)
def test_the_policy_names_the_buckets_own_partition(region, partition):
    account = Aws(boto3.Session(), region, {})
    assert account.partition == partition
    resources = state_bucket.tls_only("b", account.partition)["Statement"][0]["Resource"]
    assert resources == [f"arn:{partition}:s3:::b", f"arn:{partition}:s3:::b/*"]


def test_the_backend_is_encrypted_and_locked_by_a_file():
    assert state_bucket.backend("b", "eu-west-1", "dev") == {
        "bucket": "b",
        "key": "coinlake/dev.tfstate",
        "region": "eu-west-1",
        "encrypt": "true",
        "use_lockfile": "true",
    }


def test_the_mailbox_gets_what_a_subscriber_by_mail_gets_and_forgets_older_mails(stack, monkeypatch):
    sns = stack.aws.client("sns")
    mailbox = Mailbox.open(stack)
    sns.publish(TopicArn=stack.topics["alerts"], Subject="BTC above", Message="75,000 USD")
    sent = [(mail.subject, mail.body) for mail in mailbox.take()]
    assert sent == [("BTC above", "75,000 USD")]
    assert isinstance(Mail.of_notification('{"Message": "m", "Timestamp": "t"}'), Mail)
    sns.publish(TopicArn=stack.topics["alerts"], Subject="old", Message="m")
    assert list(Mailbox.open(stack).take()) == []
