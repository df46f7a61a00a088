"""An AWS account and region, embedded or real, as boto3 and Terraform reach it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import boto3
import botocore.session
from botocore.config import Config
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES

from coinlake.errors import BadConfiguration
from ops.local.certificate import Certificate
from ops.local.laptop import ACCOUNT, REGION, Laptop

DEFAULT_CONFIG: Final = Config(
    retries={"mode": "standard", "max_attempts": 5}, connect_timeout=5, read_timeout=60
)
# A function runs for up to 15 minutes, and asked again because it is slow it would run twice.
LAMBDA_CONFIG: Final = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=910)

LOOPBACK_NAMES: Final = ("127.0.0.1", "localhost")


@dataclass(frozen=True, slots=True)
class Aws:
    """``environment`` is what a child process, Terraform, needs to reach the same place."""

    session: boto3.Session
    region: str
    environment: Mapping[str, str]
    endpoint: str | None = None
    ca_bundle: str | None = None
    clients: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def embedded(cls, laptop: Laptop) -> Self:
        """The laptop's own AWS. Profiles and keys of the user's real accounts never reach it."""
        certificate = Certificate.ensure(laptop.tls)
        keys = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "laptop"}
        # A profile, a file or a setting of the environment would count even beside explicit keys.
        defaults = {
            name: (None, None, default, conversion)
            for name, (_, _, default, conversion) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
        }
        unset = dict.fromkeys(("profile", "config_file", "credentials_file"), (None, None, None, None))
        plain = botocore.session.Session(session_vars=defaults | unset)
        return cls(
            session=boto3.Session(**keys, region_name=REGION, botocore_session=plain),
            region=REGION,
            environment={
                **inherited(os.environ),
                **{name.upper(): value for name, value in keys.items()},
                **certificate.variables(),
                "AWS_REGION": REGION,
                "AWS_ENDPOINT_URL": laptop.endpoint,
                "AWS_EC2_METADATA_DISABLED": "true",
            },
            endpoint=laptop.endpoint,
            ca_bundle=str(certificate.bundle),
        )

    @classmethod
    def real(cls, region: str | None = None) -> Self:
        """The account of the usual AWS chain: environment, profile, SSO, role."""
        session = boto3.Session(region_name=region or os.environ.get("AWS_REGION"))
        if not session.region_name:
            raise BadConfiguration(
                "no_region: no AWS region is set; set AWS_REGION, for example AWS_REGION=eu-west-1"
            )
        environment = {**os.environ, "AWS_REGION": session.region_name}
        return cls(session, session.region_name, environment)

    def client(self, service: str) -> Any:
        if service not in self.clients:
            self.clients[service] = self.session.client(
                service,
                region_name=self.region,
                endpoint_url=self.endpoint,
                verify=self.ca_bundle,
                config=self._config(LAMBDA_CONFIG if service == "lambda" else DEFAULT_CONFIG),
            )
        return self.clients[service]

    @property
    def is_embedded(self) -> bool:
        return self.endpoint is not None

    @property
    def partition(self) -> str:
        """``aws``, ``aws-cn`` or ``aws-us-gov``: what ARNs of this region begin with."""
        return str(self.session.get_partition_for_region(self.region))

    def _config(self, config: Config) -> Config:
        """A proxy of the environment never stands before the embedded AWS."""
        return config.merge(Config(proxies={})) if self.is_embedded else config

    def account(self) -> str:
        """The account's number; the cheapest call that proves the credentials."""
        return str(self.client("sts").get_caller_identity()["Account"])


def inherited(env: Mapping[str, str]) -> dict[str, str]:
    """``env`` for a process of the laptop's stack: nothing in it leads to another account, or this machine's
    own addresses to a proxy."""
    kept = {name: value for name, value in env.items() if not name.startswith("AWS_")}
    excepted = env.get("no_proxy") or env.get("NO_PROXY") or ""
    if excepted.strip() != "*":
        excepted = ",".join(filter(None, [excepted.strip(" ,"), *LOOPBACK_NAMES]))
    return kept | {"no_proxy": excepted, "NO_PROXY": excepted}


def inherited_by_python(env: Mapping[str, str]) -> dict[str, str]:
    """``inherited`` for an interpreter that has its own path and settings."""
    return {name: value for name, value in inherited(env).items() if not name.startswith("PYTHON")}
