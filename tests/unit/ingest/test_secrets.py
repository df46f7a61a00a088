"""API keys from SSM."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from coinlake.errors import BadConfiguration, StoreUnavailable
from ingest.secrets import api_key
from tests.unit.ingest.conftest import KEY, FakeSsm


def refusal(code):
    return ClientError({"Error": {"Code": code, "Message": "x"}}, "GetParameter")


@pytest.mark.parametrize("stored", [KEY, f" {KEY}\n"])
def test_a_key_is_read_without_the_space_around_it(stored):
    assert api_key(FakeSsm(stored), "/coinlake/dev/key", "coincap") == KEY


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (refusal("ParameterNotFound"), BadConfiguration),
        (refusal("AccessDeniedException"), BadConfiguration),
        (refusal("ThrottlingException"), StoreUnavailable),
        (EndpointConnectionError(endpoint_url="https://ssm"), StoreUnavailable),
        ("", BadConfiguration),
        (f"{KEY}\r\nHost: evil", BadConfiguration),
        (f"{KEY} and more", BadConfiguration),
        (f"{KEY}ä", BadConfiguration),
    ],
)
def test_a_key_that_cannot_be_used_is_named_by_its_parameter_and_never_quoted(outcome, kind):
    with pytest.raises(kind, match="/coinlake/dev/key") as failed:
        api_key(FakeSsm(outcome), "/coinlake/dev/key", "coincap")
    assert KEY not in str(failed.value)
