"""What load needs from its environment; terraform/load.tf sets each name."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from coinlake.settings import require


@dataclass(frozen=True, slots=True)
class Settings:
    """``tables`` are refined tables; the other two name SSM parameters.

    That of ``url_parameter`` holds the database's URL, that of ``ca_parameter`` the certificate (PEM) of the
    authority that signs the database's own; None trusts the public authorities.
    """

    lake_bucket: str
    tables: tuple[str, ...]
    url_parameter: str
    ca_parameter: str | None = None

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        return cls(
            lake_bucket=require(env, "LAKE_BUCKET"),
            tables=tuple(require(env, "TABLES").split(",")),
            url_parameter=require(env, "URL_PARAMETER"),
            ca_parameter=env.get("CA_PARAMETER") or None,
        )
