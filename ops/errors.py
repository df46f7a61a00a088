"""Turns every error into one sentence that says what to do; no command shows a traceback."""

import traceback
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSLError,
    SSOError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

from coinlake.errors import CoinlakeError
from ops.paths import BUILD
from tools.terraform import TerraformMissing

_NO_AUTH: Final = (
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
_REFUSED_AUTH: Final = {
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_LOGIN: Final = (
    "sign in again (aws sso login, or new AWS_* variables) and check with `aws sts get-caller-identity`"
)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` (did you mean 'coinbase'?)`` for the nearest known word, or the empty text."""
    near = get_close_matches(word, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def user_message(error: Exception, report: Path = BUILD / "coinlake-error.log") -> str:
    """The sentence for the user about ``error``; an unexpected one leaves its traceback in ``report``."""
    if isinstance(error, CoinlakeError | TerraformMissing):
        return _auth(error.__cause__) or str(error)
    return _auth(error) or _aws(error) or _unexpected(error, report)


def _auth(error: BaseException | None) -> str | None:
    """Credentials are named by what is wrong with them, never shown."""
    if isinstance(error, _NO_AUTH):
        return f"auth: AWS credentials are missing or expired ({type(error).__name__}); {_LOGIN}"
    if isinstance(error, ClientError) and error.response["Error"]["Code"] in _REFUSED_AUTH:
        return f"auth: AWS refuses the credentials ({error.response['Error']['Code']}); {_LOGIN}"
    return None


def _aws(error: Exception) -> str | None:
    if isinstance(error, NoRegionError):
        return "no_region: no AWS region is set; set AWS_REGION, for example AWS_REGION=eu-west-1"
    if isinstance(error, EndpointConnectionError | ConnectTimeoutError | SSLError):
        return f"AWS cannot be reached ({error}); on the laptop, `coinlake up` starts it"
    if isinstance(error, ClientError):
        code, text = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        return f"AWS refused {error.operation_name}: {code}: {text[:300]}"
    if isinstance(error, BotoCoreError):
        return f"AWS could not be called: {error}"
    return None


def _unexpected(error: Exception, report: Path) -> str:
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text("".join(traceback.format_exception(error)))
    first = str(error).strip().splitlines()[:1] or [""]
    return f"unexpected: {type(error).__name__}: {first[0][:200]} (the traceback is in {report})"
