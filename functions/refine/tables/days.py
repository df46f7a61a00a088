"""A market's day out of its candles, or out of its quotes: what ``asset_days`` starts from."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coinlake.ranks import Numbers
from coinlake.tables import DECIMAL
from refine.tables.grouping import DAY, MARKET, codes, column, day_texts, days, first, last, take


def from_candles(candles: pa.Table) -> pa.Table:
    """One row for each daily candle; ``candles`` counts those of a shorter interval that it was made of."""
    own = pc.is_null(candles["derived_from"])
    return pa.table(
        {name: candles[name] for name in MARKET}
        | {"dt": day_texts(column(candles, "open_time") // DAY)}
        | {name: candles[name] for name in ("open", "high", "low", "close", "volume", "quote_volume")}
        | {
            "made_from": pc.if_else(own, "1d", candles["derived_from"]),
            "candles": pc.if_else(own, pa.scalar(1, pa.int32()), candles["parts"]),
            "quotes": pa.nulls(candles.num_rows, pa.int32()),
        }
    )


def from_quotes(quotes: pa.Table) -> pa.Table:
    """One row for each market and day of the quotes' folders, of what was observed on that day.

    Volumes are the last rolling 24 hours of the day, as the source counts them.
    """
    quotes = quotes.filter(pa.array(column(quotes, "observed_at") // DAY == days(quotes))).combine_chunks()
    group = codes(quotes, (*MARKET, "dt"))
    observed = column(quotes, "observed_at")
    opening, closing = take(quotes, first(group, observed)), take(quotes, last(group, observed))
    high, low, count = _extremes(group, quotes["price"])
    return pa.table(
        {name: closing[name] for name in (*MARKET, "dt")}
        | {"open": opening["price"], "high": high, "low": low, "close": closing["price"]}
        | {"volume": closing["volume_24h_base"], "quote_volume": closing["volume_24h_quote"]}
        | {
            "made_from": pa.repeat("quotes", len(count)),
            "candles": pa.nulls(len(count), pa.int32()),
            "quotes": count.cast(pa.int32()),
        }
        | {name: closing[name] for name in ("market_cap", "change_24h_percent")}
    )


def _extremes(group: Numbers, prices: pa.ChunkedArray) -> tuple[pa.Array, pa.Array, pa.Array]:
    """The highest and lowest price and the count of each group, in the groups' order."""
    rows = pa.table(
        {"group": group, "price": prices}, schema=pa.schema({"group": pa.int64(), "price": DECIMAL})
    )
    wanted = [("price", "max"), ("price", "min"), ("price", "count")]
    found = rows.group_by("group", use_threads=False).aggregate(wanted)
    found = take(found, np.argsort(found["group"].to_numpy())).combine_chunks()
    return tuple(found[f"price_{name}"].combine_chunks() for _, name in wanted)
