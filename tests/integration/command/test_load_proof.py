"""What the load test proves at its end (tests/load_test/proof.py): what is lost or too many is found."""

from collections.abc import Callable
from pathlib import Path

import pytest

from coinlake import parquet
from coinlake.tables import refined
from ops.stack import Stack
from tests.integration.command.test_rebuild import PART, lake  # noqa: F401 - a fixture
from tests.load_test.proof import Proof

ROWS = 7  # of each window, with its bad one


@pytest.fixture
def offered(lake: Stack) -> dict[str, int]:  # noqa: F811
    return dict.fromkeys(lake.raw.keys("raw/"), ROWS)


def test_a_whole_lake_has_no_problem(lake: Stack, offered: dict[str, int], tmp_path: Path) -> None:  # noqa: F811
    proof = Proof.of(lake, offered, tmp_path)
    assert proof.problems == []
    assert (proof.counts["rows in"], proof.counts["rows trusted"], proof.counts["rows quarantined"]) == (
        42,
        36,
        6,
    )


def first(stack: Stack, zone: str) -> str:
    return next(stack.lake.keys(f"{zone}/"))


def double(stack: Stack) -> None:
    """A second file with the rows of another."""
    key = first(stack, "trusted")
    stack.lake.put(key.replace(".parquet", ".again.parquet"), stack.lake.get(key, 1 << 20).body)


def shorten(stack: Stack) -> None:
    """The refined part with a row less."""
    table = refined()["candles"]
    rows = parquet.decode(table, stack.lake.get(PART, 1 << 20).body)
    stack.lake.put(PART, parquet.encode(table, rows.slice(1)))


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda stack: stack.raw.delete(next(stack.raw.keys("raw/"))), "raw: 1 lost"),
        (lambda stack: stack.lake.delete(first(stack, "ledger")), "ledger's rows: 1 lost"),
        (lambda stack: stack.lake.delete(first(stack, "trusted")), "trusted's rows: 1 lost"),
        (lambda stack: stack.lake.delete(first(stack, "quarantine")), "outputs: 1 lost"),
        (lambda stack: stack.lake.put("quarantine/more", b"{}"), "outputs: 1 too many"),
        (double, "trusted's rows: 1 different"),
        (shorten, "refined candles: 10 rows of 11 keys in trusted"),
    ],
)
def test_what_is_lost_or_too_many_is_named(
    lake: Stack,  # noqa: F811
    offered: dict[str, int],
    tmp_path: Path,
    spoil: Callable[[Stack], None],
    problem: str,
) -> None:
    spoil(lake)
    assert problem in " ".join(Proof.of(lake, offered, tmp_path).problems)


def test_an_answer_of_other_rows_is_named(lake: Stack, offered: dict[str, int], tmp_path: Path) -> None:  # noqa: F811
    offered[min(offered)] += 1
    assert "ledger's rows: 1 different" in " ".join(Proof.of(lake, offered, tmp_path).problems)
