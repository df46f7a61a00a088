"""Puts the stage together from its settings: the only place that makes clients."""

from datetime import UTC, datetime
from typing import Any, Final

from audit.refill import Refill
from audit.settings import Settings
from audit.stage import Audit
from coinlake.clients import client
from coinlake.config import LakeConfig
from coinlake.stores import ObjectStore

INGEST_SECONDS: Final = 75  # longer than ingest may take


def build(settings: Settings) -> Audit:
    s3 = client("s3")
    return Audit(
        lake=ObjectStore(s3, settings.lake_bucket),
        config=LakeConfig.load(ObjectStore(s3, settings.config_bucket), settings.config_key),
        refill=Refill(_lambda_client(), settings.ingest_function),
        clock=_now,
    )


def _lambda_client() -> Any:
    """One that waits for an answer as long as it may take, and never asks the source twice."""
    return client("lambda", read_seconds=INGEST_SECONDS, attempts=1)


def _now() -> datetime:
    return datetime.now(UTC)
