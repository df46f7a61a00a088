"""The streams' JSON from Secrets Manager. The only file that speaks to Secrets Manager."""

from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from coinlake.errors import BadConfiguration, StoreUnavailable
from coinlake.stores import error_code

_UNREADABLE: Final = {"ResourceNotFoundException", "AccessDeniedException", "InvalidRequestException"}


def streams(client: Any, arn: str) -> str:
    """The secret's text; ``BadConfiguration`` where there is none to read."""
    try:
        return str(client.get_secret_value(SecretId=arn)["SecretString"])
    except KeyError:
        raise BadConfiguration(f"the secret {arn} holds no text; store the streams' JSON in it") from None
    except (ClientError, BotoCoreError) as error:
        code = error_code(error)
        if code in _UNREADABLE:
            raise BadConfiguration(
                f"the secret {arn} cannot be read ({code}); store the streams' JSON in it, "
                "and name it in stream.secret_arn"
            ) from error
        raise StoreUnavailable(f"could not read the secret {arn}: {code}") from error
