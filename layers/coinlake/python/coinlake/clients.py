"""AWS clients as every function makes them: a call that hangs ends well within the invocation.

botocore's defaults wait a minute for an answer and try five times, which is longer than a function
may run: then one lost call would take the whole batch, and its lease, with it.
"""

from typing import Any, Final

import boto3
from botocore.config import Config

_PATIENCE: Final = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "max_attempts": 3})


def client(service: str) -> Any:
    """A client of the environment's account and region; make it once per process."""
    return boto3.client(service, config=_PATIENCE)
