"""The database's URL and certificate from the SSM parameter store. The only file here that speaks to SSM."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from coinlake.errors import BadConfiguration, StoreUnavailable
from coinlake.stores import error_code

_UNREADABLE = {"ParameterNotFound", "AccessDeniedException"}


def parameter(ssm: Any, name: str) -> str:
    """The decrypted value; no error and no log ever holds it."""
    try:
        value: str = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    except (ClientError, BotoCoreError) as error:
        code = error_code(error)
        if code in _UNREADABLE:
            raise BadConfiguration(
                f"the SSM parameter {name} cannot be read ({code}): write it, or correct its name in load"
            ) from None
        raise StoreUnavailable(f"could not read SSM parameter {name}: {code}") from None
    return value.strip()
