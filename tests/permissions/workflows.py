"""GitHub's roles: a stack is planned and applied by them, changed, and what they asked is asked again without
each permission.

Applying anew for each of some four hundred permissions would take days. IAM decides before a service does
anything, so the same request, signed by the same role, is refused or not as it would be in the middle of a
deployment.
"""

import base64
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import requests
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from ops.local.laptop import REGION
from ops.local.ministack.request_log import VARIABLE
from ops.progress import step
from tests.permissions.evaluation import Request
from tests.permissions.lab import parsed
from tests.permissions.policies import GITHUB, Mutation, Policy, mutations, statements
from tests.permissions.proof import Evidence, How, Needs
from tests.workflows.repository import DEV, Repository, running

KEYS: Final = {
    "TF_VAR_coingecko_api_key": "CG-sentinel-permissions-0123456789",
    "TF_VAR_load_postgres_url": "postgresql://user:password@host.example.com:5432/database",
}
ENVIRONMENTS: Final = {"plan": "dev-plan", "deploy": "dev"}
SECONDS: Final = 30
NOT_SENT: Final = "MiniStack does not know the signature of a few requests that are sent again"
# A policy needs a statement; nobody is refused this.
NOTHING: Final = ({"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"},)
# What is deployed: what MiniStack decides on as AWS does (of a new network, cluster or alias it knows no
# resource); then a change of settings of everything; then what was switched on is switched off again, but for
# what a workflow never deletes.
DEPLOYMENTS: Final[dict[str, dict[str, str]]] = {
    "a first deployment": {
        "alert_emails": '["one@example.com"]',
        "dashboard_public": "false",
        "enable_dashboard": "true",
        "load": "{ postgres = { url_version = 1 } }",
        "reserved_concurrency": "{ ingest = 2 }",
    },
    "a deployment that changes settings": {
        "alert_emails": '["two@example.com"]',
        "athena_scan_limit_mb": "2000",
        "backfill_concurrency": "3",
        "coingecko_api_key_version": "2",
        "function_timeout_seconds": "50",
        "load": "{ postgres = { url_version = 1, minutes = 5 } }",
        "log_retention_days": "7",
        "raw_transition_days": "90",
        "refine_batch_minutes": "0",
        "reserved_concurrency": "{ ingest = 3 }",
    },
    "a deployment without features": {
        "alert_emails": "[]",
        "coingecko_plan": '"keyless"',
        "feeds": "{}",
        "refine_batch_minutes": "15",
        "reserved_concurrency": "{}",
    },
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of a role, and what to send to ask the same again."""

    title: str
    request: Request
    http: Mapping[str, Any]


def prove(folder: Path, evidence: Evidence) -> list[str]:
    """Add to ``evidence`` what the roles asked and what each permission shows; return what went wrong."""
    log = folder / "requests.jsonl"
    os.environ[VARIABLE] = str(log)
    with running(folder) as repository:
        asked = list(_deployments(repository, log))
        evidence.requests += [(one.title, one.request) for one in asked]
        return [problem for role in ENVIRONMENTS for problem in Replay(repository, role, asked).run(evidence)]


def _deployments(repository: Repository, log: Path) -> Iterator[Asked]:
    settings = dict(line.split("=", 1) for line in DEV.splitlines() if "=" in line)
    settings = {name.strip(): value for name, value in settings.items()}
    for number, (title, changes) in enumerate(DEPLOYMENTS.items()):
        settings |= changes
        tfvars = repository.folder / "terraform" / "environments" / "dev.tfvars"
        tfvars.write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
        if not number:
            with step("GitHub's roles"):
                repository.coinlake("bootstrap", "dev", "--github", "--yes")
        for role, arguments in (
            ("plan", ("plan", "dev", "--out", f"plan{number}", "--upload")),
            ("deploy", ("apply", "dev", "--from", f"plan{number}", "--download")),
        ):
            mark = log.stat().st_size
            with step(f"{title}: {role}"):
                digest = repository.folder / f"plan{number}.sha256"
                more = (digest.read_text().strip(),) if role == "deploy" else ()
                repository.coinlake(
                    *arguments, *more, keys=repository.assume(role, ENVIRONMENTS[role]) | KEYS
                )
            with log.open("rb") as file:
                file.seek(mark)
                lines = file.read().decode().splitlines()
            for line in lines:
                for request, allowed in parsed([line]):
                    if allowed and request.role == f"{GITHUB}{role}":
                        yield Asked(f"{title}, {role}", request, json.loads(line)["http"])


class Replay:
    """The requests of one role, sent again."""

    def __init__(self, repository: Repository, role: str, asked: Sequence[Asked]) -> None:
        self.repository, self.role = repository, role
        self.iam = repository.aws.client("iam")
        self.asked = [one for one in asked if one.request.role == f"{GITHUB}{role}"]
        self.credentials = _credentials(repository.assume(role, ENVIRONMENTS[role]))

    def run(self, evidence: Evidence) -> list[str]:
        role = f"github-coinlake-dev-{self.role}"
        attached = self.iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        documents = {one["PolicyArn"]: self._document(one["PolicyArn"]) for one in attached}
        own = {
            arn: Policy(f"{GITHUB}{self.role}", arn.rpartition("-")[2], statements(document))
            for arn, document in documents.items()
        }
        # Each with its number in the place of a scenario.
        numbered = [(How.SIMULATED, str(number), one.request) for number, one in enumerate(self.asked)]
        needs, problems = Needs(numbered, list(own.values())), []
        with step(f"{role}: its requests again, without each permission") as current:
            for arn, policy in own.items():
                raw = Policy(policy.role, policy.name, tuple(json.loads(documents[arn])["Statement"]))
                for (mutation, mutated), (_, to_put) in zip(mutations(policy), mutations(raw), strict=True):
                    if one := next(
                        (self.asked[int(number)] for _, number, _ in needs.refused(mutation, mutated)), None
                    ):
                        problem = self._refused(arn, mutation, to_put, one)
                        if problem and problem != NOT_SENT:
                            problems.append(problem)
                        elif not problem:
                            evidence.enforced[mutation.id] = one.title
                self._put(arn, raw)
            current.conclude(
                f"{sum(name.startswith(GITHUB + self.role) for name in evidence.enforced)} refused"
            )
        return problems

    def _document(self, arn: str) -> str:
        version = self.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        found = self.iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        return json.dumps(found)

    def _refused(self, arn: str, mutation: Mutation, mutated: Policy, one: Asked) -> str:
        """Send the request without the permission; what is wrong with the response, "" where nothing is."""
        self._put(arn, mutated)
        response = self._send(one.http)
        text = f"{response.text} {response.headers.get('x-amzn-errortype', '')}"
        head = one.http["method"] == "HEAD" and response.status_code == requests.codes.forbidden
        if head or one.request.action in text:
            return ""
        if "SignatureDoesNotMatch" in text:
            return NOT_SENT
        return (
            f"without {mutation.id} {one.request.action} is not refused: {response.status_code} {text[:200]}"
        )

    def _put(self, arn: str, policy: Policy) -> None:
        """Make the policy the default, in the place of the version that was."""
        old = self.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document = json.dumps({"Version": "2012-10-17", "Statement": policy.statements or NOTHING})
        self.iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)
        self.iam.delete_policy_version(PolicyArn=arn, VersionId=old)

    def _send(self, http: Mapping[str, Any]) -> requests.Response:
        query = urlencode(
            {name: value[0] if isinstance(value, list) else value for name, value in http["query"].items()}
        )
        url = f"{self.repository.aws.endpoint}{quote(http['path'])}" + (f"?{query}" if query else "")
        unsigned = AWSRequest(http["method"], url, dict(http["headers"]), base64.b64decode(http["body"]))
        signer = S3SigV4Auth if http["service"] == "s3" else SigV4Auth
        signer(self.credentials, http["service"], REGION).add_auth(unsigned)
        return requests.request(
            http["method"],
            url,
            headers=dict(unsigned.headers.items()),
            data=unsigned.body,
            verify=self.repository.aws.ca_bundle,
            timeout=SECONDS,
        )


def _credentials(keys: Mapping[str, str]) -> Credentials:
    return Credentials(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], keys["AWS_SESSION_TOKEN"])
