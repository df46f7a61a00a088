"""Sets of trade ids as ranges, against Python's own sets."""

from hypothesis import given
from hypothesis import strategies as st

from stream.gaps.ids import Ids

SMALL = st.integers(0, 30)
STEPS = st.lists(st.tuples(st.sampled_from(["add", "range", "discard"]), SMALL, SMALL), max_size=30)


@given(STEPS)
def test_ranges_hold_the_same_numbers_as_a_set(steps):
    ids, plain = Ids(), set()
    for what, one, other in steps:
        first, last = min(one, other), max(one, other)
        if what == "add":
            assert ids.add(first) == (first not in plain)
            plain.add(first)
        elif what == "range":
            ids.add_range(first, last)
            plain |= set(range(first, last + 1))
        else:
            ids.discard_range(first, last)
            plain -= set(range(first, last + 1))
    assert len(ids) == len(plain)
    assert all((number in ids) == (number in plain) for number in range(-1, 33))
    assert ids.ranges() == sorted(ids.ranges())


@given(st.sets(SMALL, min_size=1))
def test_holes_are_the_numbers_missing_between_the_first_and_the_last(numbers):
    ids = Ids((number, number) for number in numbers)
    holes = {number for first, last in ids.holes() for number in range(first, last + 1)}
    assert holes == set(range(min(numbers), max(numbers) + 1)) - numbers
    assert ids.whole == (not holes)
    assert ids.run_end() == (min(holes) - 1 if holes else max(numbers))


def test_numbers_in_a_row_are_one_range():
    ids = Ids()
    for number in range(1000):
        assert ids.add(number)
    assert ids.ranges() == [(0, 999)]
    assert not ids.add(500)
