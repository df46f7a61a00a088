"""What ingest reads from its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from coinlake.settings import require


@dataclass(frozen=True, slots=True)
class Settings:
    """What ingest needs from its environment; terraform/ingest.tf sets each name."""

    raw_bucket: str
    config_bucket: str
    config_key: str
    state_table: str

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        return cls(
            raw_bucket=require(env, "RAW_BUCKET"),
            config_bucket=require(env, "CONFIG_BUCKET"),
            config_key=require(env, "CONFIG_KEY"),
            state_table=require(env, "STATE_TABLE"),
        )
