"""Binance: its Spot REST API and its websocket streams."""

from collections.abc import Mapping
from typing import Final

from transform.model import Reader
from transform.parsers.binance import rest, streams

DATASETS: Final[Mapping[str, Reader]] = {**rest.DATASETS, **streams.DATASETS}
