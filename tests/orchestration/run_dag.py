"""``run_dag.py DAG CONF [--undated]``, in Airflow's environment: run a DAG; its state and its tasks' as JSON.

Without arguments: import every DAG; those that there are, and the errors.
"""

import json
import os
import sys
from typing import Any

DAGS = os.environ["AIRFLOW__CORE__DAGS_FOLDER"]


def dagbag() -> Any:
    """The DAGs of the folder; Airflow 3.3 moved the class."""
    sys.path.insert(0, DAGS)  # as the DAG processor does
    try:
        from airflow.dag_processing.dagbag import DagBag  # noqa: PLC0415 - its import needs the settings
    except ImportError:
        from airflow.models.dagbag import DagBag  # noqa: PLC0415
    return DagBag(DAGS)


def main() -> dict[str, Any]:
    bag = dagbag()
    if len(sys.argv) == 1:
        return {"dags": sorted(bag.dags), "errors": bag.import_errors}
    dag_id, conf, *options = sys.argv[1:]
    dated = {"logical_date": None} if "--undated" in options else {}
    run = bag.dags[dag_id].test(run_conf=json.loads(conf), **dated)
    tasks: dict[str, list[str]] = {}
    for instance in run.get_task_instances():
        tasks.setdefault(instance.task_id, []).append(str(instance.state))
    return {"state": str(run.state), "tasks": {name: sorted(set(states)) for name, states in tasks.items()}}


if __name__ == "__main__":
    print(json.dumps(main()))
