"""Collect, transform and refine every six hours, for a lake whose own schedules are off (``coinlake pause``).

Beside those schedules it repeats what they did: names are computed from the request, so nothing is doubled.
"""

import json

from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Param, dag, task
from airflow.timetables.trigger import CronTriggerTimetable
from coinlake_stack import (
    DEFAULT_ARGS,
    INVOCATION,
    QUOTES,
    RUN_TIME,
    answer,
    bucket,
    config,
    fail,
    invoke,
    outputs,
)

from coinlake.intervals import parse_utc
from coinlake.keys import RawKey, Slot, raw_prefix

NO_WAREHOUSE = "none"
LATEST = "SELECT source, count(*) AS prices, max(observed_at) AS newest FROM latest GROUP BY source"


@dag(
    schedule=CronTriggerTimetable("2 */6 * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["coinlake"],
    doc_md=__doc__,
    params={
        "warehouse": Param(
            NO_WAREHOUSE,
            type="string",
            enum=[NO_WAREHOUSE, "postgres", "redshift", "snowflake"],
            description="Loaded after refine; it must be one of the lake's own (docs/load.md)",
        ),
    },
)
def coinlake_intraday():
    @task
    def feeds(due: str) -> list[str]:
        """An event for each enabled feed, as its schedule sends it to ingest."""
        enabled = [name for name, feed in sorted(config(outputs()).feeds.items()) if feed.enabled]
        return [json.dumps({"feed": name, "scheduled_time": due}) for name in enabled]

    @task(trigger_rule="all_done")
    def ledger_keys(due: str) -> list[str]:
        """The ledger entries that transform writes for what landed; a feed that failed holds no other up."""
        stack = outputs()
        raw, landed = bucket(stack, "raw"), []
        for feed in config(stack).feeds.values():
            slot = feed.due(parse_utc(due))
            prefix = f"{raw_prefix(feed.source, feed.dataset, slot.date())}{Slot(slot)}."
            landed += [
                key
                for key in map(RawKey.parse, raw.keys(prefix))
                if feed.owns(key.source, key.dataset, key.slot)
            ]
        if not landed:
            fail("no feed landed anything; the tasks `ingest` say why")
        return sorted({str(key.ledger()) for key in landed})

    @task(retries=0)
    def nothing_failed(refined: str) -> None:
        """Red where a file could not be merged; it stays in refine's queue and comes again."""
        failed = answer(refined)["failed"]
        if failed:
            fail(f"{failed:,} files could not be merged; they come again, and the function's log says why")

    @task.branch
    def choose(params: dict) -> str:
        """The warehouse's load, or a question to Athena; fails where the lake has no such warehouse."""
        if params["warehouse"] == NO_WAREHOUSE:
            return "athena"
        if params["warehouse"] not in outputs()["load"]:
            fail(
                f"the lake loads no {params['warehouse']}; set load = {{ {params['warehouse']} = {{}} }} in "
                "its tfvars and deploy (docs/load.md)"
            )
        return "load"

    @task(trigger_rule="one_failed", retries=0)
    def a_feed_failed() -> None:
        """The run is red although the other feeds went on."""
        fail("a feed was not collected; its task `ingest` says why")

    events = feeds(RUN_TIME)
    ingest = LambdaInvokeFunctionOperator.partial(
        task_id="ingest",
        function_name="{{ var.json.coinlake.functions.ingest }}",
        botocore_config=INVOCATION,
    ).expand(payload=events)
    keys = ledger_keys(RUN_TIME)
    transformed = S3KeySensor(
        task_id="transformed",
        bucket_name="{{ var.json.coinlake.lake_bucket }}",
        bucket_key=keys,
        deferrable=True,
        poke_interval=5,
        timeout=1800,
    )
    refine = invoke("refine", "functions.refine", f'{{"refine": "{RUN_TIME}"}}')
    athena = AthenaOperator(
        task_id="athena",
        query=LATEST,
        database="{{ var.json.coinlake.database }}",
        workgroup="{{ var.json.coinlake.workgroup }}",
        output_location="{{ var.json.coinlake.athena_output }}",
        sleep_time=2,
    )
    load = invoke("load", "load[params.warehouse].function", f'{{"load": "{RUN_TIME}"}}')
    published = EmptyOperator(
        task_id="published", outlets=[QUOTES], trigger_rule="none_failed_min_one_success"
    )

    ingest >> [keys, a_feed_failed()]
    transformed >> refine
    nothing_failed(refine.output) >> choose() >> [athena, load] >> published


coinlake_intraday()
