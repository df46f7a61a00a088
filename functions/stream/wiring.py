"""What the collector works with, built once from the environment."""

import os
import ssl
from typing import Final

from coinlake.clients import client
from coinlake.config import LakeConfig
from coinlake.errors import BadConfiguration
from coinlake.stores import ObjectStore
from stream import secrets
from stream.latest import LatestTable
from stream.parts import Outside, Subscription
from stream.settings import Settings
from stream.venues.registry import VENUES
from stream.wanted import Wanted

_KINDS: Final = {"ticker": "ticker", "matches": "match"}  # Coinbase's channels, and what their messages are


def wanted(settings: Settings) -> list[Subscription]:
    """What STREAMS, or the secret, asks for; raise ``BadConfiguration`` unless exactly one is set."""
    if bool(settings.streams) == bool(settings.streams_secret_arn):
        raise BadConfiguration("set exactly one of STREAMS and STREAMS_SECRET_ARN")
    text = settings.streams or secrets.streams(client("secretsmanager"), settings.streams_secret_arn)
    asked = Wanted.from_json(text)
    streams = {
        "binance": asked.streams,
        "coinbase": [
            f"{product}@{_KINDS[channel]}" for product in asked.products for channel in asked.channels
        ],
    }
    return [
        Subscription(VENUES[source], asked.url(source, settings.urls), names)
        for source, names in streams.items()
        if names
    ]


def outside(settings: Settings) -> Outside:
    """The clients; ``REQUESTS_CA_BUNDLE`` may name other roots, as for ingest."""
    s3 = client("s3")
    config = LakeConfig.load(ObjectStore(s3, settings.config_bucket), settings.config_key)
    table = LatestTable(client("dynamodb"), settings.latest_table, settings.latest_ttl_seconds)
    tls = ssl.create_default_context(cafile=os.environ.get("REQUESTS_CA_BUNDLE") or None)
    return Outside(ObjectStore(s3, settings.raw_bucket), table, config, tls, settings.private_sources)
