"""Which addresses the HTTP client and the websockets may reach."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake.http import admits

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
    "64:ff9b:1::808:808",
    "2002:7f00:1::",
]
CREDENTIALS = [
    "169.254.169.254",
    "169.254.170.2",
    "fe80::1",
    "fe80::1%eth0",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::",
    "fd00:ec2::254",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_admitted(address):
    assert admits(address, private=False)


@pytest.mark.parametrize("address", PRIVATE + CREDENTIALS)
def test_an_address_that_is_not_public_is_refused(address):
    assert not admits(address, private=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "::1", "::ffff:127.0.0.1"])
def test_a_private_address_is_admitted_for_a_simulator(address):
    assert admits(address, private=True)


@pytest.mark.parametrize("address", CREDENTIALS)
def test_an_address_that_serves_credentials_is_always_refused(address):
    assert not admits(address, private=True)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_treated_the_same_in_every_spelling(address):
    number = int(address)
    mapped = f"::ffff:{address}"
    translated = f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}"
    spellings = (str(address), mapped, translated)
    assert len({admits(spelling, private=False) for spelling in spellings}) == 1
