import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake.records import (
    LedgerEntry,
    RejectedSpan,
    Rejection,
    parse_quarantine,
    printable,
    quarantine_lines,
)

rejections = st.builds(
    Rejection.of,
    st.sampled_from(["bad_type", "not_json"]),
    st.none() | st.integers(0, 300),
    st.none() | st.sampled_from(["price", "high_24h"]),
    st.none() | st.text(st.characters(), max_size=200) | st.integers() | st.floats(),
)


@given(st.lists(rejections, max_size=5))
def test_quarantine_lines_read_back_and_are_one_line_each(rejections: list[Rejection]):
    lines = quarantine_lines("raw/key", rejections)
    assert parse_quarantine(lines) == rejections
    assert lines.count(b"\n") == len(rejections)
    assert all(json.loads(line)["raw_key"] == "raw/key" for line in lines.splitlines())


@given(st.text(st.characters()))
def test_a_quarantined_value_is_short_and_printable(text: str):
    shown = printable(text)
    assert len(shown) <= 80
    assert shown.isascii()
    assert shown.isprintable() or not shown


def test_an_integer_that_python_will_not_print_is_still_described():
    assert printable(10**5000) == "<int too long to print>"


def entry(rows_in: int, trusted: int, quarantined: int) -> LedgerEntry:
    return LedgerEntry(
        "raw/key", "etag", "v1", rows_in, trusted, quarantined, ("a",), {"bad_type": quarantined}
    )


def test_a_ledger_entry_reads_back():
    assert LedgerEntry.from_json(entry(3, 2, 1).to_json()) == entry(3, 2, 1)


def test_a_ledger_entry_that_loses_a_row_cannot_be_made():
    with pytest.raises(ValueError, match="3 rows in, 1 trusted \\+ 1 quarantined"):
        entry(3, 1, 1)


def test_an_entry_says_which_buckets_its_rejections_explain_only_where_it_knows():
    known = replace(
        entry(3, 2, 1), rejected=(RejectedSpan("2026-11-20T06:00:00Z", "2026-11-20T07:00:00Z", "x"),)
    )
    assert LedgerEntry.from_json(known.to_json()) == known
    assert b"rejected" not in entry(3, 2, 1).to_json()
    assert LedgerEntry.from_json(entry(3, 2, 1).to_json()).rejected is None
    assert LedgerEntry.from_json(replace(known, rejected=()).to_json()).rejected == ()
