"""What a run has to do, from the lake's listing and the warehouse's ledger."""

import pytest

from coinlake.keys import Partition
from load.planning import ListingLost, Loaded, TablePartition, listed, plan

COLUMNS = {"quotes": "c1", "latest": "c1"}
DAY, NEXT_DAY = (TablePartition("quotes", Partition(f"dt=2026-11-2{n}")) for n in range(2))
LATEST = TablePartition("latest", Partition())


def held(etag: str, columns: str = "c1") -> Loaded:
    return Loaded(etag, 1, 1, columns)


def test_what_is_new_or_has_another_etag_is_loaded_and_what_is_gone_is_removed() -> None:
    todo = plan(["quotes"], {DAY: "new"}, {DAY: held("old"), NEXT_DAY: held("x")}, COLUMNS)
    assert (todo.load, todo.remove, todo.equal) == ((DAY,), (NEXT_DAY,), 0)


def test_what_is_equal_is_left_alone() -> None:
    todo = plan(["quotes"], {DAY: "e"}, {DAY: held("e")}, COLUMNS)
    assert not todo
    assert todo.equal == 1


def test_equal_parts_are_loaded_again_where_a_column_came() -> None:
    assert plan(["quotes"], {DAY: "e"}, {DAY: held("e", "c0")}, COLUMNS).load == (DAY,)


def test_tables_that_nobody_asked_for_are_neither_loaded_nor_removed() -> None:
    todo = plan(["latest"], {LATEST: "e", DAY: "e"}, {NEXT_DAY: held("x")}, COLUMNS)
    assert (todo.load, todo.remove) == ((LATEST,), ())


def test_a_table_whose_folder_is_suddenly_empty_is_not_emptied() -> None:
    with pytest.raises(ListingLost, match="the warehouse holds 1 partitions of it; nothing was removed"):
        plan(["quotes"], {}, {DAY: held("e")}, COLUMNS)


def test_only_parts_of_the_tables_own_levels_are_listed() -> None:
    etags = {
        "refined/quotes/dt=2026-11-20/part.parquet": "a",
        "refined/quotes/dt=2026-11-20/notes.txt": "b",
        "refined/quotes/part.parquet": "c",
        "refined/quotes/month=2026-11/part.parquet": "d",
    }
    assert listed(etags, ("dt",)) == {DAY: "a"}
    assert listed({"refined/latest/part.parquet": "e"}, ()) == {LATEST: "e"}
    assert (str(DAY), DAY.key) == ("quotes/dt=2026-11-20", "refined/quotes/dt=2026-11-20/part.parquet")
    assert (str(LATEST), LATEST.key) == ("latest", "refined/latest/part.parquet")
