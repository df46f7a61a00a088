"""The embedded AWS: MiniStack in its own virtual environment, on loopback, with TLS and IAM."""

import os
import shutil
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ops.aws import inherited_by_python
from ops.local.certificate import Certificate
from ops.local.laptop import REGION, Laptop
from ops.local.ministack.glue_runs import PYTHON as SPARK_PYTHON
from ops.local.ministack.venv import ministack_venv
from ops.local.processes import Process, ProcessFailed
from ops.local.spark import spark_venv
from tools.venv import Venv

LAUNCHER: Final = Path(__file__).resolve().parent / "ministack" / "launcher.py"
START_SECONDS: Final = 180
PROBE_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Emulator:
    """MiniStack for one laptop folder; its state is in ``aws/`` there and survives a restart."""

    laptop: Laptop
    venv: Venv = field(default_factory=ministack_venv)

    @property
    def process(self) -> Process:
        """It saves its state when asked to end, so it gets the time."""
        return Process("ministack", self.laptop.folder)

    def start(self) -> None:
        """Start MiniStack unless it runs; raises ``ProcessFailed``."""
        if self.process.pid():
            if not self._is_ready():
                raise ProcessFailed(
                    f"MiniStack runs, but not on {self.laptop.endpoint}; run `coinlake down` first"
                )
            return
        self.laptop.require_free(self.laptop.port)
        certificate = Certificate.ensure(self.laptop.tls)
        command = [str(self.venv.python), str(LAUNCHER)]
        self._empty_scratch()
        self.process.start(command, self._environment(certificate), self._is_ready, START_SECONDS)

    def stop(self) -> bool:
        """Stop MiniStack; whether it ran."""
        stopped = self.process.stop()
        shutil.rmtree(self._scratch, ignore_errors=True)
        return stopped

    @property
    def _scratch(self) -> Path:
        """Where functions and their layers are unpacked. A worker that is killed leaves its code, so they
        must not lie in the machine's own temporary folder."""
        return self.laptop.folder / "tmp"

    def _empty_scratch(self) -> None:
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._scratch.mkdir(parents=True)

    def _environment(self, certificate: Certificate) -> dict[str, str]:
        """MiniStack's settings, which its functions' processes inherit."""
        state = self.laptop.folder / "aws"
        return {
            **inherited_by_python(os.environ),
            **certificate.variables(),
            "TZ": "UTC",  # Lambda's and Athena's time zone
            "TMPDIR": str(self._scratch),
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.laptop.port),
            "MINISTACK_REGION": REGION,
            "AUTH": "true",
            "USE_SSL": "1",
            "MINISTACK_SSL_CERT": str(certificate.chain),
            "MINISTACK_SSL_KEY": str(certificate.key),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "PERSIST_STATE": "1",
            "S3_PERSIST": "1",
            "STATE_DIR": str(state / "state"),
            "S3_DATA_DIR": str(state / "s3"),
            SPARK_PYTHON: str(spark_venv().python),
        }

    def _is_ready(self) -> bool:
        return is_reachable(f"{self.laptop.endpoint}/_ministack/health", Certificate.ensure(self.laptop.tls))


def is_reachable(url: str, certificate: Certificate) -> bool:
    """Whether a server answers there at all, over TLS that the certificate vouches for."""
    try:
        with tls_opener(certificate).open(url, timeout=PROBE_SECONDS):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def tls_opener(certificate: Certificate) -> urllib.request.OpenerDirector:
    """A client for this machine's own servers: no proxy, our certificate."""
    trust = ssl.create_default_context(cafile=str(certificate.bundle))
    return urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust)
    )
