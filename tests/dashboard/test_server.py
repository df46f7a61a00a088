"""What `coinlake dashboard` serves: the page, the site bucket's data, and nothing else."""

import webbrowser
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import boto3
import pytest
import requests
from moto import mock_aws

from coinlake.stores import ObjectStore
from ops.aws import Aws
from ops.dashboard import Page, PortTaken, listen, open_in_browser
from ops.stack import NotDeployed, Stack
from tests.dashboard.browser import served
from tests.patience import PATIENCE_SECONDS, wait_until

PAGE = Page()
NEEDED = {
    **dict.fromkeys(("environment", "account_id", "raw_bucket", "lake_bucket", "artifacts_bucket"), "x"),
    **dict.fromkeys(("config_key", "state_table", "database", "workgroup", "athena_output"), "x"),
    **{name: {} for name in ("functions", "queues", "topics", "schedules")},
}


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="site")
        client.put_object(Bucket="site", Key="data/health.json", Body=b'{"generated_at": 1}')
        client.put_object(Bucket="site", Key="secret.json", Body=b"{}")
        yield client


@dataclass(frozen=True)
class Client:
    address: str

    def get(self, path: str, method: str = "GET", **headers: str) -> requests.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.request(method, self.address + path, headers=named, timeout=PATIENCE_SECONDS)


@pytest.fixture
def client(s3: Any) -> Iterator[Client]:
    with served(ObjectStore(s3, "site")) as address:
        yield Client(address)


def test_every_file_of_the_page_goes_out_with_its_type_and_the_headers(client: Client):
    for path in PAGE.files():
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == PAGE.content_type(path)
        assert answer.headers["cache-control"] == PAGE.serving["cache_control"]["page"]
        assert {name: answer.headers[name] for name in PAGE.serving["headers"]} == PAGE.serving["headers"]


def test_the_root_is_the_page(client: Client):
    assert client.get("").content == (PAGE.folder / "index.html").read_bytes()


def test_data_comes_from_the_site_bucket_and_is_not_sent_twice(client: Client):
    answer = client.get("data/health.json")
    assert answer.json() == {"generated_at": 1}
    assert answer.headers["cache-control"] == PAGE.serving["cache_control"]["data"]
    again = client.get("data/health.json", If_None_Match=answer.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    ["data/none.json", "secret.json", "serving.json", "data/..%2fsecret.json", "..%2fops%2fcli.py", "js"],
)
def test_nothing_else_is_served_and_the_refusal_has_the_headers_too(client: Client, path: str):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-security-policy"] == PAGE.serving["headers"]["Content-Security-Policy"]


def test_another_hosts_name_is_refused(client: Client):
    assert client.get("data/health.json", Host="evil.example").status_code == 400


def test_only_reading_is_possible(client: Client):
    assert client.get("data/health.json", "PUT").status_code == 405


def test_a_bucket_that_cannot_be_read_is_reported_as_such(client: Client, s3: Any):
    s3.delete_object(Bucket="site", Key="data/health.json")
    s3.delete_object(Bucket="site", Key="secret.json")
    s3.delete_bucket(Bucket="site")
    answer = client.get("data/health.json")
    assert answer.status_code == 502
    assert answer.text == "could not get s3://site/data/health.json: NoSuchBucket\n"


def test_a_taken_port_is_named_with_what_to_do():
    with listen(0) as taken, pytest.raises(PortTaken, match=r"port \d+ of this machine is taken; .*--port"):
        listen(taken.getsockname()[1])


def test_a_stack_without_a_dashboard_says_how_to_get_one():
    stack = Stack.of(NEEDED, Aws(boto3.Session(), "us-east-1", {}))
    with pytest.raises(NotDeployed, match="set enable_dashboard = true"):
        stack.site  # noqa: B018 - reading it is what fails


class Browser(webbrowser.BackgroundBrowser):
    """One with a window of its own."""

    opened: ClassVar[list[str]] = []

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
        self.opened.append(url)
        return True


def test_a_text_browser_does_not_take_the_terminal_and_wait_for_its_own_server(monkeypatch):
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser("w3m"))
    assert not open_in_browser("http://127.0.0.1:1/")


def test_without_any_browser_the_page_is_served_all_the_same(monkeypatch):
    def none() -> None:
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", none)
    assert not open_in_browser("http://127.0.0.1:1/")


def test_a_browser_with_a_window_is_opened(monkeypatch):
    monkeypatch.setattr(webbrowser, "get", lambda: Browser("firefox"))
    assert open_in_browser("http://127.0.0.1:1/")
    wait_until("the browser to be opened", lambda: Browser.opened)
    assert Browser.opened == ["http://127.0.0.1:1/"]
