"""Puts the stage together. The only place here that makes clients."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from tempfile import gettempdir
from typing import Final
from urllib.parse import urlsplit

import certifi

from coinlake.clients import client
from coinlake.errors import BadConfiguration
from coinlake.stores import ObjectStore
from coinlake.tables import refined
from load.ddl import LOADER, SinkTable
from load.handoff import Handoff
from load.secrets import parameter
from load.settings import Settings
from load.stage import Load
from load.targets import Target

# RDS's own authorities, of every Region, as AWS publishes them in global-bundle.pem.
RDS_CA: Final = Path(__file__).with_name("rds_ca.pem")


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
    """A database by its URL, or one of RDS by IAM tokens, which takes no call.

    ``url_parameter`` names the SSM parameter with the URL, ``ca_parameter`` that with the certificate (PEM)
    of the authority that signs the database's own; null trusts the public authorities. ``address`` is that
    of a database of RDS, whose authorities are in ``rds_ca.pem``.
    """
    from load.targets.postgres import Postgres  # noqa: PLC0415 - no other warehouse waits for its driver

    options = settings.options
    if address := options.get("address"):
        return Postgres.by_token(address, str(RDS_CA), rds_token(address))
    ssm = client("ssm")
    url, ca_file = parameter(ssm, options["url_parameter"]), certifi.where()
    if options.get("ca_parameter"):
        path = Path(gettempdir()) / "load-ca.pem"
        path.write_text(parameter(ssm, options["ca_parameter"]))
        ca_file = str(path)
    return Postgres.at(url, ca_file)


def rds_token(address: str) -> Callable[[], str]:
    """What signs a token for load's user, by the function's own credentials."""
    rds, parts = client("rds"), urlsplit(address)
    endpoint = {"DBHostname": parts.hostname, "Port": parts.port, "DBUsername": LOADER}
    return partial(rds.generate_db_auth_token, **endpoint)


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
