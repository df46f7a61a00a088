"""The client against a real HTTPS server that does its worst."""

import gzip
import random
import socket
import threading
import time
import tracemalloc
import zlib
from contextlib import closing, contextmanager

import pytest

from coinlake.config import SourceConfig
from coinlake.errors import BadConfiguration, SourceRefused, SourceUnavailable, TooLarge
from ingest import http as client
from ingest.http import USER_AGENT, Http
from tests.https_server import HOST, Reply
from tests.unit.ingest.conftest import KEY, NOW, FakeLimiter

BUSY = Reply(503, (b"busy",))
FINE = Reply(200, (b"[1]",))
ZIPPED = {"Content-Encoding": "gzip"}
NOISE = gzip.compress(random.Random(1).randbytes(100_000))


@contextmanager
def taking_less_than(seconds):
    start = time.monotonic()
    yield
    assert time.monotonic() - start < seconds


def test_an_answer_keeps_its_bytes_and_tells_where_they_came_from(server, ask):
    server.answer("/x", Reply(200, (b'{"a":', b" 1e-06}\n"), {"Content-Type": "application/json; x"}))
    answer = ask()
    assert (answer.body, answer.status) == (b'{"a": 1e-06}\n', 200)
    assert (answer.url, answer.content_type) == (f"{server.url}/x?page=1", "application/json; x")
    assert answer.fetched_at == NOW


def test_a_request_says_who_asks_and_holds_the_key_in_its_header_only(server, http, ask):
    server.answer("/x", FINE)
    answer = ask()
    (asked,) = server.asked
    assert (asked.headers["User-Agent"], asked.headers["x-api-key"]) == (USER_AGENT, KEY)
    assert asked.headers["Accept-Encoding"] == "gzip"
    assert KEY not in repr(answer) + repr(http())


def test_a_path_below_the_base_url_is_kept(server, http, fake_time):
    server.answer("/api/v3/ping", FINE)
    answer = http(url=f"{server.url}/api/v3/").get("/ping", {}, fake_time.seconds() + 60)
    assert answer.url == f"{server.url}/api/v3/ping"


def test_a_connection_serves_several_requests(server, http, fake_time):
    server.answer("/x", FINE)
    one = http()
    for _ in range(3):
        assert one.get("/x", {}, fake_time.seconds() + 60).body == b"[1]"
    assert server.connections == 1


def test_a_gzipped_answer_is_unpacked(server, ask):
    server.answer("/x", Reply(200, (gzip.compress(b"[1, 2]"),), ZIPPED))
    assert ask().body == b"[1, 2]"


def test_a_gzip_bomb_is_stopped_at_the_cap(server, ask):
    zeros = zlib.compressobj(9, wbits=31)
    bomb = b"".join(zeros.compress(bytes(1 << 20)) for _ in range(64)) + zeros.flush()
    server.answer("/x", Reply(200, (bomb,), ZIPPED))
    tracemalloc.start()
    with pytest.raises(TooLarge, match="example: the answer is over its cap of 1048576 bytes"):
        ask(max_bytes=1 << 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.parametrize("headers", [{}, ZIPPED], ids=["plain", "gzip"])
def test_an_oversized_answer_is_given_up_once_and_not_read_to_its_end(server, ask, headers):
    server.answer("/x", Reply(200, [NOISE, *[b"x" * 100_000] * 20], headers, delay_seconds=0.1))
    with taking_less_than(1), pytest.raises(TooLarge):
        ask(max_bytes=50_000)
    assert len(server.asked) == 1


def test_a_gzip_stream_that_never_unpacks_to_anything_is_stopped_at_the_cap(server, ask):
    zipper = zlib.compressobj(wbits=31)
    empty_blocks = zipper.compress(b"") + zipper.flush(zlib.Z_SYNC_FLUSH) + b"\x00\x00\x00\xff\xff" * 20_000
    server.answer("/x", Reply(200, (empty_blocks,), ZIPPED))
    with pytest.raises(TooLarge):
        ask(max_bytes=50_000)


@pytest.mark.parametrize(
    "body",
    [gzip.compress(b"[1, 2]")[:-3], gzip.compress(b"[1, 2]") + b"more", b"no gzip at all", b""],
    ids=["cut", "overlong", "corrupt", "empty"],
)
def test_a_broken_gzip_stream_is_tried_again(server, ask, body):
    server.answer("/x", Reply(200, (body,), ZIPPED), FINE)
    assert ask().body == b"[1]"


def test_an_encoding_that_was_not_asked_for_is_refused(server, ask):
    server.answer("/x", Reply(200, (b"?",), {"Content-Encoding": "br"}))
    with pytest.raises(SourceRefused, match="encoded as 'br'"):
        ask()


def test_a_truncated_body_is_tried_again(server, ask, fake_time):
    server.answer("/x", Reply(200, (b"[1,",), length=100), FINE)
    assert ask().body == b"[1]"
    assert fake_time.slept == [0.75]


def test_a_body_that_stays_truncated_is_never_an_answer(server, ask):
    server.answer("/x", Reply(200, (b"[1,",), length=100))
    with pytest.raises(SourceUnavailable, match=r"example: no whole answer \(IncompleteRead\)"):
        ask()
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, [b"["] * 200, delay_seconds=0.02),
        Reply(200, [NOISE[at : at + 40] for at in range(0, 8000, 40)], ZIPPED, delay_seconds=0.02),
        Reply(200, [b"[", b"]"], delay_seconds=4),
        Reply(drip_headers=True, delay_seconds=0.02),
        Reply(500, [b"["] * 200, delay_seconds=0.02),
    ],
    ids=["body", "gzip body", "silence", "headers", "error body"],
)
def test_a_dripping_answer_ends_at_the_deadline(server, ask, reply):
    server.answer("/x", reply)
    with taking_less_than(1.3), pytest.raises(SourceUnavailable, match="no whole answer"):
        ask(seconds=0.4)
    assert len(server.asked) == 1


def test_a_peer_that_never_speaks_tls_ends_at_the_deadline(ask):
    with closing(socket.create_server((HOST, 0))) as silent, taking_less_than(1.3):
        url = f"https://{HOST}:{silent.getsockname()[1]}"
        with pytest.raises(SourceUnavailable, match="no whole answer"):
            ask(seconds=0.4, url=url)


def test_a_refused_connection_is_tried_three_times(ask, fake_time):
    with closing(socket.create_server((HOST, 0))) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(SourceUnavailable, match=r"no whole answer \(ConnectionRefusedError\)"):
        ask(url=f"https://{HOST}:{port}")
    assert fake_time.slept == [0.75, 1.5]


def test_a_host_that_does_not_resolve_is_unavailable(ask, monkeypatch):
    def nowhere(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "nowhere")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    with pytest.raises(SourceUnavailable, match="gaierror"):
        ask(url="https://source.test")


def test_a_certificate_of_nobody_is_not_trusted(server, fake_time, limiter):
    source = SourceConfig("example", server.url, 60)
    with pytest.raises(SourceUnavailable, match="SSLCertVerificationError"):
        one = Http(source, limiter, private=True, clock=fake_time.clock())
        one.get("/x", {}, fake_time.seconds() + 60)
    assert server.asked == []


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_status_that_may_pass_is_tried_again(server, ask, status):
    server.answer("/x", Reply(status, (b"busy",)), FINE)
    assert ask().body == b"[1]"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 451])
def test_a_status_that_will_not_change_is_answered_at_once(server, ask, fake_time, status):
    server.answer("/x", Reply(status, (b"no",)))
    answer = ask()
    assert (answer.status, answer.body) == (status, b"no")
    assert (len(server.asked), fake_time.slept) == (1, [])


def test_a_storm_of_429_ends_after_three_tries_with_the_last_answer(server, ask, fake_time):
    server.answer("/x", Reply(429, (b"Throttled",)))
    assert ask().status == 429
    assert len(server.asked) == 3
    assert fake_time.slept == [1.0, 1.5]


def test_retry_after_is_honoured(server, ask, fake_time):
    server.answer("/x", Reply(429, (b"",), {"Retry-After": "7"}), FINE)
    assert ask().body == b"[1]"
    assert fake_time.slept == [7.5]


def test_retry_after_as_a_date_is_honoured(server, ask, fake_time):
    server.answer("/x", Reply(503, (b"",), {"Retry-After": "Thu, 21 Nov 2024 07:35:12 GMT"}), FINE)
    ask()
    assert fake_time.slept == [10.5]


def test_retry_after_past_the_remaining_time_is_not_waited_for(server, ask, fake_time):
    server.answer("/x", Reply(429, (b"Throttled",), {"Retry-After": "119"}))
    answer = ask(seconds=60)
    assert (answer.status, answer.retry_after_seconds) == (429, 119)
    assert (len(server.asked), fake_time.slept) == (1, [])


def test_a_source_that_wants_a_minute_after_a_429_gets_it_or_no_second_try(server, ask, fake_time):
    server.answer("/x", Reply(429, (b"Throttled",)), FINE)
    assert ask(seconds=50, throttled_seconds=60).status == 429
    assert ask(seconds=90, throttled_seconds=60).status == 200
    assert fake_time.slept == []


def test_without_time_left_nothing_is_asked(server, ask):
    with pytest.raises(SourceUnavailable, match="no time was left"):
        ask(seconds=0)
    assert server.asked == []


def test_each_try_waits_for_its_turn_and_says_what_it_costs(server, http, fake_time, limiter):
    server.answer("/x", BUSY, FINE)
    http().get("/x", {}, fake_time.seconds() + 60, cost=40, yields=True)
    assert limiter.waits == [(40, True)] * 2


def test_a_turn_that_comes_too_late_is_told_with_its_time(server, ask, limiter):
    limiter.refusal = 90
    with pytest.raises(SourceUnavailable, match="rate limited by ourselves until 2024-11-21T07:36:32Z"):
        ask()
    assert server.asked == []


def test_no_turn_for_another_try_leaves_the_answer_of_the_last(server, ask, limiter):
    limiter.wait = lambda *_, **__: None if not server.asked else 90.0
    server.answer("/x", BUSY)
    assert ask().status == 503


@pytest.mark.parametrize(
    ("headers", "held"), [({}, 60), ({"Retry-After": "7"}, 60), ({"Retry-After": "90"}, 90)]
)
def test_a_429_holds_every_invocation_back(server, ask, limiter, headers, held):
    server.answer("/x", Reply(429, (b"",), headers))
    ask(seconds=5, throttled_seconds=60)
    assert limiter.held == [held]


def test_a_429_that_asks_for_years_holds_nobody_for_more_than_an_hour(server, ask, limiter):
    server.answer("/x", Reply(429, (b"",), {"Retry-After": "999999999"}))
    ask()
    assert limiter.held == [3600]


@pytest.mark.parametrize(("used", "held"), [("99", []), ("100", [58]), ("", []), ("many", []), ("-1", [])])
def test_a_limit_that_is_used_up_holds_everybody_until_the_next_minute(server, ask, limiter, used, held):
    server.answer("/x", Reply(200, (b"[1]",), {"X-Used": used}))
    ask(used_header="X-Used")
    assert limiter.held == held


def test_a_key_stands_behind_its_prefix(server, http, fake_time, certificate, limiter):
    server.answer("/x", FINE)
    source = SourceConfig("example", server.url, 60, "Authorization", api_key_prefix="Bearer ")
    one = Http(source, limiter, KEY, private=True, verify=str(certificate), clock=fake_time.clock())
    one.get("/x", {}, fake_time.seconds() + 60)
    assert server.asked[0].headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "location",
    ["https://169.254.169.254/latest/meta-data", "http://169.254.169.254", "//169.254.169.254/x"],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused_and_its_target_named(server, ask, location, status):
    server.answer("/x", Reply(status, (b"",), {"Location": location}))
    with pytest.raises(SourceRefused, match=f"HTTP {status} redirects to '169.254.169.254'"):
        ask()
    assert len(server.asked) == 1


@pytest.mark.parametrize("location", ["", "https://[broken", "/elsewhere"])
def test_a_redirect_to_no_host_is_refused_too(server, ask, location):
    server.answer("/x", Reply(302, (b"x" * 1000,), {"Location": location}))
    with pytest.raises(SourceRefused, match="redirects"):
        ask()


def test_a_private_address_is_refused_before_a_byte_is_sent(server, ask):
    with pytest.raises(SourceRefused, match=r"leads to 127\.0\.0\.1, which is not a public address"):
        ask(private=False)
    assert server.connections == 0


def test_a_public_name_that_resolves_to_a_private_address_is_refused(server, ask, monkeypatch):
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: real(HOST, *rest, **more))
    url = f"https://source.test:{server.port}"
    with pytest.raises(SourceRefused, match=r"source\.test leads to 127\.0\.0\.1"):
        ask(private=False, url=url)
    server.answer("/x", FINE)
    assert ask(private=True, url=url).body == b"[1]"


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
        Http(SourceConfig("example", url, 60), FakeLimiter())
    assert "word" not in str(refused.value)


def test_an_error_body_is_kept_without_the_key_and_only_if_it_is_small(server, ask):
    server.answer("/x", Reply(401, (f"bad key {KEY}!".encode(),)))
    assert ask().body == b"bad key ***!"
    server.answer("/x", Reply(401, (b"x" * (client.MAX_ERROR_BYTES + 1),)))
    assert ask().body == b""


def test_no_thread_is_left_behind(server, ask):
    server.answer("/x", FINE)
    ask()
    deadline = time.monotonic() + 1
    while any(isinstance(thread, threading.Timer) for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
