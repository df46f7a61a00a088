"""Reconnecting inside the venue's limit."""

import asyncio
from types import SimpleNamespace

import pytest

from stream.sockets.attempts import WINDOW_SECONDS, Attempts

MAX_ATTEMPTS = 250


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]

    async def sleep(seconds):
        now[0] += seconds

    # Only the module's own name: servers of other tests sleep in threads of this process.
    monkeypatch.setattr("stream.sockets.attempts.asyncio", SimpleNamespace(sleep=sleep))
    return now


def test_no_five_minutes_hold_more_attempts_than_allowed(clock):
    made = []

    async def scenario():
        attempts = Attempts(lambda: clock[0], MAX_ATTEMPTS)
        for _ in range(3 * MAX_ATTEMPTS):
            await attempts.acquire(0)
            made.append(clock[0])
            clock[0] += 0.01

    asyncio.run(scenario())
    assert all(late - early >= WINDOW_SECONDS for early, late in zip(made, made[MAX_ATTEMPTS:], strict=False))


def test_the_first_attempt_is_at_once_and_later_ones_spread_over_a_growing_time(clock):
    async def pause(failed):
        before = clock[0]
        await Attempts(lambda: clock[0], MAX_ATTEMPTS).acquire(failed)
        return clock[0] - before

    assert asyncio.run(pause(0)) == 0
    for failed, longest in ((1, 1.0), (3, 4.0), (20, 60.0)):
        pauses = [asyncio.run(pause(failed)) for _ in range(200)]
        assert max(pauses) <= longest and min(pauses) < longest / 4


def test_an_attempt_waits_at_least_as_long_as_the_venue_asks(clock):
    asyncio.run(Attempts(lambda: clock[0], MAX_ATTEMPTS).acquire(1, 90.0))
    assert clock[0] == 90.0
