"""The simulated sources: one module or package each, named as in the catalog (sources.json).

A module has ``build(market, quotas, sessions) -> SimulatedSource``; nothing else lists the sources.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from urllib.parse import urlsplit

from starlette.types import ASGIApp

from coinlake.sources import catalog
from simulator.faults.error_formats import ErrorFormat
from simulator.market.market import Market
from simulator.quotas import Quotas
from simulator.websockets.sessions import Sessions


@dataclass(frozen=True, slots=True)
class SimulatedSource:
    """What a source is made of.

    ``api`` is mounted at ``/<source>`` and the path of the source's base URL; ``other_apis`` (a second
    host, a retired version) are mounted at their own paths. ``websocket`` answers below
    ``/<source>-ws``. ``absences`` says why buckets are missing, for ``GET /_venues``.
    """

    api: ASGIApp
    error_format: ErrorFormat
    other_apis: Mapping[str, ASGIApp] = field(default_factory=dict)
    websocket: ASGIApp | None = None
    absences: Mapping[str, object] = field(default_factory=dict)


def names() -> list[str]:
    """The sources that have a module here."""
    return sorted(module.name for module in iter_modules(__path__))


def build(name: str, market: Market, quotas: Quotas, sessions: Sessions) -> SimulatedSource:
    """One source over a market, with fresh counters and state."""
    built: SimulatedSource = import_module(f"{__name__}.{name}").build(market, quotas, sessions)
    return built


def path(name: str) -> str:
    """Where a source's API is mounted: ``/coingecko/api/v3``."""
    return f"/{name}{urlsplit(catalog()[name].base_url).path}"
