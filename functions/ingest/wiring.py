"""What a run works with, built once per process from the environment."""

import os
from functools import cache
from typing import Any, Final

import boto3
from botocore.config import Config

from coinlake.config import LakeConfig
from coinlake.stores import ObjectStore
from ingest.settings import Settings
from ingest.sources import Source
from ingest.sources.registry import connect

# AWS's defaults wait a minute for an answer, which is as long as a whole run may take.
PATIENCE: Final = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "max_attempts": 3})


@cache
def settings() -> Settings:
    """The environment."""
    return Settings.from_env()


@cache
def lake() -> tuple[LakeConfig, ObjectStore]:
    """The configuration and the raw bucket."""
    s3 = _client("s3")
    config = LakeConfig.load(ObjectStore(s3, settings().config_bucket), settings().config_key)
    return config, ObjectStore(s3, settings().raw_bucket)


@cache
def source(name: str) -> Source:
    """A source with its key and its connections; ``REQUESTS_CA_BUNDLE`` may name other roots."""
    config, _ = lake()
    roots = os.environ.get("REQUESTS_CA_BUNDLE") or True
    return connect(config, name, _client, settings().state_table, roots)


def forget() -> None:
    """Build the sources afresh in the next run: a key that was refused may have been replaced."""
    source.cache_clear()


def _client(service: str) -> Any:
    return boto3.client(service, config=PATIENCE)
