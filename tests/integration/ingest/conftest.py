"""ingest against moto's S3, SSM and DynamoDB, and a source on 127.0.0.1."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from coinlake.observability import logger
from ingest import handler
from tests.https_server import Server, serving, write_certificate
from tests.integration.ingest.deployment import ENVIRONMENT, KEY, configuration, create_state_table


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    write_certificate(file)
    return file


@pytest.fixture
def server(certificate: Path) -> Iterator[Server]:
    with serving(certificate) as running:
        yield running


@pytest.fixture
def deployed(s3: Any, server: Server, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The environment, the configuration object, the key and the table, as Terraform leaves them."""
    for name, value in {**ENVIRONMENT, "REQUESTS_CA_BUNDLE": str(certificate)}.items():
        monkeypatch.setenv(name, value)
    s3.put_object(Bucket="artifacts", Key="config/1.json", Body=configuration(server.url))
    boto3.client("ssm").put_parameter(Name="/coinlake/test/key", Value=KEY, Type="SecureString")
    create_state_table()
    handler.stage.cache_clear()
    return s3


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    """Everything that the function logs, as it is written; stdout is not pytest's any more."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logger.registered_formatter)
    logger.addHandler(handler)
    yield written
    logger.removeHandler(handler)
