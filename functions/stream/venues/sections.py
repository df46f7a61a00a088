"""The JSON of STREAMS, read and checked: objects with known keys, lists of names, markets in channels."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from coinlake.errors import BadConfiguration


def fields(document: Any, known: Collection[str], what: str) -> Mapping[str, Any]:
    """The document; ``BadConfiguration`` unless it is an object that has no other than the known keys."""
    keys = ", ".join(sorted(known))
    if not isinstance(document, dict):
        raise BadConfiguration(f"config_syntax: {what} must be a JSON object with {keys}")
    if unknown := sorted(set(document) - set(known)):
        raise BadConfiguration(f"config_unknown_key: {what} has {unknown[0][:80]!r}; the keys are {keys}")
    return document


def names(document: Mapping[str, Any], field: str, pattern: re.Pattern[str], example: str) -> tuple[str, ...]:
    """The names of one list, none of them twice; each must match ``pattern``."""
    listed = document.get(field) or []
    if not isinstance(listed, list):
        raise BadConfiguration(f"config_syntax: {field} must be a list such as [{example!r}]")
    for name in listed:
        if not isinstance(name, str) or not pattern.fullmatch(name):
            raise BadConfiguration(
                f"bad_symbol: {str(name)[:80]!r} cannot be one of {field}; write it as {example!r}"
            )
    if len(set(listed)) < len(listed):
        twice = next(name for name in listed if listed.count(name) > 1)
        raise BadConfiguration(f"config_duplicate: {field} names {twice!r} twice; name it once")
    return tuple(listed)


def streams_by_channel(
    section: Mapping[str, Any],
    kinds: Mapping[str, str],
    *,
    field: str = "markets",
    pattern: re.Pattern[str],
    example: str,
    default: Collection[str] = (),
) -> tuple[str, ...]:
    """``<market>@<kind>`` of each market in each of ``channels``, or in the ``default`` ones, or in all.

    ``kinds`` maps a channel's name to what its streams' names end in; ``field`` lists the markets.
    """
    markets = names(section, field, pattern, example)
    channel = re.compile("|".join(map(re.escape, kinds)))
    channels = names(section, "channels", channel, next(iter(kinds))) or tuple(default or kinds)
    return tuple(f"{market}@{kinds[name]}" for market in markets for name in channels)
