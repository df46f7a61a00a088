"""What audit needs from its environment; terraform/audit.tf sets each name."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from coinlake.settings import require


@dataclass(frozen=True, slots=True)
class Settings:
    lake_bucket: str
    config_bucket: str
    config_key: str
    ingest_function: str

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        return cls(
            lake_bucket=require(env, "LAKE_BUCKET"),
            config_bucket=require(env, "CONFIG_BUCKET"),
            config_key=require(env, "CONFIG_KEY"),
            ingest_function=require(env, "INGEST_FUNCTION"),
        )
