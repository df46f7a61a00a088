"""AWS clients as every function makes them: a call that hangs ends well within the invocation.

botocore's defaults wait a minute for an answer and try five times, which is longer than a function
may run: then one lost call would take the whole batch, and its lease, with it.
"""

import re
from typing import Any, Final

import boto3
import botocore
from botocore.config import Config

from coinlake.errors import BadConfiguration

# The runtime brings boto3, in a version that AWS does not promise. From this one on S3's PutObject knows
# If-Match; with an older one a conditional write would fail at the first object, not here.
OLDEST_BOTOCORE: Final = (1, 35, 69)

_CONNECT_SECONDS: Final = 3
_READ_SECONDS: Final = 10
_ATTEMPTS: Final = 3


def client(service: str, read_seconds: int = _READ_SECONDS, attempts: int = _ATTEMPTS) -> Any:
    """A client of the environment's account and region; make it once per process.

    It waits ``read_seconds`` for each answer and asks up to ``attempts`` times. ``BadConfiguration`` where
    the runtime's botocore is too old.
    """
    if tuple(map(int, re.findall(r"\d+", botocore.__version__)[:3])) < OLDEST_BOTOCORE:
        raise BadConfiguration(
            f"botocore_too_old: the runtime has botocore {botocore.__version__}, and conditional writes need "
            f"{'.'.join(map(str, OLDEST_BOTOCORE))}: choose a newer python_runtime"
        )
    retries = {"mode": "standard", "total_max_attempts": attempts}
    patience = Config(connect_timeout=_CONNECT_SECONDS, read_timeout=read_seconds, retries=retries)
    return boto3.client(service, config=patience)
