"""The options of ``python -m simulator``."""

import pytest

from simulator import __main__ as command
from simulator.quotas import Quotas


@pytest.fixture
def started(monkeypatch):
    """What the application was created with."""
    calls = {}
    monkeypatch.setattr(command, "create_app", lambda seed, quotas: calls.update(seed=seed, quotas=quotas))
    monkeypatch.setattr(command.uvicorn, "run", lambda _, **options: calls.update(options))
    return calls


def test_keys_limits_and_credits_are_named_by_source(started):
    command.main(
        ["--key", "coincap=a=b", "--key", "coingecko-pro=p", "--limit", "binance=0", "--credits", "coincap=7"]
    )
    assert started["quotas"] == Quotas(
        keys={"coincap": "a=b", "coingecko-pro": "p"}, limits={"binance": 0}, credits={"coincap": 7}
    )
    assert (started["seed"], started["port"]) == (1, 8470)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--keys", "/no/such/file"], "is no JSON file with keys by source"),
        (["--key", "coincap"], "'coincap' is not of the form source=value"),
        (["--key", "nobody=x"], "there is no source 'nobody'; the sources are alternative_me, "),
        (["--limit", "binance=many"], "--limit and --credits take whole numbers"),
    ],
)
def test_a_bad_option_is_refused_with_a_sentence(options, message, started, capsys):
    with pytest.raises(SystemExit):
        command.main(options)
    assert message in capsys.readouterr().err
    assert not started
