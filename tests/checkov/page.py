"""docs/checkov.md: the checks that are skipped, each with its reason."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ops.paths import ROOT

PAGE: Final = ROOT / "docs" / "checkov.md"
SETTINGS: Final = ROOT / "terraform" / ".checkov.yaml"
_SKIP: Final = re.compile(r"^  - (CKV2?_AWS_\d+) # (.+)$", re.MULTILINE)

_HEAD: Final = """# checkov: what is skipped, and why

[checkov](https://www.checkov.io) compares Terraform's plan with rules of good practice. `make checkov`
plans the stack with every option on, over the embedded AWS: every check passes but these, and each of these
still fails, so no skip outlives its reason. The file is written by `make checkov`.

| check | what it wants | resources | why not here |
|---|---|---|---|
"""

_TAIL: Final = """
The default plan fails some more, for what costs money and is off: a KMS key of your own
(`customer_managed_keys`), access logs (`access_log_bucket`), a web ACL, a domain and countries of the
dashboard (`dashboard_web_acl_arn`, `dashboard_domain`, `dashboard_countries`), tracing and Container
Insights (`detailed_monitoring`), private subnets of the collector (`stream.subnet_ids`; the network that
the stack makes instead has public addresses and no flow logs); and with `protect_data = false` or short
`log_retention_days`, point-in-time recovery and logs of a year.
"""


@dataclass(frozen=True, slots=True)
class Failure:
    """A check that fails, its title, and the addresses of the resources."""

    check: str
    title: str
    resources: tuple[str, ...]


def skips() -> dict[str, str]:
    """The checks that terraform/.checkov.yaml skips, and the reason of each."""
    return dict(_SKIP.findall(SETTINGS.read_text()))


def page(failures: Iterable[Failure]) -> str:
    """The page, for the failures that are skipped."""
    reasons = skips()
    rows = [
        f"| {failure.check} | {failure.title} | {len(failure.resources)} | {reasons[failure.check]} |\n"
        for failure in failures
    ]
    return _HEAD + "".join(rows) + _TAIL
