"""The bucket of Terraform's state, and the demo's mailbox."""

import json

import boto3
import pytest

from ops.aws import Aws
from ops.deploy import state_bucket
from ops.local.mailbox import Mail, Mailbox


def test_the_state_bucket_is_private_versioned_encrypted_and_safe_to_make_twice(aws):
    account = Aws(boto3.Session(), "us-east-1", {})
    with pytest.raises(state_bucket.NoStateBucket, match="coinlake bootstrap"):
        state_bucket.require(account)
    bucket = state_bucket.ensure(account)
    assert bucket == state_bucket.ensure(account) == "coinlake-state-123456789012-us-east-1"
    s3 = account.client("s3")
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    blocks = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(blocks.values()) == {True}
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == state_bucket.tls_only(bucket)


def test_a_bucket_outside_the_first_region_names_its_region(aws):
    bucket = state_bucket.ensure(Aws(boto3.Session(), "eu-west-1", {}))
    where = boto3.client("s3").get_bucket_location(Bucket=bucket)["LocationConstraint"]
    assert where == "eu-west-1"


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
