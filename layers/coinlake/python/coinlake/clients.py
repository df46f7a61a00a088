"""AWS clients as every function makes them: a call that hangs ends well within the invocation.

botocore's defaults wait a minute for an answer and try five times, which is longer than a function
may run: then one lost call would take the whole batch, and its lease, with it.
"""

from typing import Any, Final

import boto3
from botocore.config import Config

_CONNECT_SECONDS: Final = 3
_READ_SECONDS: Final = 10
_ATTEMPTS: Final = 3


def client(service: str, read_seconds: int = _READ_SECONDS, attempts: int = _ATTEMPTS) -> Any:
    """A client of the environment's account and region; make it once per process.

    It waits ``read_seconds`` for each answer and asks up to ``attempts`` times.
    """
    retries = {"mode": "standard", "total_max_attempts": attempts}
    patience = Config(connect_timeout=_CONNECT_SECONDS, read_timeout=read_seconds, retries=retries)
    return boto3.client(service, config=patience)
