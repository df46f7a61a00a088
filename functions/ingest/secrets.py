"""API keys from the SSM parameter store. The only file that speaks to SSM."""

import re
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from coinlake.errors import BadConfiguration, StoreUnavailable

_KEY: Final = re.compile(r"[\x21-\x7e]{1,512}")  # anything else cannot stand in a header
_UNREADABLE: Final = {"ParameterNotFound", "AccessDeniedException"}


def api_key(client: Any, parameter: str, source: str) -> str:
    """The decrypted value of the source's SecureString; no error and no log ever holds it.

    Raises ``BadConfiguration`` where there is none to read, ``StoreUnavailable`` where SSM fails.
    """
    try:
        value = client.get_parameter(Name=parameter, WithDecryption=True)["Parameter"]["Value"]
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _UNREADABLE:
            raise BadConfiguration(
                f"the API key in SSM parameter {parameter} cannot be read ({code}); "
                f"set {source}_api_key and run terraform apply again"
            ) from error
        raise StoreUnavailable(f"could not read SSM parameter {parameter}: {code}") from error
    except BotoCoreError as error:
        raise StoreUnavailable(f"could not read SSM parameter {parameter}: {type(error).__name__}") from error
    if not _KEY.fullmatch(value.strip()):
        raise BadConfiguration(
            f"the API key in SSM parameter {parameter} holds spaces or is empty; set it again"
        )
    return str(value.strip())
