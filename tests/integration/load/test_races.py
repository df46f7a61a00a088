"""Loads that meet, that come late, and that are killed."""

import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from coinlake.tables import refined
from load.ddl import SinkTable
from load.planning import TablePartition
from load.targets import Part
from tests.integration.load.conftest import Server, Warehouse, place
from tests.integration.load.rows import quote
from tests.patience import PATIENCE_SECONDS, wait_until

DAY = place("quotes", "dt=2026-11-20")
QUOTES = SinkTable.of(refined()["quotes"])


def test_a_load_that_waited_for_another_reads_the_part_only_then(warehouse: Warehouse) -> None:
    """The first holds the lock while the part is replaced; the second, begun before that, has the new one."""
    warehouse.lake.put(DAY, [quote(0, 1)])
    stage = warehouse.stage()
    stage.target.prepare([QUOTES])
    stage.target.close()
    holds_lock, go_on = threading.Event(), threading.Event()

    def slow_read(where: TablePartition) -> Part | None:
        part = stage.read(where)
        holds_lock.set()
        assert go_on.wait(PATIENCE_SECONDS)
        return part

    first = threading.Thread(target=_load, args=(warehouse, slow_read))
    second = threading.Thread(target=_load, args=(warehouse, stage.read))
    first.start()
    assert holds_lock.wait(PATIENCE_SECONDS)
    gets = warehouse.lake.gets
    second.start()
    _wait_until_blocked(warehouse)
    assert warehouse.lake.gets == gets  # the second waits for the lock and has read nothing
    warehouse.lake.put(DAY, [quote(0, 2)])
    go_on.set()
    first.join(PATIENCE_SECONDS)
    second.join(PATIENCE_SECONDS)
    assert [price[:1] for *_, price in warehouse.prices()] == ["2"]


def test_four_loaders_racing_a_writer_end_at_its_last_part(warehouse: Warehouse) -> None:
    warehouse.lake.put(DAY, [])
    warehouse.run()
    done, failures = threading.Event(), list[object]()

    def keep_loading() -> None:
        stage = warehouse.stage(("quotes",))
        while not done.is_set():
            failures.extend(stage.handle({"load": "x", "by_hand": True}, 900)["failures"].values())

    loaders = [threading.Thread(target=keep_loading) for _ in range(4)]
    for loader in loaders:
        loader.start()
    for version in range(12):
        warehouse.lake.put(DAY, [quote(minute, version) for minute in range(version % 5)])
        time.sleep(0.05)
    done.set()
    for loader in loaders:
        loader.join(PATIENCE_SECONDS)
    warehouse.run()
    assert failures == []
    assert [price for *_, price in warehouse.prices()] == ["11.000000000000000000"]
    (compared,) = warehouse.run(check=True)["partitions"]
    assert compared["equal"]


def test_first_runs_that_meet_create_the_tables_once(warehouse: Warehouse) -> None:
    warehouse.lake.put(DAY, [quote(0, 1)])
    answers: list[dict[str, Any]] = []
    runs = [threading.Thread(target=lambda: answers.append(warehouse.run())) for _ in range(4)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(PATIENCE_SECONDS)
    assert [answer["failures"] for answer in answers] == [{}, {}, {}, {}]
    assert len(warehouse.prices()) == 1


KILLED_LOADER = """
import sys, time
import pyarrow as pa
from adbc_driver_postgresql import dbapi
from coinlake.keys import Partition
from coinlake.tables import refined
from load.ddl import SinkTable
from load.planning import TablePartition
from load.targets import Part
from load.targets.postgres import Postgres
from tests.integration.load.rows import quote

url, schema, step = sys.argv[1:]
table = refined()["quotes"]
rows = [{name: row.get(name) for name in table.schema.names} for row in [quote(0, 2), quote(1, 3)]]
part = Part("newer", pa.Table.from_pylist(rows, table.schema))

def stop(self, *arguments):
    done = original(self, *arguments)
    print("stopped", flush=True)
    time.sleep(600)
    return done

original = getattr(Postgres, step)
setattr(Postgres, step, stop)
place = TablePartition("quotes", Partition("dt=2026-11-20"))
Postgres(lambda: dbapi.connect(url), schema).load(SinkTable.of(table), place, lambda _: part)
"""


@pytest.mark.parametrize("step", ["_lock", "_replace", "_verify", "_record"])
def test_a_load_that_is_killed_leaves_what_was_there_and_no_lock(
    warehouse: Warehouse, server: Server, step: str
) -> None:
    """SIGKILL under the lock, after the writes, after the check, and right before the commit."""
    warehouse.lake.put(DAY, [quote(0, 1)])
    warehouse.run()
    command = [sys.executable, "-c", KILLED_LOADER, server.url, warehouse.schema, step]
    environment = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as loader:
        assert loader.stdout is not None
        assert loader.stdout.readline() == "stopped\n"
        loader.send_signal(signal.SIGKILL)
    assert [price[:1] for *_, price in warehouse.prices()] == ["1"]
    warehouse.lake.put(DAY, [quote(0, 4)])
    assert warehouse.run()["failures"] == {}  # the lock went with the connection
    assert [price[:1] for *_, price in warehouse.prices()] == ["4"]


def _load(warehouse: Warehouse, read: Any) -> None:
    target = warehouse.postgres()
    target.load(QUOTES, DAY, read)
    target.close()


def _wait_until_blocked(warehouse: Warehouse) -> None:
    waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    wait_until("the second load to come to the lock", lambda: warehouse.sql(waiting))
