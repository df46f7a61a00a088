"""Which peers a connection may reach."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.connections import Guard

PUBLIC = ["104.18.32.1", "8.8.8.8", "2606:4700::6812:2001", "64:ff9b::808:808", "::ffff:8.8.8.8"]
PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - nothing binds to it
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "::1",
    "::",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
]
LINK_LOCAL = ["169.254.169.254", "169.254.170.2", "fe80::1", "fe80::1%eth0", "::ffff:169.254.169.254"]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_reached(address):
    assert Guard(private=False).admits(address)


@pytest.mark.parametrize("address", PRIVATE + LINK_LOCAL)
def test_an_address_that_is_not_public_is_not_reached(address):
    assert not Guard(private=False).admits(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "::1", "::ffff:127.0.0.1"])
def test_a_simulator_may_be_private(address):
    assert Guard(private=True).admits(address)


@pytest.mark.parametrize("address", LINK_LOCAL)
def test_an_address_that_serves_credentials_is_never_reached(address):
    assert not Guard(private=True).admits(address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_in_all_its_spellings(address):
    guard = Guard(private=False)
    number = int(address)
    mapped = f"::ffff:{address}"
    translated = f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}"
    assert guard.admits(str(address)) == guard.admits(mapped) == guard.admits(translated)
