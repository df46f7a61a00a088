"""Binance's refusals: ``{"code": …, "msg": …}`` with its documented codes, and its 429, 418 and 451."""

from typing import Final

from simulator.endpoints import ApiError

NUMBER: Final = "^[0-9]{1,20}$"
TOO_MUCH: Final = (
    "Too much request weight used; current limit is {limit} request weight per 1 MINUTE. "
    "Please use WebSocket Streams for live updates to avoid polling the API."
)
BANNED: Final = (
    "Way too much request weight used; IP banned until {until}. "
    "Please use WebSocket Streams for live updates to avoid bans."
)
RESTRICTED: Final = (
    "Service unavailable from a restricted location according to 'b. Eligibility' in "
    "https://www.binance.com/en/terms. Please contact customer service if you believe you received this "
    "message in error."
)


def body(code: int, message: str) -> dict[str, object]:
    """Every error has this shape."""
    return {"code": code, "msg": message}


def invalid_symbol() -> ApiError:
    """No such symbol; one unknown symbol fails a whole list."""
    return ApiError(400, body(-1121, "Invalid symbol."))


def invalid_interval() -> ApiError:
    """Intervals are case-sensitive: ``1m`` is a minute, ``1M`` a month."""
    return ApiError(400, body(-1120, "Invalid interval."))


def missing(name: str) -> ApiError:
    """A mandatory parameter is absent or empty."""
    text = f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    return ApiError(400, body(-1102, text))


def illegal(name: str, pattern: str) -> ApiError:
    """A parameter with other characters than its pattern allows."""
    return ApiError(
        400, body(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{pattern}'.")
    )


def not_a_number(name: str) -> ApiError:
    """A numeric parameter with other characters than digits."""
    return illegal(name, NUMBER)


def unread(read: int, sent: int) -> ApiError:
    """A parameter that this endpoint does not know."""
    text = f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{sent}'."
    return ApiError(400, body(-1104, text))


def combination() -> ApiError:
    """``symbol`` and ``symbols`` together."""
    return ApiError(400, body(-1128, "Combination of optional parameters invalid."))


def bad_value(name: str) -> ApiError:
    """A parameter outside of its values."""
    return ApiError(400, body(-1130, f"Data sent for parameter '{name}' is not valid."))


def overweight(limit: int, seconds: int) -> ApiError:
    """The minute's weight is used up: retry in ``seconds``."""
    return ApiError(429, body(-1003, TOO_MUCH.format(limit=limit)), {"retry-after": str(seconds)})


def banned(until_ms: int, seconds: int) -> ApiError:
    """The ban of a client that kept requesting after a 429; the message gives its end in milliseconds."""
    return ApiError(418, body(-1003, BANNED.format(until=until_ms)), {"retry-after": str(seconds)})
