"""Puts the stage together: the only place that makes clients."""

from functools import cache, lru_cache
from typing import Final

from coinlake import arrow
from coinlake.clients import client
from coinlake.config import LakeConfig
from coinlake.stores import ObjectStore
from transform.commit import Committer
from transform.model import AssetMap
from transform.settings import Settings
from transform.stage import Transform
from transform.writer import ParquetWriter

_CACHED_SYMBOLS: Final = 8192  # so that a page of coins does not search the asset map for each


def build(settings: Settings) -> Transform:
    """The stage over S3, with the configuration that Terraform wrote."""
    arrow.keep_pandas_out()
    s3 = client("s3")
    return assemble(
        raw=ObjectStore(s3, settings.raw_bucket),
        lake=ObjectStore(s3, settings.lake_bucket),
        config=LakeConfig.load(ObjectStore(s3, settings.config_bucket), settings.config_key),
        version=settings.code_version,
        max_bytes=settings.max_raw_bytes,
    )


def assemble(
    raw: ObjectStore,
    lake: ObjectStore,
    config: LakeConfig,
    version: str,
    max_bytes: int,
    *,
    redo: bool = False,
) -> Transform:
    """The stage between two stores, which need not be S3's; with ``redo`` nothing is done already."""
    return Transform(
        raw=raw,
        committer=Committer(lake, ParquetWriter(lake), version, redo),
        assets=asset_map(config),
        max_bytes=max_bytes,
    )


def asset_map(config: LakeConfig) -> AssetMap:
    """The configured assets, each look-up remembered."""

    def ids(source: str) -> frozenset[str]:
        return frozenset(ids[source] for ids in config.assets.values() if source in ids)

    return AssetMap(lru_cache(_CACHED_SYMBOLS)(config.symbol), cache(ids))
