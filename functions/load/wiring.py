"""Puts the stage together. The only place here that makes clients."""

import time
from pathlib import Path
from tempfile import gettempdir

import certifi

from coinlake.clients import client
from coinlake.errors import BadConfiguration
from coinlake.stores import ObjectStore
from coinlake.tables import refined
from load.ddl import SinkTable
from load.secrets import parameter
from load.settings import Settings
from load.stage import Load
from load.targets.postgres import Postgres


def build(settings: Settings) -> Load:
    """The stage over its warehouse; ``BadConfiguration`` for a table that refined does not have."""
    known = refined()
    if unknown := [name for name in settings.tables if name not in known]:
        raise BadConfiguration(
            f"load names the table {unknown[0]!r}, which refined lacks; it has {', '.join(sorted(known))}"
        )
    ssm = client("ssm")
    url, ca_file = parameter(ssm, settings.url_parameter), certifi.where()
    if settings.ca_parameter:
        path = Path(gettempdir()) / "load-ca.pem"
        path.write_text(parameter(ssm, settings.ca_parameter))
        ca_file = str(path)
    return Load(
        lake=ObjectStore(client("s3"), settings.lake_bucket),
        target=Postgres.at(url, ca_file),
        tables={name: SinkTable.of(known[name]) for name in settings.tables},
        seconds=time.monotonic,
    )
