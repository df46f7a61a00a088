"""Which streams are collected, and from which address: the JSON object that STREAMS or the secret holds.

{"streams": ["btcusdt@trade"], "host": "data", "coinbase": {"products": ["BTC-USD"], "channels": ["matches"]}}

Each venue has a section of its own name: ``markets`` and ``channels``, or what its file says, and
``host``, one of its hosts in sources.json. ``streams`` and ``host`` at the top are Binance's section.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from botocore.exceptions import BotoCoreError, ClientError

from coinlake.errors import BadConfiguration, StoreUnavailable
from coinlake.stores import error_code
from stream import venues
from stream.venues import Venue
from stream.venues.sections import fields

TOP_LEVEL: Final = "binance"  # whose keys may stand outside of a section
_TOP_LEVEL_KEYS: Final = ("streams", "host")
_URL: Final = re.compile(r"wss://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~-]+)*")
_UNREADABLE: Final = {"ResourceNotFoundException", "AccessDeniedException", "InvalidRequestException"}


@dataclass(frozen=True, slots=True)
class Subscription:
    """The streams of one venue, and its websocket's address."""

    venue: Venue
    url: str
    streams: Sequence[str]

    def trade_markets(self) -> dict[str, str]:
        """The markets whose trades are collected, each with its stream."""
        named = ((self.venue.trade_market(stream), stream) for stream in self.streams)
        return {market: stream for market, stream in named if market is not None}


@dataclass(frozen=True, slots=True)
class StreamConfig:
    """``streams`` and ``hosts`` (names of addresses) by source, of the sources that have any streams."""

    streams: Mapping[str, tuple[str, ...]]
    hosts: Mapping[str, str]

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raise ``BadConfiguration`` with what is wrong and what to write instead."""
        what = "the setting of streams"
        websockets = venues.websockets()
        document = fields(_json(text, what), {*_TOP_LEVEL_KEYS, *websockets}, what)
        streams, hosts = {}, {}
        for source, websocket in websockets.items():
            section = dict(_section(document, source))
            host = str(section.pop("host", None) or websocket.default_host)
            named = venues.venue(source).streams(section)
            if host not in websocket.hosts:
                raise BadConfiguration(
                    f"url_refused: there is no host {host[:80]!r}; use one of {', '.join(websocket.hosts)}"
                )
            if len(set(named)) < len(named):
                raise BadConfiguration(f"config_duplicate: a stream of {source} is named twice; name it once")
            if named:
                streams[source], hosts[source] = named, host
        if not streams:
            raise BadConfiguration(
                "config_empty: no stream is wanted; name some in streams or coinbase.products"
            )
        return cls(streams, hosts)

    def subscriptions(self, urls: str) -> list[Subscription]:
        """What is collected of each venue; ``urls``, the setting URLS, may name other addresses."""
        others = fields(_json(urls or "{}", "URLS"), venues.websockets(), "URLS")
        return [
            Subscription(venues.venue(source), self._url(source, others), streams)
            for source, streams in self.streams.items()
        ]

    def _url(self, source: str, others: Mapping[str, Any]) -> str:
        own = venues.websockets()[source].hosts[self.hosts[source]]
        url = str(others.get(source, own)).rstrip("/")
        if not _URL.fullmatch(url):
            raise BadConfiguration(
                f"url_refused: the URL of {source} is not wss://host[:port][/path]; correct URLS"
            )
        return url


def read_secret(client: Any, arn: str) -> str:
    """The text of a secret of Secrets Manager; ``BadConfiguration`` where there is none to read."""
    try:
        return str(client.get_secret_value(SecretId=arn)["SecretString"])
    except KeyError:
        raise BadConfiguration(f"the secret {arn} holds no text; store the streams' JSON in it") from None
    except (ClientError, BotoCoreError) as error:
        code = error_code(error)
        if code in _UNREADABLE:
            raise BadConfiguration(
                f"the secret {arn} cannot be read ({code}); store the streams' JSON in it, "
                "and name it in stream.secret_arn"
            ) from error
        raise StoreUnavailable(f"could not read the secret {arn}: {code}") from error


def _json(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadConfiguration(f"config_syntax: {what} is no JSON ({error}); correct it") from None


def _section(document: Mapping[str, Any], source: str) -> Mapping[str, Any]:
    """A venue's section; null is none."""
    section = document.get(source) or {}
    if not isinstance(section, dict):
        raise BadConfiguration(f"config_syntax: {source} must be a JSON object")
    if source != TOP_LEVEL:
        return section
    top = {key: document[key] for key in _TOP_LEVEL_KEYS if document.get(key)}
    if twice := sorted(set(section) & set(top)):
        raise BadConfiguration(
            f"config_duplicate: {twice[0]} stands at the top and in {source}; write it in one place"
        )
    return {**section, **top}
