"""What stream reads from its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from coinlake.errors import BadConfiguration
from coinlake.settings import require, require_int

DEFAULTS: Final = {
    "SPOOL_DIR": "/spool",
    "HEALTH_PORT": "8080",
    "LATEST_TTL_SECONDS": "86400",
    "LATEST_SECONDS": "5",
    "BATCH_FRAMES": "10000",
    "BATCH_SECONDS": "10",
    "BATCH_BYTES": str(4 << 20),
    "SPOOL_MAX_BYTES": str(1 << 30),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What stream needs from its environment; terraform/stream.tf sets each name without a default.

    Exactly one of ``streams``, the JSON itself, and ``streams_secret_arn``, where it lies in
    Secrets Manager. ``urls``, a JSON object, maps a source to another websocket address than its own,
    such as the simulator's; private ones take ``private_sources``. ``instance`` empty asks ECS, or the spool.
    """

    raw_bucket: str
    config_bucket: str
    config_key: str
    latest_table: str
    streams: str
    streams_secret_arn: str
    spool_dir: Path
    instance: str
    health_port: int
    latest_ttl_seconds: int
    latest_seconds: int
    batch_frames: int
    batch_seconds: int
    batch_bytes: int
    spool_max_bytes: int
    urls: str
    private_sources: bool

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        return cls(
            raw_bucket=require(env, "RAW_BUCKET"),
            config_bucket=require(env, "CONFIG_BUCKET"),
            config_key=require(env, "CONFIG_KEY"),
            latest_table=require(env, "LATEST_TABLE"),
            streams=env.get("STREAMS", ""),
            streams_secret_arn=env.get("STREAMS_SECRET_ARN", ""),
            spool_dir=Path(env.get("SPOOL_DIR") or DEFAULTS["SPOOL_DIR"]),
            instance=env.get("INSTANCE", ""),
            health_port=_positive(env, "HEALTH_PORT"),
            latest_ttl_seconds=_positive(env, "LATEST_TTL_SECONDS"),
            latest_seconds=_positive(env, "LATEST_SECONDS"),
            batch_frames=_positive(env, "BATCH_FRAMES"),
            batch_seconds=_positive(env, "BATCH_SECONDS"),
            batch_bytes=_positive(env, "BATCH_BYTES"),
            spool_max_bytes=_positive(env, "SPOOL_MAX_BYTES"),
            urls=env.get("URLS", ""),
            private_sources=env.get("PRIVATE_SOURCES", "").lower() in ("true", "1"),
        )


def _positive(env: Mapping[str, str], name: str) -> int:
    number = require_int({name: env.get(name) or DEFAULTS[name]}, name)
    if number < 1:
        raise BadConfiguration(f"the environment variable {name} is {number}; set it to 1 or more")
    return number
