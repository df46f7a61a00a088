"""One source's client: what is tried again, when, and who is made to wait."""

import socket
from contextlib import closing

import pytest

from coinlake.errors import SourceRefused, SourceUnavailable, TooLarge
from tests.https_server import HOST, Reply
from tests.unit.ingest.conftest import NOW

BUSY = Reply(503, (b"busy",))
FINE = Reply(200, (b"[1]",))


def test_an_answer_is_returned_with_its_address_and_time(server, ask):
    server.answer("/x", FINE)
    response = ask()
    assert (response.url, response.status, response.body) == (f"{server.url}/x?page=1", 200, b"[1]")
    assert response.fetched_at == NOW


@pytest.mark.parametrize(
    "broken",
    [Reply(200, (b"[1,",), length=100), Reply(200, (b"no gzip",), {"Content-Encoding": "gzip"})],
    ids=["truncated", "corrupt gzip"],
)
def test_an_answer_that_is_not_whole_is_tried_again(server, ask, fake_time, broken):
    server.answer("/x", broken, FINE)
    assert ask().body == b"[1]"
    assert fake_time.slept == [0.75]


def test_a_body_that_stays_truncated_is_tried_three_times(server, ask):
    server.answer("/x", Reply(200, (b"[1,",), length=100))
    with pytest.raises(SourceUnavailable, match=r"example: no complete answer \(IncompleteRead\)"):
        ask()
    assert len(server.requests) == 3


def test_a_refused_connection_is_tried_three_times(ask, fake_time):
    with closing(socket.create_server((HOST, 0))) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(SourceUnavailable, match=r"no complete answer \(ConnectionRefusedError\)"):
        ask(url=f"https://{HOST}:{port}")
    assert fake_time.slept == [0.75, 1.5]


def test_a_try_ends_when_its_seconds_or_those_of_the_run_are_over(server, ask):
    server.answer("/x", Reply(200, [b"[", b"]"], delay_seconds=60))
    with pytest.raises(SourceUnavailable, match=r"no complete answer within [01]\.\d s"):
        ask(seconds=1)
    assert len(server.requests) == 1
    with pytest.raises(SourceUnavailable, match=r"no complete answer within 0\.5 s"):
        ask(seconds=60, try_seconds=0.5)
    assert len(server.requests) == 1 + 3


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_retryable_status_is_tried_again(server, ask, status):
    server.answer("/x", Reply(status, (b"busy",)), FINE)
    assert ask().body == b"[1]"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 418, 422, 451])
def test_a_status_that_will_not_change_is_returned_at_once(server, ask, fake_time, status):
    server.answer("/x", Reply(status, (b"no",)))
    response = ask()
    assert (response.status, response.body) == (status, b"no")
    assert (len(server.requests), fake_time.slept) == (1, [])


def test_a_source_may_call_an_error_with_status_200_retryable(server, client, fake_time):
    server.answer("/x", Reply(200, (b'{"error":["EService:Busy"]}',)), FINE)
    until = fake_time.seconds() + 60
    response = client().get("/x", {}, until, is_retryable=lambda response: b"EService" in response.body)
    assert response.body == b"[1]"
    assert fake_time.slept == [0.75]


def test_a_source_may_hold_its_own_next_try(server, client, fake_time, limiter):
    """What it says of its limit with status 200 is applied before the error is repeated."""
    busy, fine = Reply(200, (b'{"error":["busy"]}',)), Reply(200, (b'{"error":[]}',))
    server.answer("/x", busy, fine)
    seen = []
    source = client()
    answer = source.get(
        "/x",
        {},
        fake_time.seconds() + 60,
        is_retryable=lambda response: b"busy" in response.body,
        apply_rate_limit=lambda response: seen.append((response.body, len(limiter.acquired))),
    )
    assert answer.body == b'{"error":[]}'
    assert seen == [(b'{"error":["busy"]}', 1), (b'{"error":[]}', 2)]


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(302, (b"",), {"Location": "https://elsewhere.test"}), SourceRefused),
        (Reply(200, (b"?",), {"Content-Encoding": "br"}), SourceRefused),
        (Reply(200, [b"x" * (1 << 20)] * 17), TooLarge),
    ],
)
def test_what_no_retry_can_help_is_raised_at_once(server, ask, reply, kind):
    server.answer("/x", reply)
    with pytest.raises(kind, match="example: "):
        ask()
    assert len(server.requests) == 1


def test_a_storm_of_429_ends_after_three_tries_with_the_last_answer(server, ask, fake_time):
    server.answer("/x", Reply(429, (b"Throttled",)))
    assert ask().status == 429
    assert len(server.requests) == 3
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
    response = ask(seconds=60)
    assert (response.status, response.retry_after_seconds) == (429, 119)
    assert (len(server.requests), fake_time.slept) == (1, [])


def test_a_source_that_wants_a_minute_after_a_429_gets_it_or_no_second_try(server, ask, fake_time):
    server.answer("/x", Reply(429, (b"Throttled",)), FINE)
    assert ask(seconds=50, throttled_seconds=60).status == 429
    assert ask(seconds=90, throttled_seconds=60).status == 200
    assert fake_time.slept == []


def test_without_time_left_nothing_is_asked(server, ask):
    with pytest.raises(SourceUnavailable, match="no time was left"):
        ask(seconds=0)
    assert server.requests == []


def test_each_try_is_subject_to_the_rate_limit_at_its_cost_and_priority(server, client, fake_time, limiter):
    server.answer("/x", BUSY, FINE)
    client().get("/x", {}, fake_time.seconds() + 60, cost=40, low_priority=True)
    assert limiter.acquired == [(40, True)] * 2


def test_a_rate_limit_that_frees_too_late_is_an_error_with_its_time(server, ask, limiter):
    limiter.refusal = 90
    with pytest.raises(SourceUnavailable, match="rate limited by ourselves until 2024-11-21T07:36:32Z"):
        ask()
    assert server.requests == []


def test_a_rate_limit_that_stops_a_second_try_leaves_the_answer_of_the_first(server, ask, limiter):
    limiter.acquire = lambda *_, **__: None if not server.requests else 90.0
    server.answer("/x", BUSY)
    assert ask().status == 503


@pytest.mark.parametrize(
    ("headers", "held"), [({}, 60), ({"Retry-After": "7"}, 60), ({"Retry-After": "90"}, 90)]
)
def test_a_429_holds_every_invocation_back(server, ask, limiter, headers, held):
    server.answer("/x", Reply(429, (b"",), headers))
    ask(seconds=5, throttled_seconds=60)
    assert limiter.held == [held]


def test_a_429_that_asks_for_years_holds_requests_for_an_hour_at_most(server, ask, limiter):
    server.answer("/x", Reply(429, (b"",), {"Retry-After": "999999999"}))
    ask()
    assert limiter.held == [3600]


@pytest.mark.parametrize(("used", "held"), [("99", []), ("100", [58]), ("", []), ("many", []), ("-1", [])])
def test_a_used_up_limit_holds_every_invocation_until_the_next_minute(server, ask, limiter, used, held):
    server.answer("/x", Reply(200, (b"[1]",), {"X-Used": used}))
    ask(used_header="X-Used")
    assert limiter.held == held
