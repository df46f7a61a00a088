"""The lake rebuilt on Spark: trusted from raw, refined from trusted; or a copy of refined in Snappy. Glue,
EMR Serverless and a laptop run this file as it is; `coinlake rebuild --on spark` starts it.

    spark-submit rebuild.py --settings JSON [--stage trusted|refined|both|snappy] [--only missing|stale|all]
                            [--source S] [--dataset D] [--start DAY] [--end DAY] [--slots N] [--run NAME]

``--settings`` is what transform has in its environment. The run's report is ``spark/runs/<run>/report.json``
in the artifacts bucket. It exits with 1 and a sentence where an object failed; the others are done.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from typing import Final

from pyspark import SparkContext
from pyspark.sql import SparkSession

from coinlake.errors import CoinlakeError
from spark.refined import refine_all
from spark.report import Journal, Tally
from spark.selection import Only, Selection
from spark.snappy import copy_all
from spark.stages import JobSettings, stages
from spark.trusted import transform_all

STAGES: Final = ("trusted", "refined", "both", "snappy")
_CONFIGURATION: Final = {
    "spark.ui.enabled": "false",
    "spark.executorEnv.ARROW_DEFAULT_MEMORY_POOL": "system",  # gives back what is freed, as in transform.tf
}


def main(arguments: Sequence[str]) -> str | None:
    """Run; what went wrong in a sentence, or None."""
    options = _options(arguments)
    try:
        settings = JobSettings.from_json(options.settings)
        journal = Journal.named(stages(settings).artifacts, options.run)
        tallies = _run(options, settings, journal)
        journal.report(
            {name: str(value) for name, value in vars(options).items() if name != "settings"}, tallies
        )
    except CoinlakeError as error:
        return str(error)
    return _fault(tallies, journal)


def _run(options: argparse.Namespace, settings: JobSettings, journal: Journal) -> dict[str, Tally]:
    """What became of each stage that was asked for."""
    context = spark_context()
    slots = options.slots or context.defaultParallelism
    selection = Selection(options.source, options.dataset, options.start, options.end)
    raw, lake = stages(settings).transform.raw, stages(settings).refined.store
    tallies = dict[str, Tally]()
    if options.stage in ("trusted", "both"):
        entries = selection.raw(raw, lake, options.only)
        redo = options.only is Only.ALL
        tallies["trusted"] = transform_all(context, settings, journal, entries, redo=redo, slots=slots)
    if options.stage in ("refined", "both"):
        keys, is_whole = selection.trusted(lake), selection.is_whole
        tallies["refined"] = refine_all(context, settings, journal, keys, is_whole=is_whole, slots=slots)
    if options.stage == "snappy":
        tallies["snappy"] = copy_all(context, settings, journal, selection, only=options.only, slots=slots)
    return tallies


def spark_context() -> SparkContext:
    """Of the session that whoever started us made, or of a new one."""
    builder = SparkSession.builder.appName("coinlake-rebuild")
    for name, value in _CONFIGURATION.items():
        builder = builder.config(name, value)
    context = builder.getOrCreate().sparkContext
    context.setLogLevel("ERROR")
    return context


def _fault(tallies: dict[str, Tally], journal: Journal) -> str | None:
    place = f"s3://{journal.store.bucket}/{journal.key('report')}"
    faults = [fault for tally in tallies.values() for fault in tally.faults]
    if faults:
        count = sum(tally.failed for tally in tallies.values())
        first = "; ".join(f"{fault.key}: {fault.error}" for fault in faults[:3])
        return f"{count} failed, the others are done ({place}): {first}"
    trusted = tallies.get("trusted", Tally())
    if not trusted.is_balanced:
        return (
            f"{trusted.rows_in} rows came in, but {trusted.rows_trusted} are trusted and "
            f"{trusted.rows_quarantined} quarantined ({place})"
        )
    return None


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    """What we know of the arguments; Glue and Airflow add their own."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--settings", required=True)
    parser.add_argument("--stage", choices=STAGES, default="both")
    parser.add_argument("--only", type=Only, choices=list(Only), default=Only.STALE)
    parser.add_argument("--source")
    parser.add_argument("--dataset")
    parser.add_argument("--start", type=date.fromisoformat, default=date.min)
    parser.add_argument("--end", type=date.fromisoformat, default=date.max)
    parser.add_argument("--slots", type=int, default=0)
    parser.add_argument("--run")
    options = parser.parse_known_args(arguments)[0]
    if options.stage == "snappy" and (options.source or options.dataset):
        parser.error("--stage snappy copies the tables of all sources; leave out --source and --dataset")
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
