"""The container's health check, ``python -m stream.probe``: exit code 0 while the collector is well."""

import os
import sys
from http.client import HTTPConnection, HTTPException

from stream.health import HOST
from stream.settings import DEFAULTS

TIMEOUT_SECONDS = 3.0


def main() -> int:
    port = int(os.environ.get("HEALTH_PORT") or DEFAULTS["HEALTH_PORT"])
    connection = HTTPConnection(HOST, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return 0 if connection.getresponse().status == 200 else 1  # noqa: PLR2004 - HTTP
    except (OSError, HTTPException):
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
