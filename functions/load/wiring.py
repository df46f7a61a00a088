"""Puts the stage together. The only place here that makes clients."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import gettempdir
from typing import Final

import certifi

from coinlake.clients import client
from coinlake.errors import BadConfiguration
from coinlake.stores import ObjectStore
from coinlake.tables import refined
from load.ddl import SinkTable
from load.handoff import Handoff
from load.secrets import parameter
from load.settings import Settings
from load.stage import Load
from load.targets import Target


def build(settings: Settings) -> Load:
    """The stage over its warehouse; ``BadConfiguration`` for a table that refined does not have."""
    known = refined()
    if unknown := [name for name in settings.tables if name not in known]:
        raise BadConfiguration(
            f"load names the table {unknown[0]!r}, which refined lacks; it has {', '.join(sorted(known))}"
        )
    return Load(
        lake=ObjectStore(client("s3"), settings.lake_bucket),
        target=TARGETS[settings.warehouse](settings),
        tables={name: SinkTable.of(known[name]) for name in settings.tables},
        seconds=time.monotonic,
    )


def postgres(settings: Settings) -> Target:
    """``url_parameter`` names the SSM parameter with the database's URL, ``ca_parameter`` that with the
    certificate (PEM) of the authority that signs the database's own; null trusts the public authorities."""
    from load.targets.postgres import Postgres  # noqa: PLC0415 - no other warehouse waits for its driver

    ssm = client("ssm")
    url, ca_file = parameter(ssm, settings.options["url_parameter"]), certifi.where()
    if settings.options.get("ca_parameter"):
        path = Path(gettempdir()) / "load-ca.pem"
        path.write_text(parameter(ssm, settings.options["ca_parameter"]))
        ca_file = str(path)
    return Postgres.at(url, ca_file)


def redshift(settings: Settings) -> Target:
    """``workgroup`` or ``cluster`` and ``database`` name the warehouse, ``copy_role_arn`` the role that its
    COPY reads the handed over copies with."""
    from load.targets.redshift import Redshift  # noqa: PLC0415

    options = settings.options
    name = {"WorkgroupName": options["workgroup"], "ClusterIdentifier": options["cluster"]}
    location = {key: value for key, value in name.items() if value} | {"Database": options["database"]}
    lake = ObjectStore(client("s3"), settings.lake_bucket)
    handoff = Handoff(lake, client("dynamodb"), settings.state_table, "redshift", zoned=True)
    return Redshift(client("redshift-data"), location, handoff, options["copy_role_arn"])


def snowflake(settings: Settings) -> Target:
    """It has no options: it fetches what it is handed by itself."""
    from load.targets.snowflake import NAME, Snowflake  # noqa: PLC0415

    lake = ObjectStore(client("s3"), settings.lake_bucket)
    return Snowflake(Handoff(lake, client("dynamodb"), settings.state_table, NAME))


TARGETS: Final[Mapping[str, Callable[[Settings], Target]]] = {
    "postgres": postgres,
    "redshift": redshift,
    "snowflake": snowflake,
}
