"""Puts the stage together, once per process: the only place that makes clients."""

import os
import ssl
from collections.abc import Callable
from functools import partial
from typing import Any

import certifi

from coinlake import sources
from coinlake.clients import client
from coinlake.config import LakeConfig
from coinlake.errors import BadConfiguration
from coinlake.http import ApiKey, HttpClient
from coinlake.stores import ObjectStore
from ingest.client import SourceClient
from ingest.clock import Clock
from ingest.rate_limits import RateLimiter, TokenBucket
from ingest.secrets import api_key
from ingest.settings import Settings
from ingest.sources import Source, registry
from ingest.stage import Ingest


def build(settings: Settings, clock: Clock | None = None) -> Ingest:
    """The stage, with the configuration that Terraform wrote; ``REQUESTS_CA_BUNDLE`` may name other roots."""
    s3, clock = client("s3"), clock or Clock()
    config = LakeConfig.load(ObjectStore(s3, settings.config_bucket), settings.config_key)
    tls = ssl.create_default_context(cafile=os.environ.get("REQUESTS_CA_BUNDLE") or certifi.where())
    connected = partial(connect, config, aws=client, table=settings.state_table, tls=tls, clock=clock)
    return Ingest(config, ObjectStore(s3, settings.raw_bucket), connected, clock)


def connect(
    config: LakeConfig,
    name: str,
    *,
    aws: Callable[[str], Any],
    table: str,
    tls: ssl.SSLContext,
    clock: Clock,
) -> Source:
    """A source as configured, its API key read from SSM and its token bucket in the state ``table``.

    ``aws`` makes the client of a service; SSM's only if there is a key to read.
    """
    if name not in sources.catalog() or name not in config.sources:
        raise BadConfiguration(
            f"there is no source {name[:80]!r}; the sources are {', '.join(sources.catalog())}"
        )
    source, entry = registry.load(name), config.sources[name]
    key = None
    if entry.api_key_parameter:
        value = api_key(aws("ssm"), entry.api_key_parameter, name)
        key = ApiKey(entry.api_key_header, value, entry.api_key_prefix) if entry.api_key_header else None
    http = HttpClient(
        name,
        entry.base_url,
        tls,
        key,
        allow_private=config.private_sources,
        max_body_bytes=source.limits.max_body_bytes,
        now=clock.now,
    )
    bucket = TokenBucket(aws("dynamodb"), table, name, entry.requests_per_minute)
    return source(
        SourceClient(http, RateLimiter(bucket, clock), entry.requests_per_minute, source.limits, clock)
    )
