"""The digest as it reads: gainers, losers, and one line for the market."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from notify.alerts import Mail
from notify.messages import formats
from notify.messages.layout import SETTINGS, grid, mail, section

_SENTIMENT_SOURCE: Final = "alternative_me"
_HEAD: Final = ("Name", "Price", "24 h", "Volume")


@dataclass(frozen=True, slots=True)
class LatestRow:
    """The newest price of a market with its day's change, in percent, and its volume in ``quote``."""

    source: str
    base: str
    quote: str
    observed_at: datetime
    price: Decimal
    change_24h_percent: float
    volume_24h_quote: Decimal | None
    market_cap: Decimal | None


@dataclass(frozen=True, slots=True)
class MarketDayRow:
    """A day of the whole market; ``btc_dominance`` is a share of 1.

    ``coverage`` is the share of its assets whose day is complete: 0 while the day runs.
    """

    dt: str
    quote: str
    total_market_cap: Decimal | None
    btc_dominance: float | None
    sentiment: int | None
    classification: str | None
    coverage: float | None


def digest_mail(prices: Sequence[LatestRow], day: MarketDayRow | None, at: datetime, movers: int) -> Mail:
    """``prices`` are those of one source and currency, at least one."""
    ranked = sorted(prices, key=lambda row: (-row.change_24h_percent, row.base))
    gainers = [row for row in ranked if row.change_24h_percent > 0][:movers]
    losers = [row for row in reversed(ranked) if row.change_24h_percent < 0][:movers]
    newest = max(row.observed_at for row in prices)
    return mail(
        f"{at:%Y-%m-%d}: {_breadth(prices)}{_first(gainers)}",
        f"The 24 hours up to {formats.when(newest)}, with prices of {prices[0].source} in {prices[0].quote}.",
        "\n".join(line for line in (f"  {_counts(prices)}", _market(day)) if line),
        _movers("Gainers", gainers),
        _movers("Losers", losers),
        section("Look further", "coinlake query --name movers", "coinlake status"),
        f"To change this mail, edit digest in {SETTINGS} and deploy.",
        data_of=[prices[0].source, *([_SENTIMENT_SOURCE] if day and day.sentiment is not None else [])],
    )


def _first(gainers: Sequence[LatestRow]) -> str:
    return f", led by {_name(gainers[0])} {_change(gainers[0])}" if gainers else ""


def _breadth(prices: Sequence[LatestRow]) -> str:
    up = sum(row.change_24h_percent > 0 for row in prices)
    return f"{up:,} of {formats.counted(len(prices), 'asset')} up"


def _counts(prices: Sequence[LatestRow]) -> str:
    up = sum(row.change_24h_percent > 0 for row in prices)
    down = sum(row.change_24h_percent < 0 for row in prices)
    share = Decimal(up * 100) / len(prices)
    return f"Breadth: {_breadth(prices)} ({share:.0f} %), {down:,} down"


def _market(day: MarketDayRow | None) -> str:
    """What is known of the whole market, with its day."""
    if day is None:
        return ""
    facts = []
    if day.total_market_cap is not None:
        facts.append(f"market cap {formats.large(day.total_market_cap)} {day.quote}")
    if day.btc_dominance is not None:
        facts.append(f"BTC dominance {day.btc_dominance * 100:.1f} %")
    if day.sentiment is not None:
        word = f" ({day.classification})" if day.classification else ""
        facts.append(f"fear and greed index {day.sentiment}{word}")
    so_far = "" if day.coverage == 1 else " so far"
    return f"  Market on {day.dt}{so_far}: {', '.join(facts)}" if facts else ""


def _movers(heading: str, rows: Sequence[LatestRow]) -> str:
    return f"{heading}\n{grid(_HEAD, [_row(row) for row in rows])}" if rows else ""


def _row(row: LatestRow) -> tuple[str, ...]:
    volume = formats.large(row.volume_24h_quote) if row.volume_24h_quote is not None else "unknown"
    return _name(row), formats.amount(row.price), _change(row), volume


def _name(row: LatestRow) -> str:
    """An asset that the map does not hold by the source's own id: the mail names the source."""
    return row.base.removeprefix(f"{row.source}:")


def _change(row: LatestRow) -> str:
    return formats.percent(Decimal(str(row.change_24h_percent)))
