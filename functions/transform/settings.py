"""What transform needs from its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from coinlake.settings import require, require_int


@dataclass(frozen=True, slots=True)
class Settings:
    """Set by terraform/transform.tf; ``max_raw_bytes`` caps an object, packed and unpacked."""

    raw_bucket: str
    lake_bucket: str
    config_bucket: str
    config_key: str
    code_version: str
    max_raw_bytes: int

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        return cls(
            raw_bucket=require(env, "RAW_BUCKET"),
            lake_bucket=require(env, "LAKE_BUCKET"),
            config_bucket=require(env, "CONFIG_BUCKET"),
            config_key=require(env, "CONFIG_KEY"),
            code_version=require(env, "CODE_VERSION"),
            max_raw_bytes=require_int(env, "MAX_RAW_MB") << 20,
        )
