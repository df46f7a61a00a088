"""The files a user edits, terraform/environments/<env>.tfvars, checked before Terraform runs.

Terraform only warns of a misspelt name and then ignores the setting, and it would take a secret
from the file; what a value may be is said by the validations in terraform/variables.tf.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import hcl2
from lark.exceptions import LarkError, UnexpectedInput

from coinlake.errors import BadConfiguration
from coinlake.sources import catalog
from ops.paths import ROOT
from ops.spelling import did_you_mean

TERRAFORM: Final = ROOT / "terraform"
SECRETS: Final = {
    f"{name}_api_key"
    for name, source in catalog().items()
    if any(plan.key_header for plan in source.plans.values())
}


@dataclass(frozen=True, slots=True)
class Settings:
    """One environment's file and its values, with the defaults of the variables it leaves out."""

    path: Path
    values: Mapping[str, Any]

    @classmethod
    def load(cls, environment: str, folder: Path = TERRAFORM) -> Self:
        """``BadConfiguration``: config_not_found, config_syntax, config_unknown_key, secret_in_config."""
        path = folder / "environments" / f"{environment}.tfvars"
        if not path.is_file():
            known = sorted(file.stem for file in path.parent.glob("*.tfvars"))
            raise BadConfiguration(
                f"config_not_found: there is no {path.name} in {path.parent}"
                f"{did_you_mean(environment, known)}; the environments are {', '.join(known) or 'none yet'}"
            )
        defaults = {
            name: value for file in folder.glob("variables*.tf") for name, value in _defaults(file).items()
        }
        given = _parsed(path)
        for name in given:
            _check_name(name, path, defaults)
        return cls(path, {**defaults, **given})


def _check_name(name: str, path: Path, defaults: Mapping[str, Any]) -> None:
    if name not in defaults:
        raise BadConfiguration(
            f"config_unknown_key: {path.name} sets {name[:80]!r}, which is no variable"
            f"{did_you_mean(name, defaults)}; terraform/variables.tf lists them"
        )
    if name in SECRETS:
        raise BadConfiguration(
            f"secret_in_config: {path.name} holds {name}; remove it there, and pass it as the "
            f"environment variable TF_VAR_{name}, so that no file keeps it"
        )


def _defaults(path: Path) -> dict[str, Any]:
    blocks = [block for entry in _parsed(path).get("variable", ()) for block in entry.items()]
    return {_plain(name): _plain(block.get("default")) for name, block in blocks}


def _parsed(path: Path) -> dict[str, Any]:
    try:
        parsed = hcl2.loads(path.read_text())
    except UnexpectedInput as error:
        raise BadConfiguration(
            f"config_syntax: {path.name} line {error.line}, column {error.column} is not Terraform's "
            "language; correct that line"
        ) from None
    except (LarkError, ValueError) as error:
        raise BadConfiguration(f"config_syntax: {path.name} cannot be read: {str(error)[:80]}") from None
    # python-hcl2 adds keys of its own, which begin with two underscores
    return {_plain(name): _plain(value) for name, value in parsed.items() if not name.startswith("__")}


def _plain(value: Any) -> Any:
    """python-hcl2 keeps the quotes of a string, at every depth."""
    match value:
        case dict():
            return {_plain(name): _plain(entry) for name, entry in value.items()}
        case list():
            return [_plain(entry) for entry in value]
        case str():
            return value[1:-1] if value[:1] == value[-1:] == '"' else value
    return value
