"""What load needs from its environment; terraform/load.tf sets each name."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from coinlake.settings import require


@dataclass(frozen=True, slots=True)
class Settings:
    """``url_parameter`` names the SSM parameter that holds the database's URL; ``tables`` are refined tables."""

    lake_bucket: str
    tables: tuple[str, ...]
    url_parameter: str

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        return cls(
            lake_bucket=require(env, "LAKE_BUCKET"),
            tables=tuple(require(env, "TABLES").split(",")),
            url_parameter=require(env, "URL_PARAMETER"),
        )
