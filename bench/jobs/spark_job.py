"""The Spark job's own stages in one session; runs in Spark's environment."""

import json
import os
import sys
from collections.abc import Mapping, Sequence

from bench.history import SYMBOL_DAY_ROWS
from bench.jobs.spark_blocks import Laps, environment, expect, serve
from coinlake.keys import TrustedKey
from coinlake.stores import Entry
from spark.rebuild import spark_context
from spark.refined import refine_all
from spark.report import Journal
from spark.stages import JobSettings, stages
from spark.trusted import transform_all


def main() -> None:
    task = json.loads(sys.argv[1])
    os.environ["AWS_ENDPOINT_URL"] = task["endpoint"]
    settings, context = JobSettings.from_json(json.dumps(environment())), spark_context()
    journal, slots = Journal(stages(settings).artifacts, "bench"), context.defaultParallelism

    def work(entries: Sequence[Entry], trusted: Sequence[str]) -> Mapping[str, float]:
        laps = Laps()
        tally = transform_all(context, settings, journal, entries, redo=False, slots=slots)
        seconds = laps.lap()
        expect("rows trusted", tally.rows_trusted, len(entries) * SYMBOL_DAY_ROWS)
        keys = [TrustedKey.parse(key) for key in trusted]
        laps.lap()
        merged = refine_all(context, settings, journal, keys, is_whole=True, slots=slots)
        refined = laps.lap()
        expect("rows refined", (merged.rows_in, merged.failed), (len(entries) * SYMBOL_DAY_ROWS, 0))
        return {"trusted_seconds": seconds, "refined_seconds": refined}

    serve(work)


if __name__ == "__main__":
    main()
