"""How a source is connected: its key, its client, its rate limit."""

import ssl

import pytest

from coinlake.alert_rules import Notices
from coinlake.config import LakeConfig, SourceConfig
from coinlake.errors import BadConfiguration
from ingest import wiring
from ingest.clock import Clock
from ingest.sources.coingecko import CoinGecko
from tests.unit.ingest.conftest import KEY, FakeSsm


def config(**source):
    entry = SourceConfig("coingecko", "https://api.coingecko.com/api/v3", 5, **source)
    return LakeConfig({}, {"coingecko": entry}, {}, (), Notices(True, True, True, None), False, "local")


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
