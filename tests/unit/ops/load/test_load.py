"""Loads by hand: the function is invoked until nothing is left."""

from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from coinlake.errors import BadKey
from ops import cli
from ops.load import load, tables
from ops.load.load import LoadOptions, NoWarehouse
from ops.stack import Stack

EQUAL = {
    "partition": "quotes/dt=2026-11-20",
    "equal": True,
    **{key: {"rows": 1200, "hash": "123456789012345678"} for key in ["lake", "ledger", "warehouse"]},
}
DIFFERENT = {
    **EQUAL,
    "partition": "quotes/dt=2026-11-21",
    "equal": False,
    "ledger": None,
    "warehouse": {"rows": 1, "hash": "9"},
}


def report(loaded: int, left: int, **more: Any) -> dict[str, Any]:
    return {
        "loaded": {f"quotes/dt=2026-11-{20 + number}": 10 for number in range(loaded)},
        "partitions_loaded": loaded,
        "rows_loaded": 10 * loaded,
        "partitions_removed": 0,
        "partitions_equal": 3,
        "partitions_left": left,
        "partitions_failed": 0,
        "failures": {},
        **more,
    }


class FakeStack:
    """Answers invocations in turn, and remembers their events."""

    environment = "dev"

    def __init__(self, *answers: dict[str, Any], warehouses: tuple[str, ...] = ("postgres",)) -> None:
        self.answers = list(answers)
        self.events: list[dict[str, Any]] = []
        self.load = {key: {} for key in warehouses}

    def invoke_load(self, target: str, event: dict[str, Any]) -> dict[str, Any]:
        self.events.append(dict(event))
        return self.answers.pop(0)


def run(monkeypatch: pytest.MonkeyPatch, stack: FakeStack, *arguments: str) -> Any:
    monkeypatch.setattr(Stack, "find", lambda _: stack)
    return CliRunner().invoke(cli.app, ["load", *arguments])


def test_a_load_is_invoked_until_nothing_is_left_and_forgets_only_once() -> None:
    stack = FakeStack(report(2, left=1), report(1, left=0))
    total = load.run(stack, "postgres", LoadOptions(("quotes",), "dt=2026-11-20", again=True))  # type: ignore[arg-type]
    assert (total["partitions_loaded"], total["rows_loaded"], total["partitions_left"]) == (3, 30, 0)
    assert [event.get("again") for event in stack.events] == [True, None]
    assert stack.events[0]["tables"] == ["quotes"]
    assert stack.events[0]["partition"] == "dt=2026-11-20"


def test_a_load_that_makes_no_progress_ends() -> None:
    stack = FakeStack(report(0, left=5))
    assert load.run(stack, "postgres", LoadOptions())["partitions_left"] == 5  # type: ignore[arg-type]


def test_a_comparison_goes_on_after_the_last_partition_of_each_answer() -> None:
    stack = FakeStack(
        {"partitions": [EQUAL], "next": EQUAL["partition"]}, {"partitions": [DIFFERENT], "next": None}
    )
    assert load.check(stack, "postgres", LoadOptions()) == [EQUAL, DIFFERENT]  # type: ignore[arg-type]
    assert [event.get("after") for event in stack.events] == [None, EQUAL["partition"]]


def test_a_stack_without_a_warehouse_says_how_to_get_one() -> None:
    with pytest.raises(NoWarehouse, match=r"dev has no warehouse; set load = \{ postgres = \{\} \}"):
        load.targets(FakeStack(warehouses=()), None)  # type: ignore[arg-type]
    with pytest.raises(NoWarehouse, match="dev loads no 'redshift'; its warehouses are postgres"):
        load.targets(FakeStack(), "redshift")  # type: ignore[arg-type]


def test_what_is_no_partition_is_refused_before_anything_is_invoked() -> None:
    with pytest.raises(BadKey):
        LoadOptions(partition="yesterday").to_event()


def test_the_comparison_shows_what_differs_first() -> None:
    console = Console(width=150, record=True)
    console.print(tables.comparison([EQUAL, DIFFERENT], "postgres"))
    lines = console.export_text().splitlines()
    rows = [line for line in lines if "quotes/" in line]
    assert "differs" in rows[0]
    assert "1,200" in rows[1]
    assert rows[1].count("…12345678") == 3  # the last eight digits
    assert any("1 of 2 partitions are equal" in line for line in lines)


def test_the_command_exits_with_1_where_something_differs_or_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, FakeStack({"partitions": [EQUAL], "next": None}), "--check").exit_code == 0
    assert run(monkeypatch, FakeStack({"partitions": [DIFFERENT], "next": None}), "--check").exit_code == 1
    failed = report(0, left=0, partitions_failed=1, failures={"quotes/dt=2026-11-20": "the disk is full"})
    assert run(monkeypatch, FakeStack(failed)).exit_code == 1


class SecretAws:
    """Secrets Manager, with one secret."""

    def client(self, service: str) -> "SecretAws":
        assert service == "secretsmanager"
        return self

    def get_secret_value(self, SecretId: str) -> dict[str, str]:
        assert SecretId == "arn:secret"
        return {"SecretString": '{"username": "postgres", "password": "hunter2"}'}


def test_init_hands_the_administrators_password_to_the_function_and_shows_it_to_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stack = FakeStack({"init": ["coinlake_load", "coinlake"]})
    stack.load, stack.aws = {"postgres": {"secret_arn": "arn:secret"}}, SecretAws()  # type: ignore[attr-defined]
    shown = run(monkeypatch, stack, "--init", "--json")
    assert shown.exit_code == 0
    assert "hunter2" not in shown.output
    assert stack.events == [{"load": "by hand", "init": {"user": "postgres", "password": "hunter2"}}]


def test_init_of_a_database_of_the_users_own_says_where_the_sql_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoWarehouse, match=r"--init is for postgres with create = true"):
        load.init(FakeStack(), "postgres")  # type: ignore[arg-type]


def test_json_is_all_that_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = run(monkeypatch, FakeStack({"probe": {"rows": 20, "equal": True}}), "--probe", "--json")
    assert shown.stdout == '{\n "postgres": {\n  "rows": 20,\n  "equal": true\n }\n}\n'


def test_options_that_contradict_each_other_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, FakeStack(), "--check", "--again").exit_code == 2
