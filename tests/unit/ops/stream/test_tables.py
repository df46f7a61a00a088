"""The live table: prices as people read them, and what was lost in plain sight."""

from rich.console import Console

from ops.stream.tables import streams_table, totals_line

TRADE = {
    "source": "binance",
    "stream": "btcusdt@trade",
    "symbol": "BTCUSDT",
    "price": "77361.43000000",
    "event_time": 1_795_132_857_136_000,
    "received_at": 1_795_132_857_186_700,
    "frames": 12_345,
}
TOTALS = {
    "frames": 12_400,
    "committed": 12_399,
    "uploaded_rows": 12_000,
    "uploaded_batches": 12,
    "spool_bytes": 40_960,
    "repeated": 3,
    "reconnects": 1,
    "refilled": 7,
    "dropped": 0,
    "refill_failed": 0,
}


def drawn(what):
    console = Console(width=160)
    with console.capture() as shown:
        console.print(what)
    return shown.get()


def test_a_stream_shows_its_price_its_time_and_its_lag():
    row = drawn(streams_table([TRADE], now=1_795_132_859.1867))
    for cell in ("btcusdt@trade", "77,361.43", "00:00:57.136", "51 ms", "2.0 s ago", "12,345"):
        assert cell in row


def test_a_stream_without_a_price_still_has_a_row():
    assert "–" in drawn(streams_table([TRADE | {"price": None}], now=1_795_132_859.0))


def test_lost_trades_are_shown_in_red():
    assert "none lost" in totals_line(TOTALS)
    assert "[red]5 lost[/]" in totals_line(TOTALS | {"dropped": 2, "refill_failed": 3})
