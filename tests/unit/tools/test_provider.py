from pathlib import Path

import pytest

from tools.provider import VARIABLE, offline_environment, provider_process
from tools.terraform import PROVIDER, TerraformMissing

SERVES = r"""echo $$ > "$0.pid"
echo "Provider started. To attach Terraform CLI, set:"
echo "        TF_REATTACH_PROVIDERS='{\"aws\":{}}'"
exec sleep 600"""


def initialised(root: Path, script: str) -> Path:
    folder = root / ".terraform" / "providers" / PROVIDER / "5.100.0" / "linux_amd64"
    folder.mkdir(parents=True)
    program = folder / "terraform-provider-aws_v5.100.0_x5"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def test_the_provider_serves_until_the_block_ends(tmp_path: Path):
    program = initialised(tmp_path, SERVES)
    with provider_process(tmp_path) as attached:
        assert attached == {VARIABLE: '{"aws":{}}'}
    pid = int(program.with_name(f"{program.name}.pid").read_text())
    assert not Path(f"/proc/{pid}").exists()


def test_a_provider_that_serves_nothing_is_named(tmp_path: Path):
    initialised(tmp_path, "echo no; exit 3")
    with pytest.raises(TerraformMissing, match="ended with 3"), provider_process(tmp_path):
        pass


def test_without_a_provider_the_remedy_is_named(tmp_path: Path):
    with pytest.raises(TerraformMissing, match="run terraform init"), provider_process(tmp_path):
        pass


def test_offline_nothing_of_an_account_is_told(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("TF_VAR_coincap_api_key", "secret")
    assert not {"AWS_PROFILE", "TF_VAR_coincap_api_key"} & set(offline_environment())
