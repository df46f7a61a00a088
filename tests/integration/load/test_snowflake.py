"""What Snowflake is handed, and what its report makes of that. Its own SQL is tried in tests/snowflake."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from coinlake.errors import BadConfiguration, StoreUnavailable
from coinlake.tables import refined
from load import handler
from load.ddl import SinkTable
from load.hashing import row_hash
from load.planning import TablePartition
from load.stage import LoadFailed
from load.targets.snowflake import GRACE
from tests.integration.conftest import FakeContext
from tests.integration.load.conftest import place
from tests.integration.load.handed_over import REPORT, Account
from tests.integration.load.rows import quote

DAY = place("quotes", "dt=2026-11-20")
NEXT = place("quotes", "dt=2026-11-21")


@pytest.fixture
def account(s3: Any, dynamodb: Any) -> Account:
    return Account(s3, dynamodb)


def test_a_run_hands_over_what_is_new_and_the_next_nothing(account: Account) -> None:
    account.put(DAY, quote(0, "1.5"), quote(1, "2"))
    assert account.run()["loaded"] == {str(DAY): 2}
    again = account.run()
    assert (again["partitions_loaded"], again["partitions_equal"]) == (0, 1)
    ((key, rows),) = account.copies().items()
    assert key.startswith("handoff/snowflake/quotes/dt=2026-11-20/")
    assert rows["dt"].to_pylist() == ["2026-11-20"] * 2
    assert rows["part_row"].to_pylist() == [1, 2]
    assert set(rows["part_rows"].to_pylist()) == {2}
    assert rows["part_version"].to_pylist() == [int(key.split("/")[-1].split(".")[0])] * 2


def test_the_copy_carries_the_count_and_the_hash_of_the_part(account: Account) -> None:
    account.put(DAY, quote(0, "1.5"))
    account.run()
    (rows,) = account.copies().values()
    part = account.stage().read(DAY)
    assert part is not None
    assert set(rows["part_hash"].to_pylist()) == {str(row_hash(part.rows))}


def test_a_part_that_changed_is_handed_over_with_a_higher_number(account: Account) -> None:
    account.put(DAY, quote(0, "1"))
    account.run()
    account.put(DAY, quote(0, "2"))
    account.run()
    first, second = (rows["part_version"][0].as_py() for rows in account.copies().values())
    assert first < second


@pytest.mark.parametrize("gone", [True, False])
def test_a_part_that_is_gone_or_empty_is_handed_over_as_one_row_of_nothing(
    account: Account, gone: bool
) -> None:
    account.put(DAY, quote(0, "1"))
    account.put(NEXT, quote(0, "1"))
    account.run()
    if gone:
        account.delete(DAY)
    else:
        account.put(DAY)
    account.run()
    (row,) = list(account.copies().values())[-1].to_pylist()
    assert (row["part_rows"], row["part_row"], row["part_hash"]) == (0, 0, "0")
    assert (row["dt"], row["price"], row["base"]) == ("2026-11-20", None, None)
    settled = account.run()
    assert settled["partitions_loaded"] + len(account.copies()) == 3  # nothing more


def test_a_partition_that_comes_back_is_handed_over_again(account: Account) -> None:
    account.put(DAY, quote(0, "1"))
    account.put(NEXT, quote(0, "1"))
    account.run()
    account.delete(DAY)
    account.run()
    account.put(DAY, quote(0, "1"))
    assert account.run()["loaded"] == {str(DAY): 1}


def test_a_table_without_partitions_is_handed_over(account: Account) -> None:
    latest = place("latest")
    account.put(latest, {"source": "coinbase", "base": "BTC", "quote": "USD"})
    assert account.run()["loaded"] == {"latest": 1}
    (key,) = account.copies()
    assert key.startswith("handoff/snowflake/latest/")


class Killed(BaseException):
    """A function that was stopped."""


@pytest.mark.parametrize("call", ["update_item", "put_object"])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_run_that_was_killed_is_made_good_by_the_next(
    account: Account, monkeypatch: pytest.MonkeyPatch, call: str, after: int
) -> None:
    account.put(DAY, quote(0, "1"))
    account.run()
    account.put(DAY, quote(0, "2"))
    client = account.s3 if call == "put_object" else account.dynamodb
    real, calls = getattr(client, call), iter(range(10))

    def killed(**arguments: Any) -> Any:
        if next(calls) == after:
            raise Killed
        return real(**arguments)

    with monkeypatch.context() as patched:
        patched.setattr(client, call, killed)
        with suppress(Killed):
            account.run()
    account.run()
    newest = list(account.copies().values())[-1]
    assert [str(price) for price in newest["price"].to_pylist()] == ["2.000000000000000000"]
    settled = len(account.copies())
    account.run()
    assert len(account.copies()) == settled


def test_of_two_runs_at_once_the_higher_number_has_what_the_next_listing_agrees_with(
    account: Account,
) -> None:
    """The slower one read before the change, and must not count."""
    account.put(DAY, quote(0, "1"))
    slow, sink = account.target(), SinkTable.of(refined()["quotes"])
    stage = account.stage()

    def read(where: TablePartition) -> Any:
        part = stage.read(where)
        account.put(DAY, quote(0, "2"))
        account.run()  # begins after, ends before
        return part

    slow.load(sink, DAY, read)
    newest = list(account.copies().values())[-1]
    assert [str(price) for price in newest["price"].to_pylist()] == ["2.000000000000000000"]
    assert account.run()["partitions_loaded"] == 0


def test_again_hands_over_all_or_one_partition(account: Account) -> None:
    account.put(DAY, quote(0, "1"))
    account.put(NEXT, quote(0, "1"))
    account.run()
    assert account.run(again=True, partition="dt=2026-11-20")["loaded"] == {str(DAY): 1}
    assert account.run(again=True)["partitions_loaded"] == 2
    assert account.run()["partitions_loaded"] == 0


def test_a_declaration_that_changed_hands_over_every_part(account: Account) -> None:
    account.put(DAY, quote(0, "1"))
    account.run()
    stage = account.stage()
    wider = replace(
        stage.tables["quotes"], schema=stage.tables["quotes"].schema.append(pa.field("more", pa.int64()))
    )
    plan = replace(stage, tables={"quotes": wider}).handle({"load": "now", "plan": True}, 900)
    assert plan["load"] == [str(DAY)]


def test_numbers_are_higher_than_those_of_a_stack_that_was_destroyed(account: Account) -> None:
    account.put(DAY, quote(0, "1"))
    account.run()
    (before,) = (rows["part_version"][0].as_py() for rows in account.copies().values())
    account.time += timedelta(seconds=1)
    key = {"pk": {"S": "load#snowflake"}, "sk": {"S": str(DAY)}}
    account.dynamodb.delete_item(TableName="state", Key=key)
    account.run()
    assert list(account.copies().values())[-1]["part_version"][0].as_py() > before


class TestReport:
    def test_the_check_compares_lake_ledger_and_snowflakes_own_count_and_hash(self, account: Account) -> None:
        account.put(DAY, quote(0, "1"))
        account.put(NEXT, quote(0, "1"))
        account.run()
        account.report(wrong="dt=2026-11-21")
        compared = {entry["partition"]: entry["equal"] for entry in account.run(check=True)["partitions"]}
        assert compared == {str(DAY): True, str(NEXT): False}

    def test_without_a_report_the_check_says_how_to_get_one(self, account: Account) -> None:
        account.put(DAY, quote(0, "1"))
        account.run()
        with pytest.raises(BadConfiguration, match="has not reported yet .* EXECUTE TASK DELETE_REPLACED"):
            account.run(check=True)

    def test_what_snowflake_lost_is_handed_over_again(self, account: Account) -> None:
        """As after a restore to last week, or a dropped table."""
        account.put(DAY, quote(0, "1"))
        account.put(NEXT, quote(0, "1"))
        account.run()
        account.report(without="dt=2026-11-20")
        assert account.run()["loaded"] == {str(DAY): 1}
        assert account.run()["partitions_loaded"] == 0  # the report is older than the copy
        account.report()
        assert account.run()["partitions_equal"] == 2

    def test_an_older_version_than_the_one_handed_over_is_a_loss(self, account: Account) -> None:
        account.put(DAY, quote(0, "1"))
        account.run()
        account.report()
        account.put(DAY, quote(0, "2"))
        account.run()
        account.s3.copy_object(  # as of a later hour, and as before the second copy
            Bucket="lake", Key=REPORT, CopySource=f"lake/{REPORT}", MetadataDirective="REPLACE"
        )
        assert account.run()["loaded"] == {str(DAY): 1}

    def test_a_copy_that_was_just_written_is_not_missed_yet(self, account: Account) -> None:
        account.time = datetime.now(UTC) - GRACE + timedelta(minutes=1)
        account.put(DAY, quote(0, "1"))
        account.run()
        account.report(without="quotes")
        assert account.run()["partitions_equal"] == 1

    def test_a_pipe_that_does_not_load_is_told_and_its_copies_are_not_written_forever(
        self, account: Account
    ) -> None:
        account.put(DAY, quote(0, "1"))
        account.run()
        account.report(without="quotes")
        account.run()
        account.report(without="quotes")
        copies = len(account.copies())
        for _ in range(2):  # each run tells it: the alarm counts on that
            failures = account.run()["failures"]
            assert "COPY_HISTORY of QUOTES_PARTS says why" in failures[str(DAY)]
        with pytest.raises(LoadFailed):
            account.run(by_hand=False)
        assert len(account.copies()) == copies
        assert account.run(again=True)["loaded"] == {str(DAY): 1}

    def test_a_partition_that_only_snowflake_knows_is_removed(self, account: Account) -> None:
        account.put(DAY, quote(0, "1"))
        account.put(NEXT, quote(0, "1"))
        account.run()
        account.report()
        account.delete(NEXT)
        key = {"pk": {"S": "load#snowflake"}, "sk": {"S": str(NEXT)}}
        account.dynamodb.delete_item(TableName="state", Key=key)
        assert account.run()["partitions_removed"] == 1

    def test_a_deletion_that_snowflake_lost_is_handed_over_again(self, account: Account) -> None:
        account.put(DAY, quote(0, "1"))
        account.put(NEXT, quote(0, "1"))
        account.run()
        account.report()
        account.delete(DAY)
        account.run()
        account.s3.copy_object(
            Bucket="lake", Key=REPORT, CopySource=f"lake/{REPORT}", MetadataDirective="REPLACE"
        )
        assert account.run()["partitions_removed"] == 1
        account.report()
        assert account.run()["partitions_removed"] == 0

    @pytest.mark.parametrize(
        "body", [b"\xff", b"A,B\n1,2\n", b"TABLE_NAME,PARTITION,VERSION,ROWS,HASH\nt,x,1,1,1"]
    )
    def test_a_report_that_is_none_is_one_sentence(self, account: Account, body: bytes) -> None:
        account.s3.put_object(Bucket="lake", Key=REPORT, Body=body)
        with pytest.raises(
            BadConfiguration, match=r"loads.csv cannot be read .*`coinlake snowflake sql` again"
        ):
            account.run()


def test_the_probe_hands_over_and_a_later_call_knows(account: Account) -> None:
    assert account.run(probe=True) == {"probe": {"rows": 20, "equal": None}}
    assert account.run(probe=True) == {"probe": {"rows": 20, "equal": None}}
    assert len(account.copies()) == 1
    account.report()
    assert account.run(probe=True) == {"probe": {"rows": 20, "equal": True}}
    account.run(probe=True)
    assert len(account.copies()) == 2
    account.report(wrong="probe")
    assert account.run(probe=True) == {"probe": {"rows": 20, "equal": False}}
    assert account.run()["partitions_removed"] == 0  # it is no table of the lake


def test_a_fault_of_the_state_table_is_one_that_a_retry_may_heal(account: Account) -> None:
    account.put(DAY, quote(0, "1"))
    account.dynamodb.delete_table(TableName="state")
    with pytest.raises(StoreUnavailable, match="could not read what was handed over"):
        account.run()


def test_the_handler_hands_over_as_lambda_calls_it(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {
        **{"LAKE_BUCKET": "lake", "STATE_TABLE": "state", "TABLES": "quotes"},
        **{"WAREHOUSE": "snowflake", "OPTIONS": "{}"},
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    account.put(DAY, quote(0, "1"))
    handler.stage.cache_clear()
    report = handler.handler({"load": "2026-11-20T01:04:00Z"}, FakeContext(remaining_ms=900_000))
    handler.stage.cache_clear()
    assert report["rows_loaded"] == 1
