import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
    ReadTimeoutError,
)

from coinlake.errors import CoinlakeError, StoreUnavailable
from ops.errors import user_message
from tools.terraform import TerraformMissing


def refused(code):
    return ClientError({"Error": {"Code": code, "Message": "AKIAEXAMPLE says no"}}, "ListBuckets")


@pytest.mark.parametrize(
    ("error", "start"),
    [
        (CoinlakeError("bad_range: swap them"), "bad_range: swap them"),
        (TerraformMissing("terraform is not on the PATH"), "terraform is not on the PATH"),
        (NoRegionError(), "no_region: "),
        (NoCredentialsError(), "auth: AWS credentials are missing"),
        (ProfileNotFound(profile="x"), "auth: AWS credentials are missing"),
        (refused("ExpiredToken"), "auth: AWS refuses the credentials (ExpiredToken)"),
        (refused("InvalidClientTokenId"), "auth: "),
        (refused("AccessDenied"), "AWS refused ListBuckets: AccessDenied"),
        (EndpointConnectionError(endpoint_url="https://127.0.0.1:1"), "AWS cannot be reached"),
        (ReadTimeoutError(endpoint_url="https://127.0.0.1:1"), "AWS could not be called"),
    ],
)
def test_an_error_is_one_sentence_with_its_remedy(error, start, tmp_path):
    message = user_message(error, tmp_path / "report")
    assert message.startswith(start)
    assert "\n" not in message


@pytest.mark.parametrize("cause", [NoCredentialsError(), refused("ExpiredToken")])
def test_bad_credentials_are_named_even_where_a_queue_or_a_bucket_needed_them(cause, tmp_path):
    try:
        raise StoreUnavailable("could not read the depth of a queue") from cause
    except StoreUnavailable as error:
        assert user_message(error, tmp_path / "report").startswith("auth: ")


def test_refused_credentials_are_never_shown(tmp_path):
    assert "AKIAEXAMPLE" not in user_message(refused("SignatureDoesNotMatch"), tmp_path / "report")


def test_an_unexpected_error_keeps_its_traceback_in_a_file(tmp_path):
    report = tmp_path / "build" / "report"
    try:
        {}["x"]
    except KeyError as error:
        message = user_message(error, report)
    assert message == f"unexpected: KeyError: 'x' (the traceback is in {report})"
    assert "Traceback" in report.read_text()
