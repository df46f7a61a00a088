"""Rebuild trusted from raw and refined from trusted, by hand, on Glue, as ``coinlake rebuild --on spark``.

The files are those that the stages write, byte for byte, so a run beside them, or a second one, is harmless.
Each file that is written is an event of refine's too, which merges it once more: for a whole lake take the
command, which keeps refine out of the way.
"""

import json

from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from airflow.sdk import Param, dag, task
from coinlake_stack import DEFAULT_ARGS, RUN_TIME, bucket, fail, outputs

from coinlake.intervals import parse_utc

MAX_REPORT_BYTES = 16 << 20
POLL_SECONDS = 30
MAX_HOURS = 24
OPTIONAL = ("source", "dataset", "start", "end")


def text(description: str, **options: str) -> Param:
    """A param that may be left empty."""
    return Param(None, type=["null", "string"], description=description, **options)


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["coinlake"],
    doc_md=__doc__,
    params={
        "stage": Param("both", type="string", enum=["trusted", "refined", "both"]),
        "only": Param("stale", type="string", enum=["missing", "stale", "all"], description="Which objects"),
        "source": text("All without it"),
        "dataset": text("All without it"),
        "start": text("First day, UTC", format="date"),
        "end": text("Last day, UTC", format="date"),
    },
)
def coinlake_rebuild():
    @task(multiple_outputs=True)
    def job(due: str, params: dict) -> dict[str, str | dict[str, str]]:
        """The Glue job, the run's name and its arguments; fails where the lake has no Spark."""
        spark = outputs().get("spark")
        if not spark:
            fail(
                "the lake has no Glue job; set enable_spark = true in its tfvars and deploy, "
                "or rebuild without Spark: `coinlake rebuild`"
            )
        run = f"{parse_utc(due):%Y%m%dT%H%M%SZ}"
        chosen = {name: params[name] for name in OPTIONAL if params[name]}
        given = {"run": run, "stage": params["stage"], "only": params["only"], **chosen}
        return {
            "name": spark["job"],
            "run": run,
            "arguments": {f"--{name}": value for name, value in given.items()},
        }

    @task(retries=0)
    def compare(run: str) -> None:
        """Red where an object failed, or where the rows that came in are not those that went out."""
        report = bucket(outputs(), "artifacts").get(f"spark/runs/{run}/report.json", MAX_REPORT_BYTES)
        stages = json.loads(report.body)["stages"]
        for name, tally in stages.items():
            print(name, {field: count for field, count in tally.items() if count})
            if tally["failed"]:
                first = tally["faults"][0]
                fail(f"{tally['failed']:,} failed in {name}, the first {first['key']}: {first['error']}")
            if name == "trusted" and tally["rows_in"] != tally["rows_trusted"] + tally["rows_quarantined"]:
                fail(
                    f"{tally['rows_in']:,} rows came in, {tally['rows_trusted']:,} are trusted and "
                    f"{tally['rows_quarantined']:,} in quarantine"
                )

    described = job(RUN_TIME)
    rebuild = GlueJobOperator(
        task_id="rebuild",
        job_name=described["name"],
        script_args=described["arguments"],
        run_job_kwargs={"ExecutionClass": "FLEX"},
        deferrable=True,
        waiter_delay=POLL_SECONDS,
        waiter_max_attempts=MAX_HOURS * 3600 // POLL_SECONDS,
        retries=0,
    )
    rebuild >> compare(described["run"])


coinlake_rebuild()
