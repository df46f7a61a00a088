"""The live collector as a process of this machine: with its task's environment, and with the
permissions of its task's role and no others, so that here, too, one that is missing shows."""

import json
import os
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any, Final

from coinlake.errors import CoinlakeError
from ops.aws import inherited_by_python
from ops.local.certificate import Certificate
from ops.local.identity import user_keys
from ops.local.laptop import Laptop
from ops.local.processes import Process
from ops.local.simulator import Simulator
from ops.paths import ROOT
from ops.stack import Stack

START_SECONDS: Final = 120
REQUEST_SECONDS: Final = 5
STOP_SECONDS: Final = 60  # as the task has
CODE: Final = (ROOT / "functions", ROOT / "layers" / "coinlake" / "python")


class CollectorUnavailable(CoinlakeError):
    """The stack was deployed without a collector, or it does not answer."""


@dataclass(frozen=True, slots=True)
class Collector:
    """The collector of one laptop folder. Its spool is there too, so what a crash left is sent later."""

    laptop: Laptop

    @property
    def process(self) -> Process:
        """It sends what it holds when asked to end, so it gets the time."""
        return Process("stream", self.laptop.folder, grace_seconds=STOP_SECONDS)

    def start(self, stack: Stack, *, live: bool) -> None:
        """Start it anew, listening to the simulator or, ``live``, to the exchanges."""
        self.process.stop()
        self.laptop.require_free(self.laptop.stream_port)
        command = [sys.executable, "-m", "stream"]
        self.process.start(command, self._environment(stack, live=live), self._is_ready, START_SECONDS)

    def totals(self) -> dict[str, Any]:
        """What it counted since its start, and what it holds: ``stream.health``."""
        totals: dict[str, Any] = self._request("healthz")
        return totals

    def streams(self) -> list[dict[str, Any]]:
        """Each stream's newest price and count of frames."""
        streams: list[dict[str, Any]] = self._request("streams")
        return streams

    def _environment(self, stack: Stack, *, live: bool) -> dict[str, str]:
        if not stack.stream:
            raise CollectorUnavailable(
                "the stack has no live collector; "
                "set enable_stream = true in terraform/environments/local.tfvars"
            )
        simulated = {"URLS": json.dumps(Simulator(self.laptop).stream_urls()), "PRIVATE_SOURCES": "true"}
        return {
            **inherited_by_python(os.environ),
            **Certificate.ensure(self.laptop.tls).variables(),
            **stack.stream["environment"],
            **_credentials(stack),
            "AWS_ENDPOINT_URL": self.laptop.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "SPOOL_DIR": str(self._spool()),
            "HEALTH_PORT": str(self.laptop.stream_port),
            "PYTHONPATH": os.pathsep.join(str(folder) for folder in CODE),
            **({} if live else simulated),
        }

    def _spool(self) -> str:
        spool = self.laptop.folder / "spool"
        spool.mkdir(parents=True, exist_ok=True)
        return str(spool)

    def _is_ready(self) -> bool:
        try:
            self.totals()
        except CollectorUnavailable:
            return False
        return True

    def _request(self, path: str) -> Any:
        """Its response, also where it reports that it is unhealthy."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        url = f"http://127.0.0.1:{self.laptop.stream_port}/{path}"
        try:
            with opener.open(url, timeout=REQUEST_SECONDS) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            return json.load(error)
        except OSError as error:
            raise CollectorUnavailable(
                f"the collector does not answer; its log is {self.process.log}"
            ) from error


def _credentials(stack: Stack) -> dict[str, str]:
    """Keys of a user of the embedded AWS that may do exactly what the task's role may.

    Only tasks may take on the role itself; Terraform says so, and MiniStack keeps to it.
    """
    iam, role = stack.aws.client("iam"), stack.stream["task_role"].rpartition("/")[2]
    policies = {
        name: json.dumps(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    return user_keys(stack, f"{role}-laptop", inline=policies)
