"""What load needs from its environment; terraform/load.tf sets each name."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from coinlake.errors import BadConfiguration
from coinlake.settings import require


@dataclass(frozen=True, slots=True)
class Settings:
    """``tables`` are refined tables; ``warehouse`` is the name of one of ``load.targets``, and ``options``
    say how it is reached: ``load.wiring`` has their names.
    """

    lake_bucket: str
    state_table: str
    tables: tuple[str, ...]
    warehouse: str
    options: Mapping[str, Any]

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        return cls(
            lake_bucket=require(env, "LAKE_BUCKET"),
            state_table=require(env, "STATE_TABLE"),
            tables=tuple(require(env, "TABLES").split(",")),
            warehouse=require(env, "WAREHOUSE"),
            options=_json(require(env, "OPTIONS")),
        )


def _json(text: str) -> Mapping[str, Any]:
    try:
        options: Mapping[str, Any] = json.loads(text)
    except ValueError:
        raise BadConfiguration(
            "the environment variable OPTIONS is no JSON; run terraform apply again"
        ) from None
    return options
