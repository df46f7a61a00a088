"""How PostgreSQL is reached, and what a user reads when it is not."""

from urllib.parse import parse_qs, urlsplit

import adbc_driver_manager
import pytest

from coinlake.errors import BadConfiguration, StoreUnavailable
from load.targets.postgres import connect_error, secure_url, to_error


def _options(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(secure_url(url, "/ca.pem")).query)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@db.example.com:5432/lake",
        "postgres://u:p@10.0.0.5/lake?sslmode=disable",
        "postgresql://u:p@db.example.com/lake?sslrootcert=/other.pem&sslmode=require",
        "postgresql://u:p@localhost/lake?host=db.example.com",
        "postgresql://u:p@localhost/lake?hostaddr=10.0.0.5",
        "postgresql://u:p@localhost,db.example.com/lake",
    ],
)
def test_a_server_elsewhere_is_reached_by_tls_that_is_verified_whatever_the_url_says(url: str) -> None:
    options = _options(url)
    assert (options["sslmode"], options["sslrootcert"]) == (["verify-full"], ["/ca.pem"])


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@127.0.0.1:5432/lake",
        "postgresql://u:p@[::1]/lake",
        "postgresql://u@/lake?host=/tmp/pg",
    ],
)
def test_loopback_and_a_socket_need_no_tls(url: str) -> None:
    options = _options(url)
    assert "sslmode" not in options
    assert options["connect_timeout"] == ["10"]


def test_other_options_of_the_url_stay_as_they_are() -> None:
    url = secure_url("postgresql://u@/lake?host=/tmp/a%20b&options=-csearch_path%3Dx", "/ca.pem")
    assert "host=/tmp/a%20b&options=-csearch_path%3Dx" in url


@pytest.mark.parametrize(
    "url", ["", "mysql://u:secret@h/d", "postgresql://u:secret@h", "postgresql://[u:secret"]
)
def test_what_is_no_url_of_postgresql_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(BadConfiguration, match="is not postgresql://user:password@host") as caught:
        secure_url(url, "/ca.pem")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ('FATAL:  password authentication failed for user "u"', "its password or user is wrong"),
        ('FATAL:  database "nope" does not exist', "there is no such database"),
        ('FATAL:  no pg_hba.conf entry for host "1.2.3.4", user "u"', "add an entry"),
        ('could not translate host name "h" to address', "the host's name is unknown"),
        ("SSL error: certificate verify failed", "set ca_parameter"),
        ('server certificate for "a" does not match host name "b"', "for another name"),
        ("server does not support SSL, but SSL was required", "switch ssl on"),
    ],
)
def test_a_connection_that_fails_for_good_has_a_remedy(words: str, remedy: str) -> None:
    error = connect_error(_error(f"IO: [libpq] Failed to connect: {words}"), "load quotes")
    assert isinstance(error, BadConfiguration)
    assert remedy in str(error)


def test_a_server_that_is_down_may_be_tried_again() -> None:
    error = connect_error(_error('connection to server at "h" failed: Connection refused'), "load quotes")
    assert isinstance(error, StoreUnavailable)


@pytest.mark.parametrize(
    ("state", "kind", "words"),
    [
        ("42501", BadConfiguration, "the role lacks a right: GRANT"),
        ("53100", StoreUnavailable, "the disk is full: enlarge it"),
        ("55P03", StoreUnavailable, "another load of this partition"),
        ("57P01", StoreUnavailable, "SQLSTATE 57P01"),
        ("22003", BadConfiguration, "SQLSTATE 22003: ERROR: out of range"),
        (None, StoreUnavailable, "the connection to the database broke"),
    ],
)
def test_a_statement_that_fails_says_what_to_do(state: str | None, kind: type[Exception], words: str) -> None:
    error = to_error(_error("ERROR: out of range\nDETAIL: password=hunter2", state), "load quotes")
    assert type(error) is kind
    assert str(error).startswith("could not load quotes: ")
    assert words in str(error)
    assert "hunter2" not in str(error)


def _error(words: str, state: str | None = None) -> adbc_driver_manager.Error:
    return adbc_driver_manager.OperationalError(
        words, status_code=adbc_driver_manager.AdbcStatusCode.IO, sqlstate=state
    )
