import os
import ssl

import pytest

from coinlake.errors import BadConfiguration
from coinlake.sources import catalog
from ops.aws import Aws
from ops.local.certificate import Certificate
from ops.local.laptop import PORT, Laptop
from ops.local.lifecycle import exports, machine_variables


def test_the_folder_and_the_port_come_from_the_environment(tmp_path):
    laptop = Laptop.from_env({"COINLAKE_LOCAL": str(tmp_path), "COINLAKE_PORT": "6000"})
    assert (laptop.folder, laptop.endpoint) == (tmp_path, "https://127.0.0.1:6000")
    assert laptop.simulator == "https://127.0.0.1:6001"


def test_a_started_laptop_keeps_its_port(tmp_path):
    env = {"COINLAKE_LOCAL": str(tmp_path)}
    assert Laptop.from_env(env).port == PORT
    Laptop(tmp_path, 6000).save_port()
    assert Laptop.from_env(env).port == 6000


@pytest.mark.parametrize("port", ["http", "80", "70000", "-1"])
def test_a_port_that_cannot_be_is_refused(port):
    with pytest.raises(BadConfiguration, match="COINLAKE_PORT"):
        Laptop.from_env({"COINLAKE_PORT": port})


def test_the_certificate_is_made_once_and_its_key_is_the_owners(tmp_path):
    first = Certificate.ensure(tmp_path)
    made = first.chain.read_bytes()
    assert Certificate.ensure(tmp_path).chain.read_bytes() == made
    assert first.key.stat().st_mode & 0o077 == 0
    ssl.create_default_context(cafile=str(first.bundle))
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(first.chain, first.key)


def test_the_users_own_account_never_reaches_the_embedded_one(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    aws = Aws.embedded(Laptop(tmp_path, 6000))
    assert aws.client("s3").meta.endpoint_url == "https://127.0.0.1:6000"
    assert "AWS_PROFILE" not in aws.environment
    assert "AWS_SESSION_TOKEN" not in aws.environment
    assert aws.environment["AWS_ENDPOINT_URL"] == "https://127.0.0.1:6000"
    assert aws.environment["PATH"] == os.environ["PATH"]


def test_exports_point_other_aws_tools_to_the_embedded_account(tmp_path):
    shell = exports(Aws.embedded(Laptop(tmp_path, 6000))).splitlines()
    assert "export AWS_ENDPOINT_URL=https://127.0.0.1:6000" in shell
    assert "export AWS_ACCESS_KEY_ID=000000000000" in shell
    assert all(line.startswith("export AWS_") for line in shell)


def test_a_missing_region_is_an_error_with_its_remedy(monkeypatch, tmp_path):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(BadConfiguration, match="^no_region: .*AWS_REGION"):
        Aws.real()


def test_with_live_no_source_url_is_replaced(tmp_path):
    laptop = Laptop(tmp_path, 6000)
    assert machine_variables(laptop, live=True)["source_urls"] == {}
    urls = machine_variables(laptop, live=False)["source_urls"]
    assert set(urls) == set(catalog())
    assert urls["coingecko"] == "https://127.0.0.1:6001/coingecko/api/v3"
    assert urls["binance_archive"] == "https://127.0.0.1:6001/binance_archive"
