"""Which peers may be spoken to."""

from ipaddress import IPv4Address, IPv6Address, ip_address


def admits(address: str, *, private: bool) -> bool:
    """Whether a peer's address is public, or private and allowed.

    Link-local addresses, where clouds serve credentials, are never allowed.
    """
    peer: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(peer, IPv6Address) and peer.ipv4_mapped:
        peer = peer.ipv4_mapped
    if peer.is_link_local:
        return False
    return private or (peer.is_global and not peer.is_multicast)
