"""Upgrade proof: ``python -m tests.upgrade [REVISION]`` (``make upgrade-test FROM=<revision>``).

An earlier revision is checked out, deployed on an embedded AWS of its own, and run: its schedules fire and a
backfill ends. Then this checkout is deployed over the same state. Every object, item, setting and resource of
the earlier deployment must still be there, what the new code computes from the old raw objects must equal
what the old code wrote, and the line must go on. Exit status 1 where something is missing.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from coinlake import keys
from ops.local.laptop import Laptop
from ops.paths import ROOT
from ops.stack import Stack
from tests.e2e.ports import free_ports

FROM: Final = "c84d1b3"  # the last revision before the packages were laid out by concern
API_KEY: Final = "CG-sentinel-upgrade-0123456789"
SCHEDULE_SECONDS: Final = 240
REST_SECONDS: Final = 300  # refine follows within a minute; a busy machine takes longer
BUCKETS: Final = ("raw_bucket", "lake_bucket")
console: Final = Console()


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a deployment holds: each kind of thing by name, with what must not change of it."""

    things: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, stack: Stack) -> "Inventory":
        aws = stack.aws.client
        config = _config(stack)
        things: dict[str, dict[str, str]] = {}
        for bucket in BUCKETS:
            for key, etag in _objects(aws("s3"), getattr(stack, bucket)):
                # A refined part may be replaced by a later run; `rebuild --check` judges its rows.
                zone = key.split("/", 1)[0]
                things.setdefault(f"objects in {zone}", {})[key] = "" if zone == "refined" else etag
        items = aws("dynamodb").get_paginator("scan").paginate(TableName=stack.state_table)
        things["items of the state table"] = {
            json.dumps([item["pk"], item["sk"]]): "" for page in items for item in page["Items"]
        }
        parameters = aws("ssm").get_paginator("get_parameters_by_path")
        things["keys in SSM"] = {
            parameter["Name"]: parameter["Value"]
            for page in parameters.paginate(Path="/coinlake", Recursive=True, WithDecryption=True)
            for parameter in page["Parameters"]
        }
        things["schedules"] = {
            schedule["Name"]: "" for schedule in aws("scheduler").list_schedules()["Schedules"]
        }
        things["subscriptions"] = {
            f"{one['TopicArn']} {one['Protocol']} {one['Endpoint']}": ""
            for one in aws("sns").list_subscriptions()["Subscriptions"]
        }
        things["topics"] = {one["TopicArn"]: "" for one in aws("sns").list_topics()["Topics"]}
        things["queues"] = dict.fromkeys(aws("sqs").list_queues().get("QueueUrls", ()), "")
        things["functions"] = {one["FunctionName"]: "" for one in aws("lambda").list_functions()["Functions"]}
        things["tables in the catalog"] = {
            one["Name"]: "" for one in aws("glue").get_tables(DatabaseName=stack.database)["TableList"]
        }
        things["alarms"] = {
            one["AlarmName"]: "" for one in aws("cloudwatch").describe_alarms()["MetricAlarms"]
        }
        rules = config.get("alert_rules", config.get("price_rules", {}))
        things["alert rules"] = {name: json.dumps(rule, sort_keys=True) for name, rule in rules.items()}
        # A release may tell more of a feed or an asset, and takes nothing away.
        for kind, settings in (("feeds", config["feeds"]), ("assets", config["assets"])):
            things[kind] = {
                f"{name} {setting}": json.dumps(value, sort_keys=True)
                for name, values in settings.items()
                for setting, value in values.items()
            }
        things["digest and notices"] = {name: json.dumps(config[name]) for name in ("digest", "notices")}
        return cls(things)

    def lost(self, later: "Inventory") -> dict[str, list[str]]:
        """What ``later`` lacks or holds otherwise, by kind."""
        return {
            kind: [name for name, value in own.items() if later.things.get(kind, {}).get(name) != value]
            for kind, own in self.things.items()
        }


def _config(stack: Stack) -> dict[str, Any]:
    """The configuration object as it stands: an earlier one may not be what this code reads."""
    config: dict[str, Any] = json.loads(stack.artifacts.get(stack.config_key, 1 << 20).body)
    return config


def _feeds(stack: Stack) -> dict[str, str]:
    """Each enabled feed's source."""
    return {name: feed["source"] for name, feed in _config(stack)["feeds"].items() if feed["enabled"]}


def _objects(s3: Any, bucket: str) -> Iterator[tuple[str, str]]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for entry in page.get("Contents", ()):
            yield entry["Key"], entry["ETag"]


@dataclass(frozen=True, slots=True)
class Checkout:
    """A checkout with its own virtual environment, over the laptop folder of the proof."""

    folder: Path
    laptop: Laptop

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run one of its programs; its output is shown where it fails."""
        environment = {
            **os.environ,
            "COINLAKE_LOCAL": str(self.laptop.folder),
            "COINLAKE_PORT": str(self.laptop.port),
            "TF_VAR_coingecko_plan": "demo",  # whose key must survive
            "TF_VAR_coingecko_api_key": API_KEY,
            "TF_VAR_credits_per_month": '{"coingecko": 1000000}',
        }
        console.print(f"[dim]{self.folder.name}: {' '.join(command)}[/]")
        done = subprocess.run(
            command, cwd=self.folder, env=environment, text=True, capture_output=True, check=False
        )
        if check and done.returncode:
            console.print(done.stdout, done.stderr, markup=False)
            raise SystemExit(f"{' '.join(command)} failed in {self.folder.name}")
        return done

    def coinlake(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.run(str(self.folder / ".venv/bin/coinlake"), *arguments, check=check)


@contextmanager
def _earlier(revision: str, work: Path) -> Iterator[Path]:
    """The earlier revision in a folder of its own, set up."""
    folder = work / f"from-{revision}"
    subprocess.run(["git", "worktree", "add", "-q", "--detach", folder, revision], cwd=ROOT, check=True)
    try:
        subprocess.run(["make", "-s", "setup"], cwd=folder, check=True)
        if not (folder / "build").exists() and (ROOT / "build/cache").exists():
            shutil.copytree(ROOT / "build/cache", folder / "build/cache")
        yield folder
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", folder], cwd=ROOT, check=True)


def _wait_for_raw(stack: Stack, more_than: int) -> None:
    """Until the schedules have landed something of every feed's source, and more than before."""
    sources = set(_feeds(stack).values())
    end = time.monotonic() + SCHEDULE_SECONDS
    while time.monotonic() < end:
        names = list(stack.raw.keys(keys.RAW))
        if len(names) > more_than and sources <= {keys.RawKey.parse(name).source for name in names}:
            return
        time.sleep(2)
    raise SystemExit(f"not every source landed by its schedule within {SCHEDULE_SECONDS} s")


def _use(checkout: Checkout) -> None:
    """What a user does with a lake: let it run, fetch history, look for gaps."""
    checkout.coinlake("up")
    _wait_for_raw(Stack.embedded(checkout.laptop), 0)
    history = ("--source", "coinbase", "--assets", "BTC,ETH", "--start", month_ago())
    checkout.coinlake("backfill", *history, "--yes")
    checkout.coinlake("gaps", "--audit")
    _rest(checkout)


def month_ago() -> str:
    """The first day of the history that the proof fetches."""
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() - 30 * 86_400))


def _rest(checkout: Checkout) -> None:
    """Pause every feed and wait until each partition equals what its code computes from raw."""
    for feed in _feeds(Stack.embedded(checkout.laptop)):
        checkout.coinlake("pause", feed)
    end = time.monotonic() + REST_SECONDS
    while True:
        compared = checkout.coinlake("rebuild", "--check", check=False)
        if not compared.returncode:
            return
        if time.monotonic() > end:
            console.print(compared.stdout, markup=False)
            raise SystemExit(f"{checkout.folder.name}: rebuild --check still differs after {REST_SECONDS} s")
        time.sleep(5)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.upgrade", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument(
        "revision", nargs="?", default=FROM, help="what to upgrade from (default %(default)s)"
    )
    revision = parser.parse_args().revision
    work = Path(tempfile.mkdtemp(prefix="coinlake-upgrade-"))
    laptop = Laptop(work / "lake", free_ports())
    here = Checkout(ROOT, laptop)
    try:
        with _earlier(revision, work) as folder:
            before = Checkout(folder, laptop)
            try:
                _use(before)
                earlier = Inventory.of(Stack.embedded(laptop))
            finally:
                before.coinlake("down")
        here.coinlake("up")
        stack = Stack.embedded(laptop)
        later = Inventory.of(stack)
        lost = earlier.lost(later)
        _show(revision, earlier, later, lost)
        _wait_for_raw(stack, len(list(stack.raw.keys(keys.RAW))))
        console.print(f"raw goes on: {len(list(stack.raw.keys(keys.RAW))):,} objects")
        # As the changelog asks: the new code may write other bytes and more columns.
        here.coinlake("replay", "--start", month_ago(), "--yes")
        here.coinlake("rebuild", "--yes")
        _rest(here)
        console.print("rebuild --check: every partition equals what this code computes from raw")
        sys.exit(1 if any(lost.values()) else 0)
    finally:
        here.coinlake("down", "--wipe", check=False)
        shutil.rmtree(work, ignore_errors=True)


def _show(revision: str, earlier: Inventory, later: Inventory, lost: dict[str, list[str]]) -> None:
    table = Table("what", f"at {revision}", "after the upgrade", "lost or changed")
    for kind, own in earlier.things.items():
        missing = lost[kind]
        shown = f"[red]{len(missing)}: {', '.join(missing[:3])}[/]" if missing else "[green]none[/]"
        table.add_row(kind, f"{len(own):,}", f"{len(later.things.get(kind, {})):,}", shown)
    console.print(table)


if __name__ == "__main__":
    main()
