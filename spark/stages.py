"""The stages as an executor has them: put together once in each Python worker, from what the job is given."""

import json
import os
from dataclasses import dataclass
from functools import cache
from typing import Self

from coinlake.clients import client
from coinlake.config import LakeConfig
from coinlake.observability import logger
from coinlake.settings import require
from coinlake.stores import ObjectStore
from refine.partitions import RefinedZone, TrustedFiles
from spark.unchanged import UnchangedPuts
from transform import wiring
from transform.settings import Settings
from transform.stage import Transform


@dataclass(frozen=True, slots=True)
class JobSettings:
    """The environment that transform has as a function, and the ``region``, which a cluster does not say."""

    transform: Settings
    region: str

    @classmethod
    def from_json(cls, text: str) -> Self:
        """From the job's argument ``--settings``; terraform/spark.tf writes it."""
        env = json.loads(text)
        return cls(Settings.from_env(env), require(env, "AWS_DEFAULT_REGION"))


@dataclass(frozen=True, slots=True)
class Stages:
    """What an executor works with; it logs errors alone, for there are millions of objects."""

    transform: Transform
    trusted: TrustedFiles
    refined: RefinedZone
    artifacts: ObjectStore
    puts: UnchangedPuts


@cache
def stages(settings: JobSettings, *, redo: bool = False) -> Stages:
    """The stages of this process; with ``redo`` transform does again what is done."""
    os.environ.setdefault("AWS_DEFAULT_REGION", settings.region)
    logger.setLevel("ERROR")
    s3, its = client("s3"), settings.transform
    puts, lake = UnchangedPuts(s3), ObjectStore(s3, its.lake_bucket)
    artifacts = ObjectStore(s3, its.config_bucket)
    transform = wiring.assemble(
        raw=ObjectStore(s3, its.raw_bucket),
        lake=ObjectStore(puts, its.lake_bucket),
        config=LakeConfig.load(artifacts, its.config_key),
        version=its.code_version,
        max_bytes=its.max_raw_bytes,
        redo=redo,
    )
    return Stages(transform, TrustedFiles(lake), RefinedZone(lake), artifacts, puts)
