"""A deployed stack that rests, so that what happens in it is a scenario's doing; and the log of what IAM was
asked."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final

from coinlake import keys
from coinlake.errors import CoinlakeError
from coinlake.keys import RawKey, RefinedKey, Slot
from coinlake.s3_events import ObjectRef, created_event
from coinlake.stores import compressed
from ops import waiting
from ops.aws import Aws
from ops.local import lifecycle
from ops.local.emulator import Emulator
from ops.local.laptop import Laptop
from ops.local.ministack.request_log import VARIABLE
from ops.progress import step
from ops.repair.schedules import _SETTINGS
from ops.stack import Stack
from tests.permissions.evaluation import Request
from tests.permissions.policies import normal, role_of

POLICY: Final = "permissions"  # of each role, its one inline policy's name
STREAMS: Final = {
    "streams": ["btcusdt@miniTicker", "btcusdt@trade"],
    "coinbase": {"products": ["BTC-USD"], "channels": ["ticker", "matches"]},
    "kraken": {"markets": ["BTCUSD"], "channels": ["ticker", "trade"]},
}
CA_PARAMETER: Final = "/coinlake/local/postgres-ca"
API_KEY: Final = "TF_VAR_coingecko_api_key"
DATA_SECONDS: Final = 300
HOUR: Final = timedelta(hours=1)
OF_A_USER: Final = "-laptop"  # the collector runs as a user with its role's policy: ops/stream/collector.py


def overrides(secret_arn: str) -> dict[str, Any]:
    """Every option that the embedded AWS can run, beside those of local.tfvars."""
    return {
        "coingecko_plan": "demo",
        "alert_rules": {
            "btc_above_one_dollar": {"asset": "BTC", "above": 1, "cooldown_minutes": 1},
            "btc_moved": {"asset": "BTC", "change_percent": 1, "window_minutes": 5, "cooldown_minutes": 1},
            "btc_spread": {"asset": "BTC", "spread_bps": 1},
            "btc_high": {"asset": "BTC", "new_high_days": 0},
        },
        "stream": {"secret_arn": secret_arn, "batch_seconds": 1},
        "load": {"postgres": {"minutes": 5, "ca_parameter": CA_PARAMETER}},
    }


@dataclass(slots=True)
class Lab:
    """``log`` is what the launcher writes; ``number`` makes each scenario's objects its own."""

    laptop: Laptop
    stack: Stack
    log: Path
    _numbers: Iterator[int] = field(default_factory=count)

    @classmethod
    def deploy(cls, laptop: Laptop) -> "Lab":
        laptop.claim()
        log = laptop.folder / "logs" / "requests.jsonl"
        log.parent.mkdir(parents=True)
        os.environ[VARIABLE] = str(log)
        os.environ[API_KEY] = "CG-sentinel-permissions-0123456789"
        emulator = Emulator(laptop)
        lifecycle._start_emulator(emulator)
        secret = Aws.embedded(laptop).client("secretsmanager")
        arn = secret.create_secret(Name="coinlake-local-streams", SecretString=json.dumps(STREAMS))["ARN"]
        lab = cls(laptop, lifecycle.up(laptop, live=False, overrides=overrides(arn)), log)
        lab.client("ssm").put_parameter(
            Name=CA_PARAMETER, Value=Path(lab.stack.aws.ca_bundle or "").read_text()[:4000], Type="String"
        )
        with step("What the schedules land, refined"):
            waiting.wait_until_done(lab._missing, DATA_SECONDS, lambda _: None, CoinlakeError)
        lab.rest()
        return lab

    def _missing(self) -> str:
        tables = {RefinedKey.parse(key).table for key in self.stack.lake.keys(keys.REFINED)}
        return ", ".join(sorted({"spreads", "asset_days", "latest", "assets"} - tables))

    def client(self, service: str) -> Any:
        return self.stack.aws.client(service)

    def rest(self) -> None:
        """Switch off every schedule and every queue's function: only scenarios invoke anything."""
        scheduler, functions = self.client("scheduler"), self.client("lambda")
        group = self.stack.schedules["group"]
        for page in scheduler.get_paginator("list_schedules").paginate(GroupName=group):
            for schedule in page["Schedules"]:
                current = scheduler.get_schedule(GroupName=group, Name=schedule["Name"])
                kept = {name: current[name] for name in _SETTINGS if name in current}
                scheduler.update_schedule(**kept, State="DISABLED")
        for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
            functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)

    # What scenarios do

    def number(self) -> int:
        """The next one."""
        return next(self._numbers)

    def invoke(self, stage: str, event: Mapping[str, Any]) -> dict[str, Any]:
        """What the function returns; ``FunctionFailed`` where it raises."""
        return self.stack.invoke(stage, event)

    def load(self, target: str) -> dict[str, Any]:
        return self.stack.invoke_load(target, {"load": self.now(), "again": True})

    def deliver(self, stage: str, *bodies: str) -> None:
        """Give the function a batch as SQS does; fails where a message must come again."""
        records = [
            {"messageId": str(n), "body": body, "eventSource": "aws:sqs"} for n, body in enumerate(bodies)
        ]
        response = self.invoke(stage, {"Records": records}) or {}
        assert not response.get("batchItemFailures"), response

    def object_created(self, bucket: str, key: str) -> str:
        return created_event(ObjectRef(bucket, key))

    def restart(self, role: str) -> None:
        """End the processes of the role's function and what they cached: a setting, set again, does so."""
        if role not in self.functions:
            return
        functions, name = self.client("lambda"), f"coinlake-local-{role}"
        timeout = functions.get_function_configuration(FunctionName=name)["Timeout"]
        functions.update_function_configuration(FunctionName=name, Timeout=timeout)
        functions.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})

    @property
    def functions(self) -> set[str]:
        """The roles that are functions'."""
        return {*self.stack.functions, *(f"load-{target}" for target in self.stack.load)}

    def candles(self, *, bad_rows: bool = False) -> RawKey:
        """A new raw object of four hourly candles, written as ingest does; one row of five may be bad."""
        end = datetime(2026, 3, 1, tzinfo=UTC) + 4 * HOUR * self.number()
        key = RawKey("coinbase", "candles", Slot(end, ("BTC-USD", "1h", "4")))
        rows: list[list[object]] = [
            [int((end - back * HOUR).timestamp()), 99.5, 101.25, 100, 100.5, 12.5] for back in range(1, 5)
        ]
        if bad_rows:
            rows.append(["x", 1, 2, 1, 2, 3])
        self.stack.raw.put(str(key), self.body(rows), metadata={"fetched_at": (end + HOUR / 60).isoformat()})
        return key

    def body(self, rows: Sequence[object]) -> bytes:
        """A source's answer as ingest stores it."""
        return compressed(json.dumps(rows).encode())

    def trusted_candles(self, *, bad_rows: bool = False) -> RawKey:
        """As ``candles``, and transformed."""
        key = self.candles(bad_rows=bad_rows)
        self.deliver("transform", self.object_created(self.stack.raw_bucket, str(key)))
        return key

    def newest(self, prefix: str) -> str:
        """The last key below the prefix in the lake."""
        return max(self.stack.lake.keys(prefix))

    def day(self) -> str:
        return f"{datetime.now(UTC):%Y-%m-%d}"

    def now(self) -> str:
        return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:00Z}"

    # What IAM was asked

    def mark(self) -> int:
        return self.log.stat().st_size

    def requests(self, since: int) -> Iterator[tuple[Request, bool]]:
        """Each request of a role of the stack since the mark, and whether it was allowed."""
        with self.log.open("rb") as file:
            file.seek(since)
            yield from parsed(file.read().decode().splitlines())

    # What is taken away

    def policy(self, role: str) -> str:
        name = f"coinlake-local-{role}"
        return json.dumps(
            self.client("iam").get_role_policy(RoleName=name, PolicyName=POLICY)["PolicyDocument"]
        )

    def put_policy(self, role: str, document: str) -> None:
        self.client("iam").put_role_policy(
            RoleName=f"coinlake-local-{role}", PolicyName=POLICY, PolicyDocument=document
        )


def parsed(lines: Sequence[str]) -> Iterator[tuple[Request, bool]]:
    """Requests out of lines of the log; those of the root user and of other principals are left out."""
    for line in lines:
        entry = json.loads(line)
        kind, _, name = entry["principal"].partition("/")
        if not kind.endswith((":assumed-role", ":user")):
            continue
        context = {
            key: tuple(map(normal_value, value)) if isinstance(value, list) else normal_value(str(value))
            for key, value in entry["context"].items()
        }
        role = role_of(name.split("/")[0].removesuffix(OF_A_USER))
        yield Request(role, entry["action"], normal(entry["resource"]), context), entry["allowed"]


def normal_value(text: str) -> str:
    return "ENV" if text in ("local", "dev") else normal(text)
