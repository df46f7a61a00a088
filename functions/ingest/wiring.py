"""What a run works with, built once per process from the environment."""

import os
from functools import cache

from coinlake.clients import client
from coinlake.config import LakeConfig
from coinlake.stores import ObjectStore
from ingest.settings import Settings
from ingest.sources import Source
from ingest.sources.registry import connect


@cache
def settings() -> Settings:
    """The environment."""
    return Settings.from_env()


@cache
def lake() -> tuple[LakeConfig, ObjectStore]:
    """The configuration and the raw bucket."""
    s3 = client("s3")
    config = LakeConfig.load(ObjectStore(s3, settings().config_bucket), settings().config_key)
    return config, ObjectStore(s3, settings().raw_bucket)


@cache
def source(name: str) -> Source:
    """A source with its key and its connections; ``REQUESTS_CA_BUNDLE`` may name other roots."""
    config, _ = lake()
    roots = os.environ.get("REQUESTS_CA_BUNDLE") or True
    return connect(config, name, client, settings().state_table, roots)


def forget() -> None:
    """Build the sources afresh in the next run: a key that was refused may have been replaced."""
    source.cache_clear()
