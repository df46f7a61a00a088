"""What the DAGs share: the lake as Terraform's outputs name it, its buckets, how functions are invoked.

The outputs are one Airflow Variable, ``coinlake``: a JSON object of each output's value. Templates and tasks
read it; importing a DAG asks nothing of Airflow's database or of AWS.
"""

import json
from typing import Any, NoReturn

from airflow.exceptions import AirflowFailException
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
from airflow.sdk import Asset, Variable

from coinlake.config import LakeConfig
from coinlake.stores import ObjectStore

VARIABLE = "coinlake"
CANDLES = Asset(name="coinlake_trusted_candles", uri="coinlake://trusted/candles")
QUOTES = Asset(name="coinlake_refined_quotes", uri="coinlake://refined/quotes")

# A run's time. Not its logical date, nor what is computed of it (`ts`, `ds`): a run by hand has none.
RUN_TIME = "{{ dag_run.run_after | ts }}"
DEFAULT_ARGS = {"retries": 2}
# A function runs for up to 15 minutes, and asked again because it is slow it would run twice.
INVOCATION = {
    "connect_timeout": 5,
    "read_timeout": 910,
    "tcp_keepalive": True,
    "retries": {"total_max_attempts": 1},
}


def outputs() -> dict[str, Any]:
    """Terraform's outputs of the lake, each by its value."""
    return Variable.get(VARIABLE, deserialize_json=True)


def bucket(stack: dict[str, Any], name: str) -> ObjectStore:
    """The bucket ``raw``, ``lake`` or ``artifacts``, by the connection ``aws_default``."""
    return ObjectStore(S3Hook().conn, stack[f"{name}_bucket"])


def config(stack: dict[str, Any]) -> LakeConfig:
    """The configuration that the lake's functions have."""
    return LakeConfig.load(bucket(stack, "artifacts"), stack["config_key"])


def invoke(task_id: str, function: str, payload: str, **options: Any) -> LambdaInvokeFunctionOperator:
    """Invoke a function by a path into the outputs, as ``functions.refine``; its error fails the task."""
    return LambdaInvokeFunctionOperator(
        task_id=task_id,
        function_name=f"{{{{ var.json.{VARIABLE}.{function} }}}}",
        payload=payload,
        botocore_config=INVOCATION,
        **options,
    )


def fail(sentence: str) -> NoReturn:
    """Fail the task for good: trying again would change nothing."""
    raise AirflowFailException(sentence)


def answer(payload: str) -> dict[str, Any]:
    """What a function returned."""
    return json.loads(payload)
