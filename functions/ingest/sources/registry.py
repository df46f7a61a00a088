"""The sources there are: a new one is a file beside this one and a line here."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from coinlake.config import LakeConfig
from coinlake.errors import BadConfiguration
from ingest.http import Http
from ingest.secrets import api_key
from ingest.sources import Source
from ingest.sources.coinbase import Coinbase
from ingest.sources.coingecko import CoinGecko

SOURCES: Final[Mapping[str, type[CoinGecko | Coinbase]]] = {
    source.name: source for source in (CoinGecko, Coinbase)
}


def connect(config: LakeConfig, name: str, ssm: Callable[[], Any], verify: str | bool) -> Source:
    """The source as configured, with its API key read from SSM; ``ssm`` makes the client if needed."""
    if name not in SOURCES or name not in config.sources:
        raise BadConfiguration(
            f"there is no source {name[:80]!r}; the sources are {', '.join(sorted(SOURCES))}"
        )
    source, entry = SOURCES[name], config.sources[name]
    key = api_key(ssm(), entry.api_key_parameter) if entry.api_key_parameter else None
    return source(Http(entry, key, config.private_sources, verify, source.limits))
