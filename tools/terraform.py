"""Find Terraform and its provider: on the path, in a local mirror, or in the registry."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

MINIMUM: Final = (1, 11)
MIRROR_VARIABLE: Final = "COINLAKE_TERRAFORM_MIRROR"
HOST: Final = "registry.terraform.io"
_KEPT: Final = (
    "TF_VAR_",
    "TF_TOKEN_",
    "TF_CLI_CONFIG_FILE",
    "TF_PLUGIN_CACHE_",
    "TF_REGISTRY_",
)
PROVIDER: Final = Path(HOST, "hashicorp", "aws")


class TerraformMissing(Exception):
    """Terraform or its provider cannot be used; the message says the remedy."""


def terraform_environment(env: Mapping[str, str]) -> dict[str, str]:
    """``env`` without what makes Terraform another one: a workspace, arguments, a data folder, a log.

    Each environment has one state, in the default workspace. Variables, credentials of registries and the
    command line's configuration file stay.
    """
    return {
        name: value for name, value in env.items() if not name.startswith("TF_") or name.startswith(_KEPT)
    }


@cache
def terraform_executable() -> str:
    """The path of a Terraform that is new enough, or ``TerraformMissing``."""
    executable = shutil.which("terraform")
    if not executable:
        raise TerraformMissing(
            "terraform is not on the PATH; install Terraform 1.11 or newer "
            "(https://developer.hashicorp.com/terraform/install) and try again"
        )
    shown = subprocess.run(
        [executable, "version", "-json"],
        env=terraform_environment(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        version = json.loads(shown.stdout)["terraform_version"]
    except (ValueError, KeyError):
        raise TerraformMissing(
            f"{executable} does not answer `terraform version`; reinstall Terraform"
        ) from None
    if tuple(int(part) for part in version.split("-")[0].split(".")[:2]) < MINIMUM:
        raise TerraformMissing(
            f"terraform {version} is too old for write-only secrets; install Terraform 1.11 or newer"
        )
    return executable


def plugin_dir(env: Mapping[str, str] = os.environ, home: Path | None = None) -> Path | None:
    """A directory that mirrors the AWS provider, or None: then Terraform asks the registry.

    ``COINLAKE_TERRAFORM_MIRROR`` wins, and must hold the provider; then Terraform's own implied mirror
    directories, then any ``*/registry.terraform.io`` below /opt, /usr/share, /usr/local/share.
    """
    chosen = env.get(MIRROR_VARIABLE)
    if chosen:
        if not Path(chosen, PROVIDER).is_dir():
            raise TerraformMissing(f"{MIRROR_VARIABLE} is {chosen!r}, which has no {PROVIDER} below it")
        return Path(chosen)
    return next(
        (folder for folder in _mirror_folders(env, home or Path.home()) if (folder / PROVIDER).is_dir()), None
    )


def _mirror_folders(env: Mapping[str, str], home: Path) -> Iterator[Path]:
    yield home / ".terraform.d" / "plugins"
    shares = [env.get("XDG_DATA_HOME") or str(home / ".local" / "share")]
    shares += (env.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    for share in filter(None, shares):
        yield Path(share, "terraform", "plugins")
    for root in ("/opt", "/usr/local/share", "/usr/share"):
        yield from (mirror.parent for mirror in sorted(Path(root).glob(f"*/{HOST}")))


def init_arguments() -> list[str]:
    """What ``terraform init`` needs to find the provider here."""
    mirror = plugin_dir()
    return ["-plugin-dir", str(mirror)] if mirror else []
