"""The Spark job's own code on moto, in this process; tests/spark runs it on Spark."""

import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from coinlake.observability import logger
from spark.stages import JobSettings, stages
from tests.integration.transform.conftest import CONFIG, ENVIRONMENT


@pytest.fixture
def settings(s3: Any) -> Iterator[Callable[..., JobSettings]]:
    """The job's settings under a version of the code; its stages are made anew for each test."""
    s3.put_object(Bucket="artifacts", Key=ENVIRONMENT["CONFIG_KEY"], Body=json.dumps(CONFIG))
    stages.cache_clear()
    level = logger.log_level

    def of(version: str = "version-1") -> JobSettings:
        env = {**ENVIRONMENT, "CODE_VERSION": version, "AWS_DEFAULT_REGION": "us-east-1"}
        return JobSettings.from_json(json.dumps(env))

    yield of
    stages.cache_clear()
    logger.setLevel(level)


@pytest.fixture
def accumulator() -> Any:
    """Of Spark's accumulators what an executor uses."""
    return SimpleNamespace(add=lambda _: None)
