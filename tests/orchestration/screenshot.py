"""``python -m tests.orchestration.screenshot FILE``: history by hand in a real Airflow, on this laptop.

Starts Airflow as `coinlake airflow` does, triggers `coinlake_history`, waits for it and `coinlake_quality`,
which follows by the asset's event, and takes the picture of orchestration/README.md.
"""

import json
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any, Final

from ops.local.airflow import PORT, Airflow
from ops.local.laptop import Laptop
from ops.progress import step
from ops.stack import Stack
from tests.dashboard.browser import launched

CONF: Final = {"source": "coinbase", "assets": "BTC,ETH,SOL", "interval": "1h", "start": "2026-10-01"}
WAIT_SECONDS: Final = 900
REQUEST_SECONDS: Final = 120  # of a busy machine
ENDED: Final = ("success", "failed")


def request(address: str, path: str, document: Any = None) -> Any:
    """What Airflow's API answers; without a login any token will do, and it hands one out."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{address}/auth/token", timeout=REQUEST_SECONDS) as response:
        token = json.load(response)["access_token"]
    body = None if document is None else json.dumps(document).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with opener.open(
        urllib.request.Request(f"{address}/api/v2/{path}", body, headers),  # noqa: S310 - our own address
        timeout=REQUEST_SECONDS,
    ) as response:
        return json.load(response)


def ended(address: str, dag: str, since: str) -> dict[str, Any]:
    """The newest run of a DAG, once one of after ``since`` has ended."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        runs = request(address, f"dags/{dag}/dagRuns?order_by=-run_after&limit=1")["dag_runs"]
        if runs and runs[0]["run_after"] >= since and runs[0]["state"] in ENDED:
            return dict(runs[0])
        time.sleep(2)
    raise TimeoutError(f"{dag} did not end within {WAIT_SECONDS} s")


def main(picture: Path, port: int) -> None:
    laptop = Laptop.from_env()
    with Airflow(laptop).running(Stack.embedded(laptop), port) as address:
        with step("coinlake_history, by hand") as current:
            run = request(address, "dags/coinlake_history/dagRuns", {"logical_date": None, "conf": CONF})
            history = ended(address, "coinlake_history", run["run_after"])
            current.conclude(f"{history['state']} in {history['duration']:.1f} s")
        with step("coinlake_quality, by the asset's event") as current:
            quality = ended(address, "coinlake_quality", run["run_after"])
            current.conclude(f"{quality['run_type']}: {quality['state']} in {quality['duration']:.1f} s")
        with launched() as browser, browser.new_context(viewport={"width": 1280, "height": 720}) as window:
            page = window.new_page()
            page.goto(f"{address}/dags/coinlake_history/runs/{history['dag_run_id']}", timeout=120_000)
            page.get_by_text("committed").first.wait_for(timeout=120_000)
            page.wait_for_timeout(5_000)
            page.screenshot(path=picture)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else PORT)
