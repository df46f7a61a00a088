"""Load test: ``python -m tests.load_test`` (``make load-test MINUTES=2 BURST=5000``).

The default environment's settings are deployed on an embedded AWS. Its feeds' events of days gone by land as
ingest lands them: at ten times the pace of the feeds, at a hundred times, and then many at once; the feeds'
own schedules rest meanwhile. Printed are throughput, latency, the age of the oldest message, memory, errors,
and what was full first. At the end every object is followed through the zones, row by row. Exit status 1
where anything was lost, doubled or given up on.
"""

import argparse
import os
import sys
import tempfile
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from rich.markup import escape

from coinlake.errors import CoinlakeError
from coinlake.observability import logger
from ops.deploy.tfvars import Settings
from ops.documents import print_json
from ops.local import lifecycle
from ops.local.certificate import Certificate
from ops.local.laptop import Laptop
from ops.preflight.evaluation import Evaluation
from ops.progress import keep_stdout_for_data, stderr, step
from tests.e2e.ports import free_ports
from tests.load_test import report
from tests.load_test.driver import LoadTest
from tests.load_test.events import Event, events, rate
from tests.load_test.proof import Proof

ENVIRONMENT: Final = "dev"  # whose feeds and settings are the defaults
# What local.tfvars has for a demo, as the defaults have it.
SETTINGS: Final = (
    "feeds",
    "alert_rules",
    "digest",
    "refine_batch_minutes",
    "derive_minutes",
    "enable_dashboard",
    "enable_stream",
    "enable_orchestrator",
    "load",
)


class Offer(NamedTuple):
    """How many objects a phase lands, and how many a second; None is as fast as S3 takes them."""

    phase: str
    count: int
    per_second: float | None


def main() -> int:
    chosen = _arguments()
    logger.setLevel("ERROR")  # the stages' own log is for Lambda
    with tempfile.TemporaryDirectory(prefix="coinlake-load-") as folder:
        laptop = Laptop(Path(folder) / "lake", free_ports())
        try:
            return _run(laptop, chosen, Path(folder) / "copies")
        except CoinlakeError as error:
            stderr.print(f"[red]{escape(str(error))}[/]")
            return 1
        finally:
            lifecycle.down(laptop, wipe=False)


def _run(laptop: Laptop, chosen: argparse.Namespace, copies: Path) -> int:
    settings = Settings.load(ENVIRONMENT)
    feeds = [feed for feed in Evaluation.of(settings.path, {}, {}).feeds if feed.enabled]
    names, pace = [feed.name for feed in feeds], rate(feeds)
    overrides = {name: settings.values[name] for name in SETTINGS} | {"paused_feeds": names}
    stack = lifecycle.up(laptop, live=False, overrides=overrides)
    test = LoadTest(laptop, stack, os.cpu_count() or 1)
    offers = [
        Offer(f"{factor:g}×", round(factor * pace * chosen.minutes * 60), factor * pace)
        for factor in chosen.factors
    ]
    offers.append(Offer("at once", chosen.burst, None))
    made = iter(_happened(test, names, sum(offer.count for offer in offers)))
    for offer in offers:
        if offer.count:
            test.run(offer.phase, list(islice(made, offer.count)), offer.per_second)
    with step("Every object through the zones"):
        proof = Proof.of(stack, test.offered, copies)
    if letters := test.dead_letters():
        proof.problems.append(f"{letters:,} dead letters")
    report.show(test, proof, pace)
    if chosen.json:
        print_json(report.document(test, proof, pace))
    return 1 if proof.problems else 0


def _happened(test: LoadTest, names: list[str], count: int) -> list[Event]:
    certificate = Certificate.ensure(test.laptop.tls)
    with step(f"{count:,} answers of the sources") as current:
        made = events(
            test.stack.config(), names, certificate, count, lambda done: current.say(f"{done:,} of {count:,}")
        )
        current.conclude(f"{sum(event.rows for event in made):,} rows")
    return made


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.load_test", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--minutes", type=float, default=2, help="of each pace (default %(default)s)")
    parser.add_argument("--burst", type=int, default=5000, help="objects at once (default %(default)s)")
    parser.add_argument(
        "--factors",
        type=lambda text: [float(part) for part in text.split(",") if part],
        default="10,100",
        help="paces, as multiples of the default feeds' (default %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")
    chosen = parser.parse_args()
    keep_stdout_for_data(chosen.json)
    return chosen


if __name__ == "__main__":
    sys.exit(main())
