"""Kraken spot: its REST API and its websocket, version 2."""

from collections.abc import Mapping
from typing import Final

from transform.model import Reader
from transform.parsers.kraken import rest, streams

DATASETS: Final[Mapping[str, Reader]] = {**rest.DATASETS, **streams.DATASETS}
