"""A backfill that is killed midway, and the bytes that it leaves beside one that was left alone.

What two runs leave may differ in one thing only: when each answer was fetched, which raw keeps in
its metadata and candles in their column ``received_at``, because a run of its own asks for itself.
"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from coinlake.keys import RawKey
from ops import dates
from ops.backfill import execution
from ops.backfill.existing import raw_key
from ops.backfill.plan import Plan
from ops.local.laptop import Laptop
from ops.paths import ROOT

from .lake import CAP, Lake

LEFT_MIDWAY = 3  # windows that have landed when the run is killed, at least
KILL_SECONDS = 180


@dataclass(frozen=True)
class Left:
    """What windows left in the lake, by key: raw's and the ledger's bytes, and every trusted column.

    ``fetched`` is when each raw object's answer came; it is compared with the columns
    ``received_at``, and between runs it differs.
    """

    raw: dict[str, tuple[bytes, dict[str, str]]]
    ledger: dict[str, bytes]
    trusted: dict[str, pa.Table]
    fetched: dict[str, str]


def keys(lake: Lake, plan: Plan) -> list[RawKey]:
    config = lake.stack.config()
    return [raw_key(window, config) for window in plan.windows]


def left(lake: Lake, plan: Plan) -> Left:
    """Once every window is committed."""
    asked = keys(lake, plan)
    lake.wait("every window's ledger entry", lambda: lake.committed(asked))
    contents = Left({}, {}, {}, {})
    for key in asked:
        stored = lake.stack.raw.get(str(key), CAP)
        metadata = dict(stored.metadata)
        contents.fetched[str(key)] = metadata.pop("fetched_at")
        contents.raw[str(key)] = (stored.body, metadata)
        contents.ledger[str(key.ledger())] = lake.stack.lake.get(str(key.ledger()), CAP).body
        for output in lake.ledger(key).outputs:
            table = lake.table(output)
            received = {
                moment.isoformat(timespec="microseconds") for moment in table["received_at"].to_pylist()
            }
            assert received == {contents.fetched[str(key)]}
            contents.trusted[output] = table.drop_columns(["received_at"])
    return contents


def forget(lake: Lake, plan: Plan, contents: Left) -> None:
    """As if the windows had never been asked for."""
    s3 = lake.client("s3")
    for bucket, names in (
        (lake.stack.raw_bucket, list(contents.raw)),
        (lake.stack.lake_bucket, [*contents.trusted, *contents.ledger]),
    ):
        for name in names:
            s3.delete_object(Bucket=bucket, Key=name)
    assert not present(lake, plan)


def present(lake: Lake, plan: Plan) -> set[str]:
    """The windows' keys that are in raw."""
    return {str(key) for key in keys(lake, plan)} & set(lake.raw_keys())


def kill_midway(laptop: Laptop, lake: Lake, plan: Plan, arguments: list[str]) -> set[str]:
    """SIGKILL the command, then stop the run that goes on without it; what has landed by then."""
    command = command_line(laptop, arguments)
    deadline = time.monotonic() + KILL_SECONDS
    while len(present(lake, plan)) < LEFT_MIDWAY:
        assert time.monotonic() < deadline, command.communicate()
        time.sleep(0.05)
    command.send_signal(signal.SIGKILL)
    assert command.wait() == -signal.SIGKILL
    states = lake.client("stepfunctions")
    going_on = execution.begin(lake.stack, plan, 1, dates.now())
    assert going_on.resumed
    states.stop_execution(executionArn=going_on.arn)
    lake.wait("the run to stop", lambda: state(states, going_on.arn) == "ABORTED")
    lake.settle()
    return present(lake, plan)


def state(states: Any, arn: str) -> str:
    return str(states.describe_execution(executionArn=arn)["status"])


def command_line(laptop: Laptop, arguments: list[str]) -> subprocess.Popen[str]:
    """`coinlake` as a process of its own."""
    env = {**os.environ, "COINLAKE_LOCAL": str(laptop.folder), "COINLAKE_PORT": str(laptop.port)}
    return subprocess.Popen(
        [sys.executable, "-c", "from ops.cli import main; main()", *arguments],
        cwd=ROOT,
        env={**env, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
