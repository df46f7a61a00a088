"""``python -m stream``: collect until SIGINT or SIGTERM, then put everything away and exit with 0."""

import asyncio
import signal
import sys

from coinlake.errors import BadConfiguration, CoinlakeError
from coinlake.observability import logger
from stream import wiring
from stream.collector import Collector
from stream.identity import instance
from stream.pace import Pace
from stream.parts import assemble
from stream.settings import Settings


def main(pace: Pace | None = None) -> int:
    """0 after a signal, 2 for a configuration that cannot work, 1 for a fault; each told in one line."""
    try:
        asyncio.run(collect(Settings.from_env(), pace or Pace()))
    except CoinlakeError as error:
        logger.error("collector ended", error=str(error), kind=type(error).__name__)
        return 2 if isinstance(error, BadConfiguration) else 1
    except Exception:
        logger.exception("collector failed")
        return 1
    return 0


async def collect(settings: Settings, pace: Pace) -> None:
    """Wire, run, end."""
    stop = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    subscriptions, outside = wiring.wanted(settings), wiring.outside(settings)
    settings.spool_dir.mkdir(parents=True, exist_ok=True)
    name = instance(settings.instance, settings.spool_dir)
    parts = assemble(settings, name, subscriptions, outside, pace)
    logger.info("collecting", instance=name, streams=sum(len(one.streams) for one in subscriptions))
    await Collector(parts, subscriptions, outside, pace, settings.health_port).run(stop)


if __name__ == "__main__":
    sys.exit(main())
