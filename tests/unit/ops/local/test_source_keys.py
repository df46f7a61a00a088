"""The keys that the laptop's simulator grants."""

import json

from ops.local.laptop import Laptop
from ops.local.lifecycle import granted_keys, machine_variables
from ops.local.source_keys import SourceKeys
from simulator.__main__ import parser


def test_keys_are_random_and_stay_until_the_laptop_is_wiped(tmp_path):
    laptop, other = Laptop(tmp_path / "a", 6000), Laptop(tmp_path / "b", 6000)
    for one in (laptop, other):
        one.claim()
        SourceKeys.of(one).save()
    keys = SourceKeys.of(laptop)
    assert set(keys.keys) == {"coincap", "coindesk"}
    assert all(len(key) >= 32 for key in keys.keys.values())
    assert SourceKeys.of(laptop) == keys
    assert not set(keys.keys.values()) & set(SourceKeys.of(other).keys.values())
    laptop.wipe()
    assert not laptop.folder.exists()


def test_keys_made_anew_have_a_higher_version_so_that_terraform_writes_them(tmp_path):
    laptop = Laptop(tmp_path, 6000)
    (tmp_path / "source_keys.json").write_text(json.dumps({"version": 7, "keys": {"coincap": "k"}}))
    made = SourceKeys.of(laptop)
    assert set(made.keys) == {"coincap", "coindesk"}
    assert made.version > 7
    (tmp_path / "source_keys.json").write_text("damaged")
    assert set(SourceKeys.of(laptop).keys) == {"coincap", "coindesk"}


def test_only_the_owner_reads_them_and_the_simulator_takes_them_from_the_file(tmp_path):
    keys = SourceKeys.of(Laptop(tmp_path, 6000))
    keys.save()
    file = tmp_path / "source_keys.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert parser().parse_args(["--keys", str(file)]).keys == keys.keys


def test_they_are_in_terraforms_environment_and_in_no_variable_file_or_text(tmp_path, monkeypatch):
    monkeypatch.setenv("TF_VAR_coincap_api_key", "of-the-user")
    laptop = Laptop(tmp_path, 6000)
    keys = SourceKeys.of(laptop)
    keys.save()
    secret = keys.keys["coincap"]
    assert granted_keys(laptop, live=False)["TF_VAR_coincap_api_key"] == secret
    assert granted_keys(laptop, live=True) == {}
    variables = machine_variables(laptop, live=False)
    assert variables["coincap_api_key_version"] == keys.version
    assert secret not in json.dumps(variables) + repr(keys)
    assert not [name for name in machine_variables(laptop, live=True) if "key" in name]
