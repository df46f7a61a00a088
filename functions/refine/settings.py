"""What refine needs from its environment; terraform/refine.tf sets each name."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from coinlake.settings import require, require_int


@dataclass(frozen=True, slots=True)
class Settings:
    """``queue_url`` is the queue that a scheduled run empties, every ``batch_minutes``; tables derived from
    current data follow every ``derive_minutes``. ``site_bucket`` is None when the dashboard is disabled; it
    shows what is in notify's ``state_table`` and how much waits in the ``dead_letter_queues``, the JSON
    object stage → queue URL.
    """

    lake_bucket: str
    queue_url: str
    config_bucket: str
    config_key: str
    batch_minutes: int
    derive_minutes: int
    site_bucket: str | None
    state_table: str
    dead_letter_queues: str

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        return cls(
            lake_bucket=require(env, "LAKE_BUCKET"),
            queue_url=require(env, "QUEUE_URL"),
            config_bucket=require(env, "CONFIG_BUCKET"),
            config_key=require(env, "CONFIG_KEY"),
            batch_minutes=require_int(env, "BATCH_MINUTES"),
            derive_minutes=require_int(env, "DERIVE_MINUTES"),
            site_bucket=env.get("SITE_BUCKET") or None,
            state_table=require(env, "STATE_TABLE"),
            dead_letter_queues=require(env, "DEAD_LETTER_QUEUES"),
        )
