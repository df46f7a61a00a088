"""Roles, passwords and TLS, against real servers."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from adbc_driver_postgresql import dbapi

from coinlake.errors import BadConfiguration, StoreUnavailable
from coinlake.tables import refined
from load.ddl import SinkTable
from load.targets.postgres import Postgres
from tests.integration.load.conftest import Server, Warehouse, place
from tests.integration.load.rows import quote
from tests.patience import PATIENCE_SECONDS

QUOTES = SinkTable.of(refined()["quotes"])


@pytest.fixture
def locked(server: Server, warehouse: Warehouse) -> Iterator[str]:
    """A role that needs its password, and may do nothing."""
    rules = server.folder / "pg_hba.conf"
    before = rules.read_text()
    warehouse.sql("CREATE ROLE locked LOGIN PASSWORD 'right'")
    rules.write_text(f"local all locked scram-sha-256\n{before}")
    warehouse.sql("SELECT pg_reload_conf()")
    time.sleep(0.2)
    yield server.url.replace("postgres:@", "locked:{}@", 1)
    rules.write_text(before)
    warehouse.sql("SELECT pg_reload_conf()")
    warehouse.sql("DROP OWNED BY locked")
    warehouse.sql("DROP ROLE locked")


def test_a_wrong_password_is_one_sentence_without_it(locked: str) -> None:
    target = Postgres.at(locked.format("wrong-secret"), "/ca.pem")
    with pytest.raises(BadConfiguration, match="its password or user is wrong") as caught:
        target.loaded()
    assert "wrong-secret" not in str(caught.value)


def test_a_role_without_rights_reads_what_to_grant_and_with_them_it_loads(
    locked: str, warehouse: Warehouse
) -> None:
    target = Postgres.at(locked.format("right"), "/ca.pem", warehouse.schema)
    with pytest.raises(BadConfiguration, match="the role lacks a right: GRANT CREATE"):
        target.prepare([QUOTES])
    warehouse.sql("CREATE SCHEMA {s} AUTHORIZATION locked")  # what docs/load.md says, and no more
    warehouse.lake.put(place("quotes", "dt=2026-11-20"), [quote(0, 1)])
    target.prepare([QUOTES])
    assert target.load(QUOTES, place("quotes", "dt=2026-11-20"), warehouse.stage().read) is not None
    target.close()
    assert len(warehouse.prices()) == 1


def test_an_unknown_database_and_a_server_that_is_down(server: Server) -> None:
    with pytest.raises(BadConfiguration, match="there is no such database"):
        Postgres.at(server.url.replace("/postgres?", "/nope?"), "/ca.pem").loaded()
    with pytest.raises(StoreUnavailable, match="the database does not answer"):
        Postgres.at("postgresql://u:p@127.0.0.1:1/lake", "/ca.pem").loaded()


def test_a_connection_that_the_server_ended_is_made_anew(warehouse: Warehouse) -> None:
    target = warehouse.postgres()
    target.prepare([QUOTES])
    with target._transaction("look") as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        ((pid,),) = cursor.fetchall()
    warehouse.sql(f"SELECT pg_terminate_backend({pid})")
    with pytest.raises(StoreUnavailable):
        target.loaded()
    assert target.loaded() == {}
    target.close()


DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
HOST = "db.coinlake.test"


@dataclass(frozen=True)
class TlsServer:
    """Debian's PostgreSQL on 127.0.0.1 with a certificate for ``HOST``."""

    port: int
    ca_file: str

    def url(self) -> str:
        """``hostaddr`` leads the name to this machine, as DNS would."""
        return f"postgresql://postgres:right@{HOST}:{self.port}/postgres?hostaddr=127.0.0.1"


@pytest.fixture(scope="module")
def tls_server() -> Iterator[TlsServer]:
    if not DEBIAN:
        pytest.skip("no Debian PostgreSQL here (apt install postgresql); the embedded one has no TLS")
    if os.geteuid() == 0 and shutil.which("runuser") is None:
        pytest.skip("PostgreSQL does not run as root, and there is no runuser")
    with tempfile.TemporaryDirectory(prefix="cl-tls-") as folder:
        yield from _serve(DEBIAN[-1].parent, Path(folder))


def _serve(binaries: Path, folder: Path) -> Iterator[TlsServer]:
    authority = trustme.CA()
    certificate = authority.issue_cert(HOST)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    (folder / "password").write_text("right")
    (folder / "key.pem").chmod(0o600)
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if user:
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, "postgres")
    data = str(folder / "data")
    made = [*user, str(binaries / "initdb"), "-D", data, "-U", "postgres", "-A", "scram-sha-256"]
    made += ["--no-sync", f"--pwfile={folder / 'password'}"]
    subprocess.run(made, check=True, capture_output=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (folder / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write(
            f"ssl = on\nssl_cert_file = '{folder / 'cert.pem'}'\nssl_key_file = '{folder / 'key.pem'}'\n"
            f"listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\nfsync = off\n"
        )
    control = [*user, str(binaries / "pg_ctl"), "-D", data, "-w"]
    subprocess.run([*control, "-l", str(folder / "log"), "start"], check=True, stdout=subprocess.DEVNULL)
    yield TlsServer(port, str(folder / "ca.pem"))
    subprocess.run([*control, "-m", "immediate", "stop"], check=True, stdout=subprocess.DEVNULL)


def test_tls_with_a_trusted_authority_and_the_right_name_loads(tls_server: TlsServer) -> None:
    target = Postgres.at(tls_server.url(), tls_server.ca_file)
    target.prepare([QUOTES])
    with target._transaction("look") as cursor:
        cursor.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        assert cursor.fetchall() == [(True,)]
    assert target.loaded() == {}
    target.close()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ((HOST, "other.coinlake.test"), "its certificate is for another name"),
        ((":right@", ":wrong@"), "its password or user is wrong"),
    ],
)
def test_another_name_and_a_wrong_password_are_refused(
    tls_server: TlsServer, change: tuple[str, str], sentence: str
) -> None:
    with pytest.raises(BadConfiguration, match=sentence):
        Postgres.at(tls_server.url().replace(*change), tls_server.ca_file).loaded()


def test_a_certificate_of_an_authority_that_is_not_trusted_is_refused(
    tls_server: TlsServer, tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(stranger)
    with pytest.raises(BadConfiguration, match="no trusted authority signed its certificate"):
        Postgres.at(tls_server.url(), str(stranger)).loaded()


def test_a_server_without_tls_is_refused(tls_server: TlsServer) -> None:
    with dbapi.connect(f"{tls_server.url()}&sslmode=require", autocommit=True) as admin:
        with admin.cursor() as cursor:
            cursor.execute("ALTER SYSTEM SET ssl = off")
            cursor.execute("SELECT pg_reload_conf()")
        with pytest.raises(BadConfiguration, match="it speaks no TLS"):
            for _ in range(PATIENCE_SECONDS * 10):  # until the server has read its configuration
                target = Postgres.at(tls_server.url(), tls_server.ca_file, "none")
                target.prepare([])
                target.close()
                time.sleep(0.1)
        with admin.cursor() as cursor:
            cursor.execute("ALTER SYSTEM RESET ssl")
            cursor.execute("SELECT pg_reload_conf()")
