"""A contestant that works on block after block: a line of JSON in for each, a line with its seconds out."""

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from bench.jobs.wired import CONFIGURATION
from bench.server import CONFIG, LAKE, RAW, Server
from coinlake.stores import Entry

MAX_RAW_MB: Final = 64  # as terraform/transform.tf


def environment() -> dict[str, str]:
    """What transform has in its environment."""
    return {
        **{"RAW_BUCKET": RAW, "LAKE_BUCKET": LAKE, "CONFIG_BUCKET": LAKE, "CONFIG_KEY": CONFIG},
        **{"CODE_VERSION": "bench", "MAX_RAW_MB": str(MAX_RAW_MB), "AWS_DEFAULT_REGION": "us-east-1"},
    }


def put_configuration(server: Server) -> None:
    server.client().put_object(Bucket=LAKE, Key=CONFIG, Body=json.dumps(CONFIGURATION))


def serve(work: Callable[[Sequence[Entry], Sequence[str]], Mapping[str, float]]) -> None:
    """``work`` is given the raw objects and the keys of the trusted files that they become."""
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        block = json.loads(line)
        entries = [Entry(*fields) for fields in block["entries"]]
        print(json.dumps(work(entries, block["trusted"])), flush=True)


class Laps:
    """Seconds by the clock since the lap before."""

    def __init__(self) -> None:
        self.last = time.monotonic()

    def lap(self) -> float:
        before, self.last = self.last, time.monotonic()
        return self.last - before


def expect(what: str, found: Any, wanted: Any) -> None:
    if found != wanted:
        raise RuntimeError(f"{what}: {found}, not {wanted}")
