"""The sources there are: a new one is a file beside this one and a line here."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from coinlake.config import LakeConfig
from coinlake.errors import BadConfiguration
from ingest.clock import Clock
from ingest.http import Http
from ingest.limiter import Bucket, Limiter
from ingest.secrets import api_key
from ingest.sources import History, Source
from ingest.sources.alternative_me import AlternativeMe
from ingest.sources.binance import Binance
from ingest.sources.binance_archive import BinanceArchive
from ingest.sources.coinbase import Coinbase
from ingest.sources.coincap import CoinCap
from ingest.sources.coindesk import CoinDesk
from ingest.sources.coingecko import CoinGecko

SOURCES: Final[Mapping[str, type[Source]]] = {
    source.name: source
    for source in (
        AlternativeMe,
        Binance,
        BinanceArchive,
        Coinbase,
        CoinCap,
        CoinDesk,
        CoinGecko,
    )
}


def history(name: str, dataset: str) -> tuple[type[Source], History]:
    """A source and how its dataset's past is asked for; ``BadConfiguration`` names what there is."""
    source = SOURCES.get(name)
    if source is None or dataset not in source.histories:
        known = ", ".join(f"{one}'s {past}" for one in sorted(SOURCES) for past in SOURCES[one].histories)
        raise BadConfiguration(f"there is no past of {name[:80]}'s {dataset[:80]}; there is {known}")
    return source, source.histories[dataset]


def connect(
    config: LakeConfig, name: str, client: Callable[[str], Any], table: str, verify: str | bool
) -> Source:
    """The source as configured, its API key read from SSM and its bucket in the state table.

    ``client`` makes the client of an AWS service; SSM's only if there is a key to read.
    """
    if name not in SOURCES or name not in config.sources:
        raise BadConfiguration(
            f"there is no source {name[:80]!r}; the sources are {', '.join(sorted(SOURCES))}"
        )
    source, entry, clock = SOURCES[name], config.sources[name], Clock()
    key = api_key(client("ssm"), entry.api_key_parameter, name) if entry.api_key_parameter else None
    limiter = Limiter(Bucket(client("dynamodb"), table, name, entry.requests_per_minute), clock)
    return source(Http(entry, limiter, key, config.private_sources, verify, source.limits, clock))
