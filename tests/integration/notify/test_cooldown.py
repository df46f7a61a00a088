"""The promise behind the mails, over any order and repetition of events."""

from datetime import UTC, datetime, timedelta
from itertools import count, pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notify import handler as notify_handler
from notify.alerts import Alert, Mail, Run
from tests.examples import examples

START = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
topics = count()


@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(
    minutes=st.lists(st.integers(0, 300), min_size=1, max_size=12),
    cooldown=st.sampled_from([0, 1, 60, 240]),
    data=st.data(),
)
def test_no_order_and_no_repetition_mails_twice_within_a_cooldown(line, minutes, cooldown, data):
    sender = notify_handler.stage().prices.outbox
    topic, sent = f"alert#r{next(topics)}#s#BTC#USD", []
    for minute in data.draw(st.permutations(minutes + minutes)):
        at = START + timedelta(minutes=minute)
        alert = Alert(topic, f"id{minute}", "r", at, timedelta(minutes=cooldown), Mail("s", "b"))
        if sender.send(alert, Run.begin(1000)):
            sent.append(at)
    assert sent
    assert all(second - first >= timedelta(minutes=cooldown) for first, second in pairwise(sent))
    assert len(set(sent)) == len(sent)
    assert sent == sorted(sent)
    assert max(sent) > START + timedelta(minutes=max(minutes) - max(cooldown, 1))
