"""Turns every error into one sentence that says what to do; no command shows a traceback."""

import subprocess
import traceback
from pathlib import Path
from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ProxyConnectionError,
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
_NO_CONNECTION: Final = (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ProxyConnectionError,
    SSLError,
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


def user_message(error: Exception, report: Path = BUILD / "coinlake-error.log") -> str:
    """The sentence for the user about ``error``; an unexpected one leaves its traceback in ``report``."""
    if isinstance(error, CoinlakeError | TerraformMissing):
        return _auth(error.__cause__) or _unreachable(error.__cause__) or str(error)
    return (
        _auth(error)
        or _unreachable(error)
        or _aws(error)
        or _program(error)
        or _file(error)
        or _unexpected(error, report)
    )


def _auth(error: BaseException | None) -> str | None:
    """Credentials are named by what is wrong with them, never shown."""
    if isinstance(error, _NO_AUTH):
        return f"auth: AWS credentials are missing or expired ({type(error).__name__}); {_LOGIN}"
    if isinstance(error, ClientError) and error.response["Error"]["Code"] in _REFUSED_AUTH:
        return f"auth: AWS refuses the credentials ({error.response['Error']['Code']}); {_LOGIN}"
    return None


def _unreachable(error: BaseException | None) -> str | None:
    if isinstance(error, _NO_CONNECTION):
        return f"AWS cannot be reached ({_first_line(error)}); on the laptop, `coinlake up` starts it"
    return None


def _aws(error: Exception) -> str | None:
    if isinstance(error, NoRegionError):
        return "no_region: no AWS region is set; set AWS_REGION, for example AWS_REGION=eu-west-1"
    if isinstance(error, ClientError):
        code, text = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        return f"AWS refused {error.operation_name}: {code}: {_first_line(text)}"
    if isinstance(error, BotoCoreError):
        return f"AWS could not be called: {_first_line(error)}"
    return None


def _program(error: Exception) -> str | None:
    """A program that we run, such as pip, failed; it has said why on standard error."""
    if isinstance(error, subprocess.CalledProcessError):
        name = Path(error.cmd[0] if isinstance(error.cmd, list) else error.cmd.split()[0]).name
        module = f" -m {error.cmd[2]}" if isinstance(error.cmd, list) and error.cmd[1:2] == ["-m"] else ""
        return f"program: {name}{module} failed with exit code {error.returncode}; its own message is above"
    return None


def _file(error: Exception) -> str | None:
    """A file or folder that this machine does not let us use; a full disk is one, too."""
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return f"file: {place}{error.strerror}; free it, or choose another place"
    return None


def _unexpected(error: Exception, report: Path) -> str:
    named = f"unexpected: {type(error).__name__}: {_first_line(error)[:200]}"
    try:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text("".join(traceback.format_exception(error)), errors="backslashreplace")
    except OSError:
        return f"{named} (COINLAKE_DEBUG=1 shows where; {report} could not be written)"
    return f"{named} (the traceback is in {report})"


def _first_line(error: object) -> str:
    lines = str(error).strip().splitlines() or [""]
    return lines[0][:300]
