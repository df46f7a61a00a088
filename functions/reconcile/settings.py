"""What reconcile needs from its environment; terraform/reconcile.tf sets each name."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from coinlake.settings import require


@dataclass(frozen=True, slots=True)
class Settings:
    raw_bucket: str
    lake_bucket: str
    transform_queue_url: str

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        return cls(
            raw_bucket=require(env, "RAW_BUCKET"),
            lake_bucket=require(env, "LAKE_BUCKET"),
            transform_queue_url=require(env, "TRANSFORM_QUEUE_URL"),
        )
