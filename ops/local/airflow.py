"""Airflow with the DAGs of ``orchestration/`` over the laptop's stack, in a virtual environment of its own.

It runs as a user that has the orchestrator's policy (terraform/orchestrator.tf) and nothing else, and imports
the planner from the wheel that a worker installs.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ops.aws import inherited_by_python
from ops.local.certificate import Certificate
from ops.local.identity import user_keys
from ops.local.laptop import LOOPBACK, REGION, Laptop
from ops.local.processes import ProcessFailed
from ops.paths import BUILD, ROOT
from ops.stack import NotDeployed, Stack
from tools.venv import Venv

ORCHESTRATION: Final = ROOT / "orchestration"
NEWEST: Final = ORCHESTRATION / "requirements" / "airflow-3.txt"
WHEELS: Final = BUILD / "orchestration"
PORT: Final = 8080  # the next two are its log servers'
START_SECONDS: Final = 300
STOP_SECONDS: Final = 30
REQUEST_SECONDS: Final = 5
POLL_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Airflow:
    """Airflow for one laptop folder: its database and logs are in ``airflow/`` there."""

    laptop: Laptop
    requirements: Path = NEWEST

    @property
    def venv(self) -> Venv:
        return Venv(BUILD / "airflow", self.requirements, "Airflow")

    @property
    def home(self) -> Path:
        return self.laptop.folder / "airflow"

    @property
    def log(self) -> Path:
        return self.laptop.logs / "airflow.log"

    def environment(self, stack: Stack) -> dict[str, str]:
        """What any of Airflow's programs needs: DAGs, planner, the lake's outputs, and keys of its own.

        ``NotDeployed`` where the stack has no policy for an orchestrator.
        """
        if not stack.orchestrator_policy:
            raise NotDeployed(
                "the embedded stack has no policy for Airflow; `coinlake up` deploys it with this version"
            )
        certificate = Certificate.ensure(self.laptop.tls)
        keys = user_keys(stack, "coinlake-airflow-laptop", attached=stack.orchestrator_policy)
        return {
            **inherited_by_python(os.environ),
            **certificate.variables(),
            **keys,
            "AWS_DEFAULT_REGION": REGION,  # boto3 does not read AWS_REGION
            "AWS_ENDPOINT_URL": self.laptop.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "PATH": f"{self.venv.bin}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "PYTHONPATH": str(planner_wheel()),
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
            "AIRFLOW_VAR_COINLAKE": json.dumps(stack.outputs()),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ORCHESTRATION / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        }

    @contextmanager
    def running(self, stack: Stack, port: int) -> Iterator[str]:
        """All of Airflow on ``port`` of this machine, without a login; its address. Stops it at the end."""
        for offset in range(3):
            self.laptop.require_free(port + offset)
        address = f"http://{LOOPBACK}:{port}"
        env = self.environment(stack) | {
            "AIRFLOW__API__HOST": LOOPBACK,
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__BASE_URL": address,
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",  # 5 s are too few for a busy laptop
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(port + 1),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(port + 2),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__CORE__PARALLELISM": "4",
        }
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            server = subprocess.Popen(
                [str(self.venv.bin / "airflow"), "standalone"],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # its many processes are one group, ended together
            )
        try:
            self._wait(server, f"{address}/api/v2/monitor/health")
            yield address
        finally:
            _end(server)

    def _wait(self, server: subprocess.Popen[bytes], health: str) -> None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if server.poll() is not None:
                raise ProcessFailed(f"Airflow stopped at once; its log is {self.log}")
            with suppress(OSError), opener.open(health, timeout=REQUEST_SECONDS) as response:
                states = json.load(response)
                if all(states[part]["status"] == "healthy" for part in ("scheduler", "dag_processor")):
                    return
            time.sleep(POLL_SECONDS)
        raise ProcessFailed(f"Airflow was not ready within {START_SECONDS} s; its log is {self.log}")


def planner_wheel() -> Path:
    """The wheel of ``orchestration/pyproject.toml``, made anew: Python imports from it as it is."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-build-isolation", "--wheel-dir", str(WHEELS), str(ORCHESTRATION)]
    subprocess.run(command, check=True)
    return next(WHEELS.glob("*.whl"))


def _end(server: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(server.pid, number)
        with suppress(subprocess.TimeoutExpired):
            server.wait(STOP_SECONDS)
