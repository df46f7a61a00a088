"""What a phase comes to, from times alone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.load_test.figures import Passage, Phase, quantile
from tests.load_test.processes import EMULATOR, MACHINE, Usage, between

START = datetime(2026, 11, 29, tzinfo=UTC)


def passage(landed: float, committed: float) -> Passage:
    return Passage(START + timedelta(seconds=landed), START + timedelta(seconds=committed))


def phase(*times: tuple[float, float], **usage: Usage) -> Phase:
    return Phase("10×", 1.0, [passage(*one) for one in times], usage, 10, 0, [], cores=2)


def test_throughput_is_from_the_first_that_landed_to_the_last_that_was_done() -> None:
    three = phase((0, 1), (2, 3), (4, 10))
    assert three.landed_per_second == 0.5
    assert three.done_per_second == pytest.approx(0.3)


def test_one_object_alone_has_figures_too() -> None:
    alone = phase((0, 0))
    assert (alone.landed_per_second, alone.done_per_second, alone.latency(0.95)) == (0, 1, 0)
    assert list(alone.ages(5)) == [(0, 0)]


def test_where_nothing_came_through_every_figure_is_zero() -> None:
    nothing = phase()
    assert (nothing.landed_per_second, nothing.done_per_second, nothing.latency(1)) == (0, 0, 0)
    assert nothing.document()["oldest_message_seconds"] == [[0, 0]]


def test_the_oldest_message_is_the_one_that_landed_first_of_those_that_wait() -> None:
    two = phase((0, 8), (1, 3))
    assert [age for _, age in two.ages(2)] == [0, 2, 4, 6, 0]
    assert phase((0, 1), (4, 6)).oldest(3) == 0


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1), st.integers(0, 100))
def test_no_age_is_more_than_the_longest_latency(times: list[tuple[int, int]], moment: int) -> None:
    some = phase(*((landed, landed + seconds) for landed, seconds in times))
    assert some.oldest(moment) <= some.latency(1)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_quantile_is_one_of_the_values_and_that_share_is_not_above_it(
    values: list[float], share: float
) -> None:
    found = quantile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9


@pytest.mark.parametrize(
    ("emulator", "machine", "transform", "full"),
    [
        (0.2, 0.5, 0.1, "nothing"),
        (0.9, 1.2, 0.3, f"{EMULATOR}, one Python process, has one core at most"),
        (0.7, 1.9, 0.8, "the machine's 2 cores, most of all by transform"),
        (0.2, 1.9, 0.3, "the machine's 2 cores, most of all by others"),
    ],
)
def test_what_is_full_is_said_by_name(emulator: float, machine: float, transform: float, full: str) -> None:
    usage = {
        EMULATOR: Usage(10 * emulator),
        MACHINE: Usage(10 * machine),
        "transform": Usage(10 * transform, 200),
    }
    assert phase((0, 10), **usage).saturated() == full


def test_what_a_process_used_before_a_phase_does_not_count() -> None:
    before = {"transform": Usage(3, 100)}
    after = {"transform": Usage(5, 120), "notify": Usage(1, 80)}
    assert between(before, after) == {"transform": Usage(2, 120), "notify": Usage(1, 80)}
