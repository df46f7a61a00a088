"""Reconnecting inside the venue's limit."""

import asyncio

from stream.addresses import admits
from stream.attempts import (
    BACKOFF_SECONDS,
    LONGEST_BACKOFF_SECONDS,
    MOST,
    WINDOW_SECONDS,
    Attempts,
    jittered_seconds,
)


def test_no_five_minutes_hold_more_attempts_than_allowed(monkeypatch):
    now, made = [0.0], []

    async def sleep(seconds):
        now[0] += seconds

    monkeypatch.setattr("stream.attempts.asyncio.sleep", sleep)

    async def scenario():
        attempts = Attempts(lambda: now[0])
        for _ in range(3 * MOST):
            await attempts.turn(0)
            made.append(now[0])
            now[0] += 0.01

    asyncio.run(scenario())
    assert all(late - early >= WINDOW_SECONDS for early, late in zip(made, made[MOST:], strict=False))


def test_the_first_attempt_is_at_once_and_later_ones_spread_over_a_growing_time():
    assert jittered_seconds(0) == 0
    for failed in (1, 3, 20):
        longest = min(LONGEST_BACKOFF_SECONDS, BACKOFF_SECONDS * 2.0 ** min(failed, 10))
        pauses = [jittered_seconds(failed) for _ in range(200)]
        assert max(pauses) <= longest and min(pauses) < longest / 4


def test_only_public_peers_are_spoken_to_unless_private_ones_are_allowed():
    assert admits("52.84.1.1", private=False)
    for address in ("10.0.0.1", "127.0.0.1", "::1", "192.168.1.1", "::ffff:10.0.0.1", "224.0.0.1"):
        assert not admits(address, private=False)
        assert admits(address, private=True)
    for address in ("169.254.169.254", "fe80::1%eth0", "::ffff:169.254.169.254"):
        assert not admits(address, private=True)
