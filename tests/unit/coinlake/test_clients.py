"""A runtime that is too old for conditional writes says so at its cold start."""

import boto3
import botocore
import pytest

from coinlake.clients import client
from coinlake.errors import BadConfiguration


@pytest.mark.parametrize(
    ("version", "old"),
    [("1.35.68", True), ("1.34.200", True), ("1.35.69", False), ("1.36.0", False), ("2.0.0rc1", False)],
)
def test_a_botocore_without_if_match_is_refused_by_its_version(monkeypatch, version, old) -> None:
    monkeypatch.setattr(boto3, "client", lambda service, config: service)
    monkeypatch.setattr(botocore, "__version__", version)
    if old:
        with pytest.raises(BadConfiguration, match=rf"botocore {version}, .* need 1\.35\.69"):
            client("s3")
    else:
        assert client("s3") == "s3"


def test_the_oldest_that_is_taken_knows_if_match_and_so_does_this_one() -> None:
    shape = (
        boto3.Session(region_name="us-east-1").client("s3").meta.service_model.operation_model("PutObject")
    )
    assert "IfMatch" in shape.input_shape.members
