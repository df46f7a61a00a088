"""The venues there are: a new one is a file beside this one and a line here."""

from collections.abc import Mapping
from typing import Final

from stream.venues import Venue
from stream.venues.binance import Binance
from stream.venues.coinbase import Coinbase

VENUES: Final[Mapping[str, Venue]] = {venue.source: venue for venue in (Binance(), Coinbase())}
