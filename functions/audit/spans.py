"""From when to when a market's candles are expected. Pure, and told from what was asked for alone."""

from datetime import datetime

from audit.memory import Memory
from audit.months import Month
from audit.series import Market, Series

Span = tuple[datetime, datetime]


def expected(series: Series, market: Market, memory: Memory, month: Month, now: datetime) -> Span | None:
    """From the first bucket that was asked for to the last, end exclusive; of a feed's market to ``now``.

    A feed's market that was never asked for is expected since its feed ran. None where nothing is.
    """
    pair = market.base, market.quote
    known = [(window.start, window.end) for window in series.of_market(market)]
    if pair in memory.spans:
        known.append(memory.spans[pair])
    if pair in memory.reached and (market.fed or memory.reached[pair] >= month.start):
        known.append((month.start, month.start))
    if not known and market.fed and series.fed_since:
        known.append((series.fed_since, series.fed_since))
    if not known:
        return None
    end = now if market.fed else max(end for _, end in known)
    return max(month.start, min(start for start, _ in known)), min(month.end, end, now)
