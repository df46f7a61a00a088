"""CoinGecko's refusals, word for word, in its four envelopes (and one plain text)."""

from typing import Final

from simulator.endpoints import ApiError
from simulator.market.times import iso

PRICING: Final = "https://www.coingecko.com/en/api/pricing"
USER_AGENT: Final = (
    "Please add a descriptive User-Agent to your request. For higher rate limits & stable integration, "
    f"please subscribe to our API plans: {PRICING} . If you think this is a mistake, please report here: "
    "https://forms.gle/3V2z8Mb3k2RMu5S2A"
)
RATE_LIMIT: Final = (
    f"You've exceeded the Rate Limit. Please visit {PRICING} "
    "to subscribe to our API plans for higher rate limits."
)
KEY_MISSING: Final = (
    "API Key Missing. Please make sure you're using the right authentication method. "
    "For Pro API, please visit: https://docs.coingecko.com/reference/authentication."
)
TIME_RANGE: Final = (
    "Your request exceeds the allowed time range. Public API users are limited to querying "
    "historical data within the past 365 days. Upgrade to a paid plan to enjoy full historical data "
    f"access: {PRICING}. "
)
PRO_ONLY: Final = f"This request is limited to PRO API subscribers. Please visit {PRICING}"


def envelope(code: int, message: str, **more: object) -> dict[str, object]:
    """``{"status": {"error_code": …, "error_message": …}}``."""
    return {"status": {**more, "error_code": code, "error_message": message}}


def user_agent_missing() -> ApiError:
    """Compulsory since January 2026."""
    return ApiError(403, envelope(403, USER_AGENT))


def rate_limited(retry_after_seconds: int) -> ApiError:
    """The API's own 429."""
    return ApiError(429, envelope(429, RATE_LIMIT), {"retry-after": str(retry_after_seconds)})


def throttled() -> ApiError:
    """The 429 of the CDN in front: plain text, no hint when to come back."""
    return ApiError(429, "Throttled")


def key_refused(now: float) -> ApiError:
    """A key is absent where it is needed, or wrong: both answer 10002."""
    return ApiError(401, envelope(10002, KEY_MISSING, timestamp=_stamp(now)))


def wrong_host(key: str) -> ApiError:
    """A ``Pro`` key on the public host (10010) or a ``Demo`` key on the pro host (10011)."""
    hosts = ["api.coingecko.com", "pro-api.coingecko.com"]
    code, (here, there) = (10010, hosts) if key == "Pro" else (10011, reversed(hosts))
    message = f"If you are using {key} API key, please change your root URL from {here} to {there}"
    return ApiError(400, envelope(code, message))


def too_old(now: float) -> ApiError:
    """History beyond the 365 days of the free plans; an envelope within ``error``."""
    return ApiError(401, {"error": envelope(10012, TIME_RANGE, timestamp=_stamp(now))})


def pro_only() -> ApiError:
    """A parameter of the paid plans."""
    return ApiError(401, envelope(10005, PRO_ONLY))


def invalid(message: str, status: int = 422) -> ApiError:
    """The bare ``{"error": …}`` of parameters and unknown coins."""
    return ApiError(status, {"error": message})


def _stamp(now: float) -> str:
    return iso(now).replace("Z", "+00:00")
