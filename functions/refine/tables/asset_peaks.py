"""``asset_peaks``: the highest close of each market up to the end of a month, and its first day.

Every market that the lake ever had is in every month from its first, with or without days in it.
``asset_days`` asks for it: its drawdowns are from this peak.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa

from coinlake.tables import refined
from refine.tables.grouping import MARKET, codes, days, given, last, order, take, together

TABLE: Final = "asset_peaks"


def derive(parts: Mapping[str, pa.Table]) -> pa.Table:
    """From the peaks of the month before and the closes of this one; of equal closes the earliest counts."""
    schema = refined()[TABLE].schema
    closes = given(parts, "asset_days").select([*MARKET, "close", "dt"]).rename_columns(schema.names)
    rows = together(given(parts, TABLE).select(schema.names), closes)
    highest = last(codes(rows, MARKET), order(rows["peak"]), -days(rows, "peak_dt"))
    return take(rows, np.sort(highest)).cast(schema)
