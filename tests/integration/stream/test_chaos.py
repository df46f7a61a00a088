"""The proof in its short form; `make chaos` runs it in full."""

from tests.integration.stream.chaos import chaos

MAX_MB = 256


def test_no_trade_is_lost_or_doubled_whatever_happens_to_the_collector():
    result = chaos(frames=6_000, per_second=600, seed=11)
    assert (result.missing, result.doubled, result.invented, result.quarantined) == (0, 0, 0, 0), result
    assert result.exit_code == 0
    assert result.peak_mb <= MAX_MB
    assert len(result.events) == 8 and result.from_rest, "the chaos was too calm to prove anything"
    assert result.seen["messages in a second"] <= 5
