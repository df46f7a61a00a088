"""Whatever order parts, runs, kills, deliveries and purges come in: in the end Snowflake is as the lake."""

from contextlib import suppress
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.load.conftest import place
from tests.integration.load.rows import quote
from tests.snowflake.conftest import SnowflakeAccount

DAYS = ("dt=2026-11-20", "dt=2026-11-21")


class Killed(BaseException):
    """A function that was stopped."""


STEPS = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(DAYS), st.integers(0, 3)),
    st.tuples(st.just("delete"), st.sampled_from(DAYS), st.just(0)),
    st.tuples(st.just("run"), st.just(""), st.just(0)),
    st.tuples(st.just("kill"), st.sampled_from(["update_item", "put_object"]), st.integers(0, 3)),
    st.tuples(st.just("deliver"), st.just(""), st.integers(0, 5)),
    st.tuples(st.just("deliver twice"), st.just(""), st.integers(0, 5)),
    st.tuples(st.just("purge"), st.just(""), st.just(0)),
)


def take(account: SnowflakeAccount, step: tuple[str, str, int], salt: int) -> None:
    kind, what, number = step
    if kind == "put":
        account.put(place("quotes", what), *(quote(minute, salt + 1) for minute in range(number)))
    elif kind == "delete":
        account.delete(place("quotes", what))
    elif kind == "run":
        account.run()
    elif kind == "kill":
        killed_run(account, what, number)
    elif kind == "purge":
        account.purge()
    elif keys := account.pending() if kind == "deliver" else account.keys():
        account.deliver(keys[number % len(keys)], anew=kind == "deliver twice")


def killed_run(account: SnowflakeAccount, call: str, after: int) -> None:
    client = account.s3 if call == "put_object" else account.dynamodb
    real, calls = getattr(client, call), iter(range(100))

    def killed(**arguments: Any) -> Any:
        if next(calls) == after:
            raise Killed
        return real(**arguments)

    with suppress(Killed), patch.object(client, call, killed):
        account.run()


@given(st.lists(STEPS, max_size=12))
@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_in_the_end_snowflake_holds_what_the_lake_does(
    account: SnowflakeAccount, steps: list[tuple[str, str, int]]
) -> None:
    """One account for all examples: each begins with what the last left, which must not matter either."""
    account.put(place("quotes", "dt=2026-11-19"), quote(0, 1))  # a table that is gone as a whole is refused
    for salt, step in enumerate(steps):
        account.time += timedelta(seconds=1)
        take(account, step, salt)
    account.run()
    account.deliver()
    assert {name: held for name, held in account.in_snowflake().items() if held[0]} == {
        name: held for name, held in account.in_lake().items() if held[0]
    }
    assert account.run()["partitions_loaded"] == 0
    account.purge()
    assert account.snow.execute(
        'SELECT COUNT(DISTINCT "DT" || "PART_VERSION") - COUNT(DISTINCT "DT") FROM "QUOTES_PARTS"'
    ) == [[0]]
