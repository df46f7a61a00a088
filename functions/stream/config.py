"""Which streams are collected, and from which address: the JSON object that STREAMS or the secret holds.

{"streams": ["btcusdt@trade"], "host": "data", "coinbase": {"products": ["BTC-USD"], "channels": ["matches"]}}

Each venue has a section of its source's name: ``markets`` (or ``products``), each in every one of
``channels``; ``streams`` by their whole names; and ``host``. ``streams`` and ``host`` at the top are
Binance's section, whose own ``host`` goes before. What there is to name is in sources.json.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from botocore.exceptions import BotoCoreError, ClientError

from coinlake.errors import BadConfiguration, StoreUnavailable
from coinlake.sources import Websocket
from coinlake.stores import error_code
from stream import venues
from stream.venues import Venue

TOP_LEVEL: Final = "binance"  # whose keys may stand outside of a section
TOP_LEVEL_KEYS: Final = ("streams", "host")
SECTION_KEYS: Final = ("streams", "host", "markets", "products", "channels")
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
        document = _fields(_json(text, what), {*TOP_LEVEL_KEYS, *venues.websockets()}, what)
        streams, hosts = {}, {}
        for source, websocket in venues.websockets().items():
            section = _section(document, source)
            names = _streams(section, source, websocket)
            host = str(section.get("host") or websocket.default_host)
            if host not in websocket.hosts:
                raise BadConfiguration(
                    f"url_refused: there is no host {host[:80]!r}; use one of {', '.join(websocket.hosts)}"
                )
            if names:
                streams[source], hosts[source] = names, host
        if not streams:
            raise BadConfiguration(
                "config_empty: no stream is named; name some in streams, or markets of a venue, "
                "such as coinbase.products"
            )
        return cls(streams, hosts)

    def subscriptions(self, urls: str) -> list[Subscription]:
        """What is collected of each venue; ``urls``, the setting URLS, may name other addresses."""
        others = _fields(_json(urls or "{}", "URLS"), venues.websockets(), "URLS")
        return [
            Subscription(venues.venue(self.source_of(venue)), self._url(venue, others), streams)
            for venue, streams in self.streams.items()
        ]

    def source_of(self, venue: str) -> str:
        """The source of the frames: a host that is another venue has a name of its own."""
        sibling = venues.websockets()[venue].siblings.get(self.hosts[venue])
        return sibling.source if sibling else venue

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


def _fields(document: Any, known: Collection[str], what: str) -> Mapping[str, Any]:
    """The document, if it is an object of no other than the known keys."""
    keys = ", ".join(sorted(known))
    if not isinstance(document, dict):
        raise BadConfiguration(f"config_syntax: {what} must be a JSON object with {keys}")
    if unknown := sorted(set(document) - set(known)):
        raise BadConfiguration(f"config_unknown_key: {what} has {unknown[0][:80]!r}; the keys are {keys}")
    return document


def _section(document: Mapping[str, Any], source: str) -> Mapping[str, Any]:
    """A venue's section; null is an empty one."""
    section = _fields(document.get(source) or {}, SECTION_KEYS, source)
    top = {key: document[key] for key in TOP_LEVEL_KEYS if document.get(key)} if source == TOP_LEVEL else {}
    if top.get("streams") and section.get("streams"):
        raise BadConfiguration(
            f"config_duplicate: streams stand at the top and in {source}; write them in one place"
        )
    return {**top, **section}


def _streams(section: Mapping[str, Any], source: str, websocket: Websocket) -> tuple[str, ...]:
    """The streams of a section by their names: those that it names, then each market in each channel."""
    kinds, example = websocket.channels, websocket.market_example
    if section.get("markets") and section.get("products"):
        raise BadConfiguration(f"config_duplicate: {source} has markets and products; write one of them")
    field = "products" if section.get("products") else "markets"
    channels = _names(section, "channels", _any_of(kinds), next(iter(kinds))) or websocket.default_channels
    streams = (
        *_names(
            section,
            "streams",
            f"(?:{websocket.market_pattern})@{_any_of(kinds.values())}",
            f"{example}@{next(iter(kinds.values()))}",
        ),
        *(
            f"{market}@{kinds[channel]}"
            for market in _names(section, field, websocket.market_pattern, example)
            for channel in channels
        ),
    )
    _check_unique(streams, source)
    return streams


def _names(section: Mapping[str, Any], field: str, pattern: str, example: str) -> tuple[str, ...]:
    """The names of one list; each must match ``pattern``."""
    names = section.get(field) or []
    if not isinstance(names, list):
        raise BadConfiguration(f"config_syntax: {field} must be a list such as [{example!r}]")
    for name in names:
        if not isinstance(name, str) or not re.fullmatch(pattern, name):
            raise BadConfiguration(
                f"bad_symbol: {str(name)[:80]!r} cannot be one of {field}; write it as {example!r}"
            )
    _check_unique(names, field)
    return tuple(names)


def _any_of(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(map(re.escape, words))})"


def _check_unique(names: Sequence[str], where: str) -> None:
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise BadConfiguration(f"config_duplicate: {where} names {twice!r} twice; name it once")
