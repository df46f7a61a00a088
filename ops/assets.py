"""The asset map beside what the sources list: which symbol is which id where, and whether it trades."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from rich.markup import escape
from rich.table import Table

from coinlake import sources
from coinlake.config import LakeConfig
from ops.query.result import QueryResult

# The newest row of each entry that the asset map knows, and when its source last sent its list.
NEWEST: Final = """
SELECT source, asset_id, base, quote, status, received_at, listed_at FROM (
  SELECT *, max(received_at) OVER (PARTITION BY source) AS listed_at,
    row_number() OVER (PARTITION BY source, asset_id ORDER BY received_at DESC) AS nth
  FROM assets
) WHERE nth = 1 AND base NOT LIKE '%:%' ORDER BY source, base, asset_id"""
TRADING_STATUSES: Final = ("trading", "online", "")


@dataclass(frozen=True, slots=True)
class Listing:
    """One asset at one source. ``state``: trades, halted, gone, unsupported, unknown or none."""

    asset_id: str | None
    state: str
    detail: str = ""


def listing(config: LakeConfig, newest: QueryResult, symbol: str, source: str) -> Listing:
    """How ``source`` has ``symbol``; a source that has sent no list leaves it unknown."""
    asset_id = config.assets[symbol].get(source)
    if asset_id is None:
        return Listing(None, "none")
    rows = [dict(zip(newest.columns, row, strict=True)) for row in newest.rows]
    entries = [row for row in rows if row["source"] == source]
    if not entries:
        return Listing(asset_id, "unknown")
    quote = sources.source(source).dollar
    markets = [row for row in entries if row["base"] == symbol and row["quote"] in (None, quote)]
    if not markets:
        return Listing(asset_id, "unsupported", f"no {quote} market")
    market = max(markets, key=lambda row: str(row["received_at"]))
    if market["received_at"] < market["listed_at"]:
        return Listing(asset_id, "gone", f"gone since {market['received_at']:%Y-%m-%d}")
    status = str(market["status"] or "")
    return Listing(asset_id, "trades" if status.lower() in TRADING_STATUSES else "halted", status)


def table(config: LakeConfig, newest: QueryResult, names: Sequence[str]) -> Table:
    """A row for each asset, a column for each source; what does not trade is marked."""
    shown = Table(
        title=f"{len(config.assets)} assets",
        title_justify="left",
        caption="green: listed; plain: the source has sent no list (yet); – : the asset map has no id",
        caption_justify="left",
    )
    for name in ("asset", *names):
        shown.add_column(name)
    for symbol in sorted(config.assets):
        shown.add_row(symbol, *(_cell(listing(config, newest, symbol, name)) for name in names))
    return shown


def document(config: LakeConfig, newest: QueryResult, names: Sequence[str]) -> list[dict[str, Any]]:
    """For ``--json``: an entry for each asset at each source."""
    return [
        {"asset": symbol, "source": name, **asdict(listing(config, newest, symbol, name))}
        for symbol in sorted(config.assets)
        for name in names
    ]


def _cell(listing: Listing) -> str:
    if listing.asset_id is None:
        return "–"
    asset_id, detail = escape(listing.asset_id), escape(listing.detail)
    return {
        "trades": f"[green]{asset_id}[/]",
        "halted": f"[yellow]{asset_id}: {detail}[/]",
        "gone": f"[red]{asset_id}: {detail}[/]",
        "unsupported": f"[red]{asset_id}: unsupported, {detail}[/]",
    }.get(listing.state, asset_id)
