"""``python -m simulator``: serve the simulator on a loopback port, over HTTPS if given a certificate."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import uvicorn

from simulator import sources
from simulator.app import DEFAULT_SEED, create_app
from simulator.quotas import Quotas

# else a TLS client that is gone without a close would hold the server for half a minute
STOP_SECONDS: Final = 1


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = argparse.ArgumentParser(
        prog="simulator", description=f"Simulates {', '.join(sources.names())} over one seeded market."
    )
    options.add_argument("--host", default="127.0.0.1", help="address to bind (default %(default)s)")
    options.add_argument("--port", type=int, default=8470, help="port to bind (default %(default)s)")
    options.add_argument("--certfile", help="PEM certificate; with --keyfile the server speaks HTTPS only")
    options.add_argument("--keyfile", help="PEM key of the certificate")
    options.add_argument(
        "--keys",
        type=_key_file,
        metavar="FILE",
        default={},
        help='as --key, in JSON: {"keys": {SOURCE: KEY}}',
    )
    options.add_argument(
        "--seed", type=int, default=DEFAULT_SEED, help="the market's seed (default %(default)s)"
    )
    for name, metavar, meaning in (
        ("key", "SOURCE=KEY", "the only key to accept (default: any; coingecko-pro is CoinGecko's pro host)"),
        (
            "limit",
            "SOURCE=N",
            "requests a minute, at Binance weight; 0 for no limit (default: the source's own)",
        ),
        (
            "credits",
            "SOURCE=N",
            "credits a month for each key; 0 for no limit (default: those of the source's plan)",
        ),
    ):
        options.add_argument(
            f"--{name}", metavar=metavar, action="append", type=_setting, default=[], help=meaning
        )
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until interrupted."""
    options = parser().parse_args(arguments)
    if bool(options.certfile) != bool(options.keyfile):
        parser().error("give --certfile and --keyfile together")
    for source in (*options.keys, *(name for name, _ in (*options.key, *options.limit, *options.credits))):
        if source.partition("-")[0] not in sources.names():
            parser().error(f"there is no source {source!r}; the sources are {', '.join(sources.names())}")
    try:
        quotas = Quotas(
            keys={**options.keys, **dict(options.key)},
            limits={source: int(number) for source, number in options.limit},
            credits={source: int(number) for source, number in options.credits},
        )
    except ValueError:
        parser().error("--limit and --credits take whole numbers, such as binance=6000")
    uvicorn.run(
        create_app(options.seed, quotas=quotas),
        host=options.host,
        port=options.port,
        ssl_certfile=options.certfile,
        ssl_keyfile=options.keyfile,
        log_level="warning",
        server_header=False,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


def _key_file(path: str) -> dict[str, str]:
    """Keys that the list of processes does not show."""
    try:
        return dict(json.loads(Path(path).read_text())["keys"])
    except (OSError, ValueError, KeyError, TypeError):
        raise argparse.ArgumentTypeError(f"{path!r} is no JSON file with keys by source") from None


def _setting(text: str) -> tuple[str, str]:
    """``source=value`` of an option."""
    source, separator, value = text.partition("=")
    if not separator or not value:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form source=value")
    return source, value


if __name__ == "__main__":
    main()
