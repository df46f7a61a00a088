import subprocess

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


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied", "/x/y.csv"), "file: /x/y.csv: Permission denied"),
        (OSError(28, "No space left on device"), "file: No space left on device"),
        (IsADirectoryError(21, "Is a directory", "/x"), "file: /x: Is a directory"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(error, words, tmp_path):
    assert user_message(error, tmp_path / "report").startswith(words)
    assert not (tmp_path / "report").exists()


def test_a_program_that_failed_is_named_without_its_arguments(tmp_path):
    error = subprocess.CalledProcessError(1, ["/x/bin/python3", "-m", "pip", "install", "-qq"])
    told = user_message(error, tmp_path / "report")
    assert told == "program: python3 -m pip failed with exit code 1; its own message is above"


def test_behind_a_store_an_aws_that_is_down_is_named_with_the_remedy(tmp_path):
    error = StoreUnavailable("could not list s3://raw: EndpointConnectionError")
    error.__cause__ = EndpointConnectionError(endpoint_url="https://127.0.0.1:1")
    assert user_message(error, tmp_path / "report").endswith("on the laptop, `coinlake up` starts it")


def test_an_unexpected_error_is_told_even_where_its_report_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    told = user_message(KeyError("x"), tmp_path / "file" / "report")
    assert told.startswith("unexpected: KeyError: 'x' (COINLAKE_DEBUG=1 shows where;")


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
