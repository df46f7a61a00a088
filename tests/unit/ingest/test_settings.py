"""What ingest needs before it starts: its environment, its key, its sources."""

import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from coinlake.alert_rules import Notices
from coinlake.config import LakeConfig, SourceConfig
from coinlake.errors import BadConfiguration, StoreUnavailable
from ingest import wiring
from ingest.clock import Clock
from ingest.secrets import api_key
from ingest.settings import Settings
from ingest.sources.coingecko import CoinGecko

ENVIRONMENT = {
    "RAW_BUCKET": "raw",
    "CONFIG_BUCKET": "artifacts",
    "CONFIG_KEY": "config/1.json",
    "STATE_TABLE": "state",
}
ROOT = Path(__file__).parents[3]
KEY = "CG-sentinel-0123456789"


class FakeSsm:
    def __init__(self, outcome):
        self.outcome = outcome

    def get_parameter(self, **query):
        assert query == {"Name": "/coinlake/dev/key", "WithDecryption": True}
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return {"Parameter": {"Value": self.outcome}}


def refusal(code):
    return ClientError({"Error": {"Code": code, "Message": "x"}}, "GetParameter")


def config(**source):
    entry = SourceConfig("coingecko", "https://api.coingecko.com/api/v3", 5, **source)
    return LakeConfig({}, {"coingecko": entry}, {}, (), Notices(True, True, True, None), False, "local")


def test_settings_are_read_from_exactly_these_names():
    assert Settings.from_env(ENVIRONMENT) == Settings("raw", "artifacts", "config/1.json", "state")


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_a_missing_name_is_named(name):
    with pytest.raises(BadConfiguration, match=name):
        Settings.from_env({**ENVIRONMENT, name: ""})


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
def test_a_key_that_cannot_be_used_is_never_told(outcome, kind):
    with pytest.raises(kind, match="/coinlake/dev/key") as failed:
        api_key(FakeSsm(outcome), "/coinlake/dev/key", "coincap")
    assert KEY not in str(failed.value)


def connect(lake_config, name, aws):
    tls = ssl.create_default_context()
    return wiring.connect(lake_config, name, aws=aws, table="state", tls=tls, clock=Clock())


def test_a_source_with_a_key_gets_it_and_one_without_never_asks_for_one():
    named = {"api_key_header": "x-cg-demo-api-key", "api_key_parameter": "/coinlake/dev/key"}
    clients = {"ssm": FakeSsm(KEY), "dynamodb": None}
    keyed = connect(config(**named), "coingecko", clients.get)
    assert (keyed.client.http.api_key.header, keyed.client.http.api_key.value) == ("x-cg-demo-api-key", KEY)
    assert KEY not in repr(keyed)
    keyless = connect(config(), "coingecko", {"dynamodb": None}.__getitem__)
    assert isinstance(keyless, CoinGecko)
    assert keyless.client.http.api_key is None
    assert keyless.client.limits.throttled_seconds == 60


@pytest.mark.parametrize("name", ["nowhere", "coinbase"])
def test_a_source_that_is_not_there_is_named_with_those_that_are(name):
    with pytest.raises(BadConfiguration, match=f"no source '{name}'; the sources are alternative_me, bin"):
        connect(config(), name, lambda _: None)


def test_a_source_has_the_token_bucket_of_its_own_limit():
    bucket = connect(config(), "coingecko", lambda _: None).client.limiter.bucket
    assert (bucket.table, bucket.source, bucket.per_minute) == ("state", "coingecko", 5)


def test_importing_the_handler_loads_no_table_library_no_source_and_no_settings():
    heavy = "{'pyarrow', 'pandas', 'awswrangler', 'numpy', 'requests', 'ingest.sources.coinbase'}"
    code = f"import sys, ingest.handler; print(sorted({heavy} & set(sys.modules)))"
    path = [str(ROOT / "functions"), str(ROOT / "layers/coinlake/python")]
    environment = {"PYTHONPATH": ":".join(path), "AWS_DEFAULT_REGION": "us-east-1"}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, b"[]\n", b"")
