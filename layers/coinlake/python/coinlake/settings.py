"""Reading a function's environment: each name by name, each fault in one sentence."""

from collections.abc import Mapping

from coinlake.errors import BadConfiguration


def require(env: Mapping[str, str], name: str) -> str:
    """The value of a variable that Terraform must set."""
    value = env.get(name, "")
    if not value:
        raise BadConfiguration(f"the environment variable {name} is not set; run terraform apply again")
    return value


def require_int(env: Mapping[str, str], name: str) -> int:
    """As ``require``, for a whole number."""
    text = require(env, name)
    try:
        return int(text)
    except ValueError:
        raise BadConfiguration(
            f"the environment variable {name} is {text[:80]!r}, which is not a whole number; "
            "run terraform apply again"
        ) from None
