import os
import socket
import ssl
import urllib.request

import pytest

from coinlake.errors import BadConfiguration
from coinlake.sources import catalog
from ops.aws import Aws, inherited
from ops.local.certificate import Certificate
from ops.local.laptop import PORT, Busy, Laptop, PortTaken
from ops.local.lifecycle import down, exports, machine_variables, up


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


def test_wiping_deletes_what_coinlake_made_and_nothing_else(tmp_path):
    laptop = Laptop(tmp_path / "lake", 6000)
    laptop.claim()
    laptop.save_port()
    for folder in ("aws", "logs", "tls"):
        (laptop.folder / folder).mkdir()
        (laptop.folder / folder / "file").write_text("ours")
    (laptop.folder / "notes.txt").write_text("mine")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").write_text("mine")
    (laptop.folder / "spool").symlink_to(tmp_path / "elsewhere")
    down(laptop, wipe=True)
    assert [path.name for path in laptop.folder.iterdir()] == ["notes.txt"]
    assert (tmp_path / "elsewhere" / "file").read_text() == "mine"


def test_a_folder_of_coinlakes_alone_is_deleted_whole(tmp_path):
    laptop = Laptop(tmp_path / "lake", 6000)
    laptop.claim()
    assert down(laptop, wipe=True).deleted == [str(laptop.folder)]
    assert not laptop.folder.exists()


@pytest.mark.parametrize("names", [["thesis.tex"], ["logs", "terraform"], ["ministack.pid"]])
def test_a_folder_with_other_files_is_neither_used_nor_wiped(tmp_path, names):
    for name in names:
        (tmp_path / name).write_text("mine")
    laptop = Laptop(tmp_path, 6000)
    with pytest.raises(BadConfiguration, match="holds other files; name an empty folder"):
        up(laptop, live=False)
    with pytest.raises(BadConfiguration, match="nothing there is deleted"):
        down(laptop, wipe=True)
    assert down(laptop, wipe=False).lines() == []
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)


def test_a_lake_of_an_earlier_version_is_still_ours(tmp_path):
    laptop = Laptop(tmp_path / "lake", 6000)
    laptop.save_port()
    laptop.claim()
    (laptop.folder / ".coinlake").unlink()
    assert down(laptop, wipe=True).deleted == [str(laptop.folder)]


def test_of_two_commands_at_once_the_second_is_refused(tmp_path):
    laptop = Laptop(tmp_path / "lake", 6000)
    laptop.claim()
    with laptop.lock():
        for command in (lambda: up(laptop, live=False), lambda: down(laptop, wipe=True)):
            with pytest.raises(Busy, match="another coinlake command is starting or stopping"):
                command()
    assert laptop.folder.exists()
    assert down(laptop, wipe=False).lines() == []


@pytest.mark.parametrize("neighbour", [0, 1])
def test_a_taken_port_is_named_with_our_variable_and_not_remembered(tmp_path, neighbour):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        laptop = Laptop(tmp_path / "lake", taken.getsockname()[1] - neighbour)
        with pytest.raises(
            PortTaken, match=r"port \d+ of this machine is taken; set COINLAKE_PORT to .* COINLAKE_PORT=\d+"
        ):
            up(laptop, live=False)
    assert Laptop.from_env({"COINLAKE_LOCAL": str(laptop.folder)}).port == PORT


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "127.0.0.1,localhost"),
        ({"NO_PROXY": "corp.example,"}, "corp.example,127.0.0.1,localhost"),
        ({"no_proxy": "a", "NO_PROXY": "b"}, "a,127.0.0.1,localhost"),
        ({"no_proxy": "*"}, "*"),
    ],
)
def test_a_proxy_never_stands_before_this_machines_own_addresses(given, expected):
    env = inherited({"HTTPS_PROXY": "http://proxy.example:3128", "AWS_PROFILE": "real", **given})
    assert env == {"HTTPS_PROXY": "http://proxy.example:3128", "no_proxy": expected, "NO_PROXY": expected}
    for name in ("127.0.0.1:6000", "localhost"):
        assert urllib.request.proxy_bypass_environment(name, {"no": env["no_proxy"]})


def test_the_commands_own_calls_go_past_a_proxy(tmp_path, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://proxy.example:3128")
    client = Aws.embedded(Laptop(tmp_path, 6000)).client("s3")
    assert client._endpoint.http_session._proxy_config._proxies == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_CONFIG_FILE", "/dev/null/none"),
        ("AWS_ENDPOINT_URL_S3", "https://real.example"),
        ("AWS_RETRY_MODE", "nonsense"),
        ("AWS_MAX_ATTEMPTS", "many"),
        ("AWS_DEFAULTS_MODE", "nonsense"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
    ],
)
def test_no_setting_of_the_users_account_reaches_the_embedded_one(tmp_path, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    client = Aws.embedded(Laptop(tmp_path, 6000)).client("s3")
    assert client.meta.endpoint_url == "https://127.0.0.1:6000"


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
