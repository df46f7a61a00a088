"""What ingest reads from its environment, and what importing it loads."""

import subprocess
import sys
from pathlib import Path

import pytest

from coinlake.errors import BadConfiguration
from ingest.settings import Settings

ENVIRONMENT = {
    "RAW_BUCKET": "raw",
    "CONFIG_BUCKET": "artifacts",
    "CONFIG_KEY": "config/1.json",
    "STATE_TABLE": "state",
}
ROOT = Path(__file__).parents[3]


def test_settings_are_read_from_exactly_these_names():
    assert Settings.from_env(ENVIRONMENT) == Settings("raw", "artifacts", "config/1.json", "state")


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_a_missing_name_is_named(name):
    with pytest.raises(BadConfiguration, match=name):
        Settings.from_env({**ENVIRONMENT, name: ""})


def test_importing_the_handler_loads_no_table_library_no_source_and_no_settings():
    heavy = "{'pyarrow', 'pandas', 'awswrangler', 'numpy', 'ingest.sources.coinbase'}"
    code = f"import sys, ingest.handler; print(sorted({heavy} & set(sys.modules)))"
    path = [str(ROOT / "functions"), str(ROOT / "layers/coinlake/python")]
    environment = {"PYTHONPATH": ":".join(path), "AWS_DEFAULT_REGION": "us-east-1"}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, b"[]\n", b"")
