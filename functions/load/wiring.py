"""Puts the stage together. The only place here that makes clients."""

import time

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
            f"load.tables names {unknown[0]!r}, which is no refined table; those are {', '.join(sorted(known))}"
        )
    url = parameter(client("ssm"), settings.url_parameter)
    return Load(
        lake=ObjectStore(client("s3"), settings.lake_bucket),
        target=Postgres.at(url, certifi.where()),
        tables={name: SinkTable.of(known[name]) for name in settings.tables},
        seconds=time.monotonic,
    )
