"""A database that coinlake makes: its administrator's one visit, and the tokens of load."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography import x509

from coinlake.errors import BadConfiguration
from coinlake.stores import ObjectStore
from load import wiring
from load.settings import Settings
from load.stage import Load, LoadRequest
from load.targets.postgres import Postgres
from tests.integration.load.conftest import Server, Warehouse, observer, place
from tests.integration.load.rows import quote

ADDRESS = "postgresql://lake.abc.us-east-1.rds.amazonaws.com:5432/lake"


@pytest.fixture
def rds(server: Server) -> Iterator[Warehouse]:
    """A database with an administrator as RDS's: no superuser, who may make roles and give rds_iam."""
    admin, database = Warehouse(server.url), f"d{uuid4().hex[:12]}"
    for role in ("coinlake_load", "coinlake_read", "rds_iam", "master"):
        admin.sql(f"DROP ROLE IF EXISTS {role}")
    admin.sql("CREATE ROLE rds_iam")
    admin.sql("CREATE ROLE master LOGIN CREATEROLE CREATEDB")
    admin.sql("GRANT rds_iam TO master WITH ADMIN OPTION, INHERIT FALSE")
    admin.sql(f"CREATE DATABASE {database} OWNER master")
    url = server.url.replace("/postgres?", f"/{database}?")
    yield Warehouse(url, "coinlake")
    observer(url).close()
    admin.sql(f"DROP DATABASE {database} WITH (FORCE)")
    for role in ("coinlake_load", "coinlake_read", "rds_iam", "master"):
        admin.sql(f"DROP ROLE IF EXISTS {role}")


def target(warehouse: Warehouse, token: Any = lambda: "token") -> Postgres:
    return Postgres.by_token(warehouse.url.replace("postgres:@", ""), "/ca.pem", token)


def test_the_administrator_makes_both_roles_and_the_schema_once(rds: Warehouse) -> None:
    assert target(rds).create_roles("master", "secret") == ["coinlake_load", "coinlake_read", "coinlake"]
    assert target(rds).create_roles("master", "secret") == []
    assert rds.sql(
        "SELECT nspowner::regrole::text, pg_has_role('coinlake_load', 'rds_iam', 'member'), "
        "has_database_privilege('coinlake_load', current_database(), 'TEMP'), "
        "has_schema_privilege('coinlake_read', 'coinlake', 'CREATE') "
        "FROM pg_namespace WHERE nspname = 'coinlake'"
    ) == [("coinlake_load", True, True, False)]


def test_load_works_as_the_role_that_the_administrator_made_with_a_token_for_each_connection(
    rds: Warehouse,
) -> None:
    tokens: list[str] = []

    def token() -> str:
        tokens.append("X-Amz-Signature=a/b&c=%2F")
        return tokens[-1]

    target(rds).create_roles("master", "secret")
    rds.lake.put(place("quotes", "dt=2026-11-20"), [quote(0, 1)])
    stage = Load(rds.lake, target(rds, token), rds.stage().tables, rds.stage().seconds)  # type: ignore[arg-type]
    for _ in range(2):
        assert stage.handle({"load": "x", "by_hand": True}, 900)["failures"] == {}
    assert len(tokens) == 2
    assert rds.sql("SELECT DISTINCT tableowner::text FROM pg_tables WHERE schemaname = 'coinlake'") == [
        ("coinlake_load",)
    ]
    assert rds.sql("SELECT has_table_privilege('coinlake_read', 'coinlake.quotes', 'SELECT')") == [(True,)]


def test_the_function_makes_the_roles_and_shows_no_password(rds: Warehouse) -> None:
    stage = Load(rds.lake, target(rds), {}, rds.stage().seconds)  # type: ignore[arg-type]
    event = {"load": "by hand", "init": {"user": "master", "password": "hunter2"}}
    assert stage.handle(event, 900) == {"init": ["coinlake_load", "coinlake_read", "coinlake"]}
    assert "hunter2" not in repr(LoadRequest.from_event(event, []))


def test_a_database_of_the_users_own_is_not_given_roles(warehouse: Warehouse) -> None:
    with pytest.raises(BadConfiguration, match="create = true"):
        warehouse.postgres().create_roles("master", "secret")


def test_tokens_are_signed_without_a_call_for_the_one_user(aws: None) -> None:
    settings = Settings("lake", "state", ("quotes",), "postgres", {"address": ADDRESS})
    stage = wiring.build(settings)
    assert isinstance(stage.lake, ObjectStore)
    assert isinstance(stage.target, Postgres)
    token = wiring.rds_token(ADDRESS)()
    assert token.startswith("lake.abc.us-east-1.rds.amazonaws.com:5432/?Action=connect&DBUser=coinlake_load&")
    assert "X-Amz-Signature" in token


def test_rds_authorities_are_in_the_package_for_every_region() -> None:
    certificates = x509.load_pem_x509_certificates(Path(wiring.RDS_CA).read_bytes())
    names = {
        certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
        for certificate in certificates
    }
    assert len(names) == len(certificates) == 81
    assert all(certificate.not_valid_after_utc.year >= 2061 for certificate in certificates)
    for kind in ("RSA2048", "RSA4096", "ECC384"):
        assert f"Amazon RDS us-east-1 Root CA {kind} G1" in names
