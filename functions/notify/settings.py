"""What notify needs from its environment; terraform/notify.tf sets each name."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from coinlake.settings import require


@dataclass(frozen=True, slots=True)
class Settings:
    """``dead_letter_queues`` is a JSON object, stage → queue URL (``queues.DeadLetterQueues``)."""

    lake_bucket: str
    config_bucket: str
    config_key: str
    state_table: str
    alerts_topic_arn: str
    dead_letter_queues: str

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        return cls(
            lake_bucket=require(env, "LAKE_BUCKET"),
            config_bucket=require(env, "CONFIG_BUCKET"),
            config_key=require(env, "CONFIG_KEY"),
            state_table=require(env, "STATE_TABLE"),
            alerts_topic_arn=require(env, "ALERTS_TOPIC_ARN"),
            dead_letter_queues=require(env, "DEAD_LETTER_QUEUES"),
        )
