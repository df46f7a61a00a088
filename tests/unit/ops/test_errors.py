import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
    ReadTimeoutError,
)

from coinlake.errors import CoinlakeError
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
        (ReadTimeoutError(endpoint_url="https://127.0.0.1:1"), "AWS could not be asked"),
    ],
)
def test_an_error_is_one_sentence_with_its_remedy(error, start, tmp_path):
    told = user_message(error, tmp_path / "report")
    assert told.startswith(start)
    assert "\n" not in told


def test_refused_credentials_are_never_shown(tmp_path):
    assert "AKIAEXAMPLE" not in user_message(refused("SignatureDoesNotMatch"), tmp_path / "report")


def test_an_unexpected_error_keeps_its_traceback_in_a_file(tmp_path):
    report = tmp_path / "build" / "report"
    try:
        {}["x"]
    except KeyError as error:
        told = user_message(error, report)
    assert told == f"unexpected: KeyError: 'x' (the whole story is in {report})"
    assert "Traceback" in report.read_text()
