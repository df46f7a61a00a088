"""The client against a real HTTPS server that does its worst."""

import gzip
import random
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import pytest

from coinlake.errors import BadConfiguration, SourceRefused, SourceUnavailable, TooLarge
from coinlake.http import MAX_ERROR_BYTES, USER_AGENT, ApiKey, HttpClient
from tests.https_server import HOST, Reply, serving, write_certificate
from tests.patience import wait_until

NOW = datetime(2024, 11, 21, 7, 35, 2, tzinfo=UTC)
KEY = "CG-sentinel-0123456789"
HEADER_KEY = ApiKey("x-api-key", KEY)
FINE = Reply(200, (b"[1]",))
ZIPPED = {"Content-Encoding": "gzip"}
NOISE = gzip.compress(random.Random(1).randbytes(100_000))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    write_certificate(file, "source.test")
    return file


@pytest.fixture
def server(certificate):
    with serving(certificate) as running:
        yield running


@pytest.fixture
def http(server, certificate):
    """Make a client of the server."""

    def make(*, url="", allow_private=True, trusted=certificate, api_key=HEADER_KEY, **limits):
        tls = ssl.create_default_context(cafile=trusted)
        return HttpClient(
            "example", url or server.url, tls, api_key, allow_private, now=lambda: NOW, **limits
        )

    return make


@pytest.fixture
def ask(http):
    """Ask the server once for ``/x``."""

    def get(seconds=15, **settings):
        return http(**settings).get("/x", {"page": "1"}, seconds)

    return get


@contextmanager
def taking_less_than(seconds):
    start = time.monotonic()
    yield
    assert time.monotonic() - start < seconds


def test_a_response_keeps_its_bytes_and_the_url_they_came_from(server, ask):
    server.answer("/x", Reply(200, (b'{"a":', b" 1e-06}\n"), {"Content-Type": "application/json; x"}))
    answer = ask()
    assert (answer.body, answer.status) == (b'{"a": 1e-06}\n', 200)
    assert (answer.url, answer.content_type) == (f"{server.url}/x?page=1", "application/json; x")
    assert answer.fetched_at == NOW


def test_a_request_says_who_asks_and_holds_the_key_in_its_header_only(server, http, ask):
    server.answer("/x", FINE)
    answer = ask()
    (request,) = server.requests
    assert (request.headers["User-Agent"], request.headers["x-api-key"]) == (USER_AGENT, KEY)
    assert request.headers["Accept-Encoding"] == "gzip"
    assert KEY not in repr(answer) + repr(http())


def test_a_path_below_the_base_url_is_kept(server, http):
    server.answer("/api/v3/ping", FINE)
    answer = http(url=f"{server.url}/api/v3/").get("/ping", {}, 15)
    assert answer.url == f"{server.url}/api/v3/ping"


def test_a_connection_serves_several_requests(server, http):
    server.answer("/x", FINE)
    client = http()
    for _ in range(3):
        assert client.get("/x", {}, 15).body == b"[1]"
    assert server.connections == 1


def test_a_gzipped_answer_is_unpacked(server, ask):
    server.answer("/x", Reply(200, (gzip.compress(b"[1, 2]"),), ZIPPED))
    assert ask().body == b"[1, 2]"


def test_a_gzip_bomb_is_stopped_at_the_cap(server, ask):
    zeros = zlib.compressobj(9, wbits=31)
    bomb = b"".join(zeros.compress(bytes(1 << 20)) for _ in range(64)) + zeros.flush()
    server.answer("/x", Reply(200, (bomb,), ZIPPED))
    tracemalloc.start()
    with pytest.raises(TooLarge, match="example: the answer is larger than the limit of 1048576 bytes"):
        ask(max_body_bytes=1 << 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.parametrize("headers", [{}, ZIPPED], ids=["plain", "gzip"])
def test_an_oversized_answer_is_given_up_once_and_not_read_to_its_end(server, ask, headers):
    server.answer("/x", Reply(200, [NOISE, *[b"x" * 100_000] * 400], headers, delay_seconds=0.1))
    with taking_less_than(30), pytest.raises(TooLarge):
        ask(max_body_bytes=50_000)
    assert len(server.requests) == 1


def test_a_gzip_stream_that_never_unpacks_to_anything_is_stopped_at_the_cap(server, ask):
    zipper = zlib.compressobj(wbits=31)
    empty_blocks = zipper.compress(b"") + zipper.flush(zlib.Z_SYNC_FLUSH) + b"\x00\x00\x00\xff\xff" * 20_000
    server.answer("/x", Reply(200, (empty_blocks,), ZIPPED))
    with pytest.raises(TooLarge):
        ask(max_body_bytes=50_000)


@pytest.mark.parametrize(
    "body",
    [gzip.compress(b"[1, 2]")[:-3], gzip.compress(b"[1, 2]") + b"more", b"no gzip at all", b""],
    ids=["cut", "overlong", "corrupt", "empty"],
)
def test_a_broken_gzip_stream_is_no_answer(server, http, body):
    server.answer("/x", Reply(200, (body,), ZIPPED), FINE)
    client = http()
    with pytest.raises(SourceUnavailable, match="example: the answer's gzip stream"):
        client.get("/x", {}, 15)
    assert client.get("/x", {}, 15).body == b"[1]"


def test_an_encoding_that_was_not_asked_for_is_refused(server, ask):
    server.answer("/x", Reply(200, (b"?",), {"Content-Encoding": "br"}))
    with pytest.raises(SourceRefused, match="encoded as 'br'"):
        ask()


def test_a_truncated_body_is_no_answer(server, http):
    server.answer("/x", Reply(200, (b"[1,",), length=100), FINE)
    client = http()
    with pytest.raises(SourceUnavailable, match=r"example: no complete answer \(IncompleteRead\)"):
        client.get("/x", {}, 15)
    assert client.get("/x", {}, 15).body == b"[1]"


def test_a_refused_connection_is_no_answer(ask):
    with closing(socket.create_server((HOST, 0))) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(SourceUnavailable, match=r"no complete answer \(ConnectionRefusedError\)"):
        ask(url=f"https://{HOST}:{port}")


@pytest.mark.parametrize("status", [201, 400, 401, 403, 404, 408, 418, 422, 429, 451, 500, 503])
def test_any_status_is_an_answer_and_asked_for_once(server, ask, status):
    server.answer("/x", Reply(status, (b"no",)))
    answer = ask()
    assert (answer.status, answer.body) == (status, b"no")
    assert len(server.requests) == 1


def test_a_response_says_how_long_to_wait(server, ask):
    for header, seconds in [("7", 7), ("Thu, 21 Nov 2024 07:35:12 GMT", 10), ("soon", None)]:
        server.answer("/x", Reply(429, (b"",), {"Retry-After": header}))
        assert ask().retry_after_seconds == seconds
    server.answer("/x", Reply(429, (b"",)))
    assert ask().retry_after_seconds is None


def test_headers_are_found_in_any_case(server, ask):
    server.answer("/x", Reply(200, (b"[1]",), {"X-Used": "7"}))
    assert ask().headers["x-USED"] == "7"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, [b"["] * 1000, delay_seconds=0.05),
        Reply(200, [NOISE[at : at + 8] for at in range(0, 8000, 8)], ZIPPED, delay_seconds=0.05),
        Reply(200, [b"[", b"]"], delay_seconds=50),
        Reply(drip_headers=True, delay_seconds=0.4),
        Reply(500, [b"["] * 1000, delay_seconds=0.05),
    ],
    ids=["body", "gzip body", "silence", "headers", "error body"],
)
def test_a_dripping_answer_ends_at_the_deadline(server, ask, reply):
    """Each would take half a minute and more."""
    server.answer("/x", reply)
    with taking_less_than(30), pytest.raises(SourceUnavailable, match="no complete answer"):
        ask(seconds=1)
    assert len(server.requests) == 1


def test_a_peer_that_never_speaks_tls_ends_at_the_deadline(ask):
    with closing(socket.create_server((HOST, 0))) as silent, taking_less_than(30):
        url = f"https://{HOST}:{silent.getsockname()[1]}"
        with pytest.raises(SourceUnavailable, match="no complete answer"):
            ask(seconds=1, url=url)


def test_a_host_that_does_not_resolve_is_unavailable(ask, monkeypatch):
    def nowhere(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "nowhere")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    with pytest.raises(SourceUnavailable, match="gaierror"):
        ask(url="https://source.test")


def test_a_certificate_of_an_unknown_authority_is_not_trusted(server, ask):
    with pytest.raises(SourceUnavailable, match="SSLCertVerificationError"):
        ask(trusted=None)
    assert server.requests == []


def test_a_key_stands_behind_its_prefix(server, ask):
    server.answer("/x", FINE)
    ask(api_key=ApiKey("Authorization", KEY, "Bearer "))
    assert server.requests[0].headers["Authorization"] == f"Bearer {KEY}"


def test_a_client_without_a_key_sends_none(server, ask):
    server.answer("/x", FINE)
    ask(api_key=None)
    assert set(server.requests[0].headers) == {"Host", "User-Agent", "Accept", "Accept-Encoding"}


def test_parameters_are_encoded_as_their_url_says(server, http):
    server.answer("/x", FINE)
    params = {"ids": "a,b", "at": "2024-11-20T07:00:00Z", "list": '["BTC"]', "text": "ü ~"}
    answer = http().get("/x", params, 15)
    assert answer.url == (
        f"{server.url}/x?ids=a%2Cb&at=2024-11-20T07%3A00%3A00Z&list=%5B%22BTC%22%5D&text=%C3%BC+~"
    )
    assert server.requests[0].query == {name: [value] for name, value in params.items()}


def test_a_path_may_bring_its_own_query(server, http):
    server.answer("/x", FINE)
    assert http().get("/x?symbol=BTCUSDT&limit=5", {}, 15).url.endswith("/x?symbol=BTCUSDT&limit=5")
    assert server.requests[0].query == {"symbol": ["BTCUSDT"], "limit": ["5"]}


@pytest.mark.parametrize(
    "location",
    ["https://169.254.169.254/latest/meta-data", "http://169.254.169.254", "//169.254.169.254/x"],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused_and_its_target_named(server, ask, location, status):
    server.answer("/x", Reply(status, (b"",), {"Location": location}))
    with pytest.raises(SourceRefused, match=f"HTTP {status} redirects to '169.254.169.254'"):
        ask()
    assert len(server.requests) == 1


@pytest.mark.parametrize("location", ["", "https://[broken", "/elsewhere"])
def test_a_redirect_to_no_host_is_refused_too(server, ask, location):
    server.answer("/x", Reply(302, (b"x" * 1000,), {"Location": location}))
    with pytest.raises(SourceRefused, match="redirects"):
        ask()


def test_a_private_address_is_refused_before_a_byte_is_sent(server, ask):
    with pytest.raises(SourceRefused, match=r"resolves to 127\.0\.0\.1, which is not a public address"):
        ask(allow_private=False)
    assert server.connections == 0


def test_a_public_name_that_resolves_to_a_private_address_is_refused(server, ask, monkeypatch):
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: real(HOST, *rest, **more))
    url = f"https://source.test:{server.port}"
    with pytest.raises(SourceRefused, match=r"source\.test resolves to 127\.0\.0\.1"):
        ask(allow_private=False, url=url)
    server.answer("/x", FINE)
    assert ask(allow_private=True, url=url).body == b"[1]"


def test_no_proxy_of_the_environment_takes_part(server, ask, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.answer("/x", FINE)
    assert ask().body == b"[1]"


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com",
        "https://user:word@api.example.com",
        "https://api.example.com@evil.example",
        "https://api.example.com\\@evil.example",
        "https://api.example.com?x=",
        "https://api.example.com#x",
        "https://api.example.com/\r\nHost: evil",
        "https://api.example.com/%2e%2e",
        "https://",
        "file:///etc/passwd",
        "ftp://api.example.com",
        " https://api.example.com",
        "https://api.example.com:port",
        "",
    ],
)
def test_a_base_url_with_a_trick_in_it_is_refused(url):
    with pytest.raises(BadConfiguration, match="url_refused") as refused:
        HttpClient("example", url, ssl.create_default_context())
    assert "word" not in str(refused.value)


def test_an_error_body_is_kept_without_the_key_and_only_if_it_is_small(server, ask):
    server.answer("/x", Reply(401, (f"bad key {KEY}!".encode(),)))
    assert ask().body == b"bad key ***!"
    server.answer("/x", Reply(401, (b"x" * (MAX_ERROR_BYTES + 1),)))
    assert ask().body == b""


def test_no_thread_is_left_behind(server, ask):
    server.answer("/x", FINE)
    ask()

    def timers():
        return [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]

    wait_until("the timer's thread to end", lambda: not timers())
