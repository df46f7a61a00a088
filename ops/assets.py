"""The asset map beside what the sources list: which symbol is which id where, and whether it trades."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rich.markup import escape
from rich.table import Table

from coinlake.config import LakeConfig
from ops.backfill.request import TETHER_VENUES
from ops.query.result import Answer

# The newest row of each entry that the asset map knows, and when its source last told its list.
NEWEST: Final = """
SELECT source, asset_id, base, quote, status, received_at, told_at FROM (
  SELECT *, max(received_at) OVER (PARTITION BY source) AS told_at,
    row_number() OVER (PARTITION BY source, asset_id ORDER BY received_at DESC) AS nth
  FROM assets
) WHERE nth = 1 AND base NOT LIKE '%:%' ORDER BY source, base, asset_id"""
TRADES: Final = ("trading", "online", "")


@dataclass(frozen=True, slots=True)
class Listing:
    """One asset at one source. ``state``: trades, halted, gone, unsupported, unknown or none."""

    asset_id: str | None
    state: str
    detail: str = ""


def listings(config: LakeConfig, newest: Answer, symbol: str, source: str) -> Listing:
    """How ``source`` has ``symbol``; a source that never told its list leaves it unknown."""
    asset_id = config.assets[symbol].get(source)
    if asset_id is None:
        return Listing(None, "none")
    rows = [dict(zip(newest.columns, row, strict=True)) for row in newest.rows]
    told = [row for row in rows if row["source"] == source]
    if not told:
        return Listing(asset_id, "unknown")
    quote = "USDT" if source in TETHER_VENUES else "USD"
    ours = [row for row in told if row["base"] == symbol and row["quote"] in (None, quote)]
    return (
        _judged(asset_id, max(ours, key=lambda row: str(row["received_at"])))
        if ours
        else Listing(asset_id, "unsupported", f"no {quote} market")
    )


def _judged(asset_id: str, row: Mapping[str, str | datetime | None]) -> Listing:
    received, told_at, status = row["received_at"], row["told_at"], str(row["status"] or "")
    if isinstance(received, datetime) and isinstance(told_at, datetime) and received < told_at:
        return Listing(asset_id, "gone", f"gone since {received:%Y-%m-%d}")
    return Listing(asset_id, "trades" if status.lower() in TRADES else "halted", status)


def table(config: LakeConfig, newest: Answer, sources: Sequence[str]) -> Table:
    """A row for each asset, a column for each source; what does not trade is marked."""
    shown = Table(
        title=f"{len(config.assets)} assets",
        title_justify="left",
        caption="green: listed; plain: the source tells no list (yet); – : the asset map has no id",
        caption_justify="left",
    )
    for name in ("asset", *sources):
        shown.add_column(name)
    for symbol in sorted(config.assets):
        shown.add_row(symbol, *(_cell(listings(config, newest, symbol, source)) for source in sources))
    return shown


def _cell(found: Listing) -> str:
    if found.asset_id is None:
        return "–"
    asset_id, detail = escape(found.asset_id), escape(found.detail)
    return {
        "trades": f"[green]{asset_id}[/]",
        "halted": f"[yellow]{asset_id}: {detail}[/]",
        "gone": f"[red]{asset_id}: {detail}[/]",
        "unsupported": f"[red]{asset_id}: unsupported, {detail}[/]",
    }.get(found.state, asset_id)
