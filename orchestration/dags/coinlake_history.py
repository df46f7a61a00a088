"""Fetch history by hand, as ``coinlake backfill`` does: plan, run the state machine, account for all windows.

What is in raw already is not requested again: the same params a second time start nothing.
"""

from collections import Counter
from datetime import UTC, datetime

from airflow.exceptions import AirflowSkipException
from airflow.providers.amazon.aws.operators.step_function import (
    StepFunctionGetExecutionOutputOperator,
    StepFunctionStartExecutionOperator,
)
from airflow.sdk import Param, PokeReturnValue, dag, task
from coinlake_stack import CANDLES, DEFAULT_ARGS, bucket, config, fail, outputs

from coinlake.errors import CoinlakeError
from coinlake.windows import Window
from ops.backfill import cost, results
from ops.backfill.existing import committed_windows
from ops.backfill.plan import Plan, plan
from ops.backfill.preparation import PricedPlan, request_execution
from ops.backfill.request import BackfillRequest
from ops.dates import DateRange

POLL_SECONDS = 10
MAX_HOURS = 24  # of one execution; a slow source grants no more than some calls a minute
COMMIT_SECONDS = 1800  # transform takes seconds; a message that it lost comes back in minutes


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["coinlake"],
    doc_md=__doc__,
    params={
        "source": Param("coinbase", type="string", description="coinbase, binance, coingecko, …"),
        "assets": Param("all", type="string", description="Symbols with commas, as BTC,ETH, or all"),
        "interval": Param(
            "1d", type="string", description="1m, 5m, 15m, 30m, 1h, 6h, 1d: what the source has"
        ),
        "start": Param(None, type="string", format="date", description="First day, UTC"),
        "end": Param(
            None, type=["null", "string"], format="date", description="Last day, UTC; today without it"
        ),
        "refresh": Param(
            False, type="boolean", description="Request again what raw holds; a change is a revision"
        ),
    },
)
def coinlake_history():
    @task(task_id="plan", multiple_outputs=True)
    def write_plan(params: dict) -> dict[str, str]:
        """The execution's name and input; skipped, and with it the run, where raw holds every window."""
        stack, now = outputs(), datetime.now(UTC)
        settings = config(stack)
        try:
            days = DateRange.parse(params["start"], params["end"] or str(now.date()), now.date(), sure=True)
            request = BackfillRequest.of(
                settings,
                source=params["source"],
                assets=params["assets"],
                interval=params["interval"],
                days=days,
                refresh=params["refresh"],
            )
            priced = PricedPlan.of(
                plan(request, settings, now),
                bucket(stack, "raw"),
                settings,
                quota=stack["quota"],
                max_concurrency=stack["backfill"]["concurrency"],
            )
            cost.check_credits(priced.costs)
        except CoinlakeError as error:
            fail(str(error))
        for entry in priced.costs:
            print(
                f"{entry.source}: {entry.windows:,} windows, {entry.in_raw:,} in raw, {entry.calls:,} calls"
            )
        if priced.is_in_raw:
            raise AirflowSkipException("raw holds every window already: there is nothing to fetch")
        execution = request_execution(bucket(stack, "artifacts"), priced.plan, priced.concurrency, now)
        return {"name": execution.name, "input": execution.input}

    @task(retries=0)
    def account(execution: dict) -> list[dict]:
        """The windows that landed. The state machine tolerates failed ones, so this task is what fails."""
        written = execution["ResultWriterDetails"]
        ended = list(results.read(bucket(outputs(), "artifacts"), written["Key"]))
        print(dict(Counter(result.outcome for result in ended)))
        for kind in results.missing(ended):
            print(f"{kind.source} {kind.asset}: {kind.windows:,} windows {kind.outcome}: {kind.detail}")
        failed = [result for result in ended if result.outcome in (results.FAILED, results.NOT_STARTED)]
        if failed:
            fail(
                f"{len(failed):,} of {len(ended):,} windows failed, the first because {failed[0].detail}; "
                "run it again: what has landed is not requested again"
            )
        return [dict(result.window) for result in ended if result.outcome in results.FETCHED]

    @task.sensor(mode="reschedule", poke_interval=POLL_SECONDS, timeout=COMMIT_SECONDS, outlets=[CANDLES])
    def committed(landed: list[dict]) -> PokeReturnValue:
        """Done when transform has committed the rows of every window that landed."""
        stack = outputs()
        windows = Plan(tuple(Window.from_event(event) for event in landed))
        left = len(windows.windows) - len(committed_windows(bucket(stack, "lake"), windows, config(stack)))
        print(f"{left:,} of {len(windows.windows):,} windows are not in the ledger yet")
        return PokeReturnValue(is_done=not left)

    planned = write_plan()
    run = StepFunctionStartExecutionOperator(
        task_id="fetch",
        state_machine_arn="{{ var.json.coinlake.backfill.state_machine }}",
        name=planned["name"],
        state_machine_input=planned["input"],
        deferrable=True,
        waiter_delay=POLL_SECONDS,
        waiter_max_attempts=MAX_HOURS * 3600 // POLL_SECONDS,
        retries=0,  # what failed is planned anew, for the plan names what raw still lacks
    )
    ended = StepFunctionGetExecutionOutputOperator(task_id="results", execution_arn=run.output)
    committed(account(ended.output))


coinlake_history()
