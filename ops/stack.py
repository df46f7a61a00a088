"""A deployed stack, embedded or on AWS, found through Terraform's outputs."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field
from typing import Any, Final, Self

from coinlake.config import LakeConfig
from coinlake.errors import CoinlakeError
from coinlake.feeds import Feed
from coinlake.queues import Queue
from coinlake.stores import ObjectStore
from ops.aws import Aws
from ops.deploy import environments
from ops.local.laptop import Laptop

STAGES_WITH_QUEUE: Final = ("transform", "refine", "notify")


class NotDeployed(CoinlakeError):
    """There is no such stack yet."""


class FunctionFailed(CoinlakeError):
    """A function raised; the message is its own."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Terraform's outputs as types; terraform/outputs.tf says what each is."""

    aws: Aws
    environment: str
    account_id: str
    raw_bucket: str
    lake_bucket: str
    artifacts_bucket: str
    config_key: str
    functions: Mapping[str, str]
    queues: Mapping[str, Mapping[str, str | None]]
    topics: Mapping[str, str]
    state_table: str
    database: str
    workgroup: str
    athena_output: str
    schedules: Mapping[str, Any]
    backfill: Mapping[str, Any] = field(default_factory=dict)
    quota: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    stream: Mapping[str, Any] = field(default_factory=dict)
    load: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    spark: Mapping[str, Any] = field(default_factory=dict)
    site_bucket: str | None = None
    dashboard_url: str | None = None
    orchestrator_policy: str | None = None

    @classmethod
    def find(cls, environment: str) -> Self:
        """The stack of ``environment``; ``NotDeployed`` says how to get one."""
        if environment == environments.LOCAL:
            return cls.embedded(Laptop.from_env())
        outputs = environments.outputs(environment)
        if not outputs:
            raise NotDeployed(f"nothing is deployed as {environment!r}; run `coinlake deploy {environment}`")
        return cls.of(outputs, Aws.real(outputs["region"]))

    @classmethod
    def embedded(cls, laptop: Laptop) -> Self:
        """The stack on this laptop, from the outputs that ``up`` left in its folder."""
        try:
            outputs = json.loads(laptop.outputs.read_text())
        except FileNotFoundError:
            raise NotDeployed("the embedded stack is not up; run `coinlake up` (or make demo)") from None
        except ValueError:
            raise NotDeployed(f"{laptop.outputs} is damaged; `coinlake up` writes it anew") from None
        if not laptop.answers():
            raise NotDeployed(
                f"the embedded stack is down (nothing answers on {laptop.endpoint}); "
                "`coinlake up` starts it again with its data"
            )
        return cls.of(outputs, Aws.embedded(laptop))

    @classmethod
    def of(cls, outputs: Mapping[str, Any], aws: Aws) -> Self:
        """A stack deployed before an output was added lacks it, and the field has its default.

        ``NotDeployed`` where a field that has none is missing.
        """
        fields = {
            name: outputs[name]
            for name in cls.__dataclass_fields__
            if name != "aws" and outputs.get(name) is not None
        }
        missing = [
            name
            for name, known in cls.__dataclass_fields__.items()
            if name not in ("aws", *fields) and known.default is known.default_factory is MISSING
        ]
        if missing:
            raise NotDeployed(f"the stack does not say its {missing[0]}; deploy it again with this version")
        return cls(aws=aws, **fields)

    def outputs(self) -> dict[str, Any]:
        """The outputs as they were read, for whoever else drives the stack."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "aws"}

    @property
    def artifacts(self) -> ObjectStore:
        return ObjectStore(self.aws.client("s3"), self.artifacts_bucket)

    @property
    def raw(self) -> ObjectStore:
        return ObjectStore(self.aws.client("s3"), self.raw_bucket)

    @property
    def lake(self) -> ObjectStore:
        return ObjectStore(self.aws.client("s3"), self.lake_bucket)

    @property
    def site(self) -> ObjectStore:
        if not self.site_bucket:
            raise NotDeployed(
                f"{self.environment} has no dashboard; set enable_dashboard = true in its tfvars and deploy"
            )
        return ObjectStore(self.aws.client("s3"), self.site_bucket)

    def config(self) -> LakeConfig:
        return LakeConfig.load(self.artifacts, self.config_key)

    def feeds(self) -> list[Feed]:
        """The enabled feeds, by name."""
        return sorted(
            (feed for feed in self.config().feeds.values() if feed.enabled), key=lambda feed: feed.name
        )

    def queue(self, stage: str) -> Queue:
        """A stage's queue; ``CoinlakeError`` where it has none."""
        url = self.queues.get(stage, {}).get("url")
        if not url:
            raise CoinlakeError(
                f"{stage!r} has no queue; the stages with one are {', '.join(STAGES_WITH_QUEUE)}"
            )
        return Queue(self.aws.client("sqs"), url)

    def dead_letters(self, stage: str) -> Queue:
        """A stage's dead-letter queue; ``CoinlakeError`` where it has none."""
        url = self.queues.get(stage, {}).get("dlq_url")
        if not url:
            raise CoinlakeError(
                f"{stage!r} has no dead-letter queue; those with one: {', '.join(self.queues)}"
            )
        return Queue(self.aws.client("sqs"), url)

    def invoke(self, stage: str, event: Mapping[str, Any]) -> dict[str, Any]:
        """What the stage's function returns for ``event``; ``FunctionFailed`` where it raises."""
        return self._invoke(stage, self.functions[stage], event)

    def invoke_load(self, target: str, event: Mapping[str, Any]) -> dict[str, Any]:
        """As ``invoke``, of the function that loads the warehouse ``target``; it may take a quarter hour."""
        return self._invoke(f"load-{target}", self.load[target]["function"], event)

    def _invoke(self, name: str, function: str, event: Mapping[str, Any]) -> dict[str, Any]:
        response = self.aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
        result: dict[str, Any] = json.loads(response["Payload"].read())
        if response.get("FunctionError"):
            raise FunctionFailed(f"{name} failed: {result.get('errorMessage', response['FunctionError'])}")
        return result
