"""Which collector this is: the ECS task, or a random name that stays with the spool."""

import json
import os
import re
import secrets
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from coinlake.errors import BadConfiguration

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,60}")
_TIMEOUT_SECONDS: Final = 2.0
_FILE: Final = "instance"


def instance_name(setting: str, spool: Path, env: Mapping[str, str] = os.environ) -> str:
    """The name in this collector's keys, the same after a restart on the same spool."""
    if setting:
        if not _NAME.fullmatch(setting):
            raise BadConfiguration(f"INSTANCE is {setting[:80]!r}; use letters, digits, - and _ only")
        return setting
    kept = spool / _FILE
    if kept.exists() and _NAME.fullmatch(name := kept.read_text().strip()):
        return name
    name = _task_id(env.get("ECS_CONTAINER_METADATA_URI_V4", "")) or secrets.token_hex(6)
    kept.write_text(name)
    return name


def _task_id(url: str) -> str | None:
    """The task's id; None outside ECS. Source: ECS Developer Guide, "Task metadata endpoint version 4"."""
    place = urlsplit(url)
    if not place.hostname:
        return None
    connection = HTTPConnection(place.hostname, place.port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", f"{place.path}/task")
        name = str(json.loads(connection.getresponse().read())["TaskARN"]).rpartition("/")[2]
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()
    return name if _NAME.fullmatch(name) else None
