"""``python -m simulator``: serve the simulator on a loopback port, over HTTPS if given a certificate."""

import argparse
from collections.abc import Sequence
from typing import Final

import uvicorn

from simulator.app import DEFAULT_SEED, create_app
from simulator.coingecko import Access
from simulator.terms import Terms

# else a TLS client that is gone without a farewell would hold the server for half a minute
STOP_SECONDS: Final = 1


def parser() -> argparse.ArgumentParser:
    """The options."""
    found = argparse.ArgumentParser(
        prog="simulator",
        description="CoinGecko, Coinbase Exchange, Binance, CoinCap, CoinDesk and alternative.me, simulated.",
    )
    found.add_argument("--host", default="127.0.0.1", help="address to bind (default %(default)s)")
    found.add_argument("--port", type=int, default=8470, help="port to bind (default %(default)s)")
    found.add_argument("--certfile", help="PEM certificate; with --keyfile the server speaks HTTPS only")
    found.add_argument("--keyfile", help="PEM key of the certificate")
    found.add_argument(
        "--seed", type=int, default=DEFAULT_SEED, help="the market's seed (default %(default)s)"
    )
    found.add_argument(
        "--keyless-per-minute",
        type=int,
        default=Access().keyless_per_minute,
        help="CoinGecko requests a minute without a key, 0 for no limit (default %(default)s)",
    )
    found.add_argument("--demo-key", help="the only CoinGecko demo key to accept (default: any)")
    found.add_argument("--pro-key", help="the only CoinGecko pro key to accept (default: any)")
    found.add_argument(
        "--binance-weight",
        type=int,
        default=Terms().binance_weight,
        help="Binance's request weight a minute, 0 for no limit (default %(default)s)",
    )
    found.add_argument("--coincap-key", help="the only CoinCap key to accept (default: any)")
    found.add_argument(
        "--coincap-credits",
        type=int,
        default=Terms().coincap_credits,
        help="CoinCap credits a month for each key, 0 for no limit (default %(default)s)",
    )
    found.add_argument("--coindesk-key", help="the only CoinDesk key to accept (default: any)")
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until interrupted."""
    options = parser().parse_args(arguments)
    if bool(options.certfile) != bool(options.keyfile):
        parser().error("give --certfile and --keyfile together")
    access = Access(options.keyless_per_minute or None, options.demo_key, options.pro_key)
    terms = Terms(
        binance_weight=options.binance_weight or None,
        coincap_key=options.coincap_key,
        coincap_credits=options.coincap_credits or None,
        coindesk_key=options.coindesk_key,
    )
    uvicorn.run(
        create_app(options.seed, access=access, terms=terms),
        host=options.host,
        port=options.port,
        ssl_certfile=options.certfile,
        ssl_keyfile=options.keyfile,
        log_level="warning",
        server_header=False,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


if __name__ == "__main__":
    main()
