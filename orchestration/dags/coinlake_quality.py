"""Is everything there? Raw compared with the ledger, and every candle that should exist accounted for.

Each morning, and whenever history was fetched. A run that finds something is red, and what it found is on its
way already: reconcile sends lost objects through transform again, audit requests missing candles.
"""

from airflow.sdk import Param, dag, task
from airflow.timetables.assets import AssetOrTimeSchedule
from airflow.timetables.trigger import CronTriggerTimetable
from coinlake_stack import CANDLES, DEFAULT_ARGS, answer, fail, invoke


@dag(
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("15 6 * * *", timezone="UTC"), assets=[CANDLES]
    ),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["coinlake"],
    doc_md=__doc__,
    params={
        "reconcile_days": Param(7, type="integer", minimum=1, description="Days of raw, today included"),
        "in_flight_minutes": Param(
            15, type="integer", minimum=0, description="A younger object may be on its way"
        ),
        "audit_days": Param(8, type="integer", minimum=1, description="Days whose months are audited"),
    },
)
def coinlake_quality():
    @task(retries=0)
    def nothing_requeued(reconciled: str) -> None:
        """Red where an object of raw had no ledger entry: its event, or its run, was lost."""
        found = answer(reconciled)
        print(f"{found['raw']:,} objects in raw, {found['ledger']:,} ledger entries")
        if found["requeued_count"]:
            fail(
                f"{found['requeued_count']:,} objects of raw had not been transformed and were sent again, "
                f"the first {found['requeued'][0]}"
            )

    @task(retries=0)
    def nothing_unexplained(audited: str) -> None:
        """Red where candles are missing and nothing says why."""
        found = answer(audited)
        print({state: buckets for state, buckets in found.items() if buckets})
        if found["unexplained"]:
            fail(f"{found['unexplained']:,} candles are missing, unexplained; `coinlake gaps` shows which")

    reconcile = invoke(
        "reconcile",
        "functions.reconcile",
        '{"days": {{ params.reconcile_days }}, "in_flight_minutes": {{ params.in_flight_minutes }}}',
    )
    audit = invoke("audit", "functions.audit", '{"days": {{ params.audit_days }}}')
    nothing_requeued(reconcile.output)
    nothing_unexplained(audit.output)


coinlake_quality()
