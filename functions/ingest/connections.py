"""TLS connections that only reach public hosts and never outlive their deadline.

An ``HTTPAdapter`` is used without a ``Session``: no redirect is followed, and no cookie,
netrc entry or proxy of the environment takes part. The only file that knows urllib3's inside.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Final

from requests.adapters import HTTPAdapter
from urllib3 import HTTPSConnectionPool
from urllib3.connection import HTTPSConnection

from coinlake.errors import SourceRefused

_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052: the last four bytes are an IPv4 address


class Guard:
    """What each connection of one client asks: is this peer allowed, and is there time left?

    A socket's timeout bounds each wait, not their sum, so a server that drips a byte a second
    would hold us for ever; at the deadline the guard shuts the socket, which ends any read.
    """

    def __init__(self, *, private: bool) -> None:
        self.private = private
        self.expired = False
        self._socket: socket.socket | None = None

    def watch(self, connected: socket.socket) -> None:
        """The connection that the deadline ends; a reused one stays watched."""
        self._socket = connected
        if self.expired:
            self._shut()

    @contextmanager
    def deadline(self, seconds: float) -> Iterator[None]:
        """Let the block's reads last ``seconds`` in all; ``expired`` says whether they were cut."""
        self.expired = False
        timer = threading.Timer(seconds, self._expire)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _expire(self) -> None:
        self.expired = True
        self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):  # the peer may have closed it at the same moment
                # Not SSLSocket.shutdown: it drops the TLS state under the thread that reads.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def admits(self, address: str) -> bool:
        """Whether a peer's address is public, or private and allowed.

        Link-local addresses, where clouds serve credentials, are never allowed.
        """
        peer = _ipv4_inside(ip_address(address))
        if peer.is_link_local:
            return False
        return self.private or (peer.is_global and not peer.is_multicast)


class GuardedConnection(HTTPSConnection):
    """Checks its peer after connecting, so that no DNS answer leads to a private address."""

    guard: Guard

    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        address = connected.getpeername()[0]
        if not self.guard.admits(address):
            connected.close()
            raise SourceRefused(
                f"{self.host} leads to {address}, which is not a public address; "
                "correct source_urls, or set private_sources = true for a simulator"
            )
        return connected

    def connect(self) -> None:
        super().connect()
        self.guard.watch(self.sock)


class GuardedAdapter(HTTPAdapter):
    """requests' adapter over guarded connections; it can speak nothing but https."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        connection = type("Connection", (GuardedConnection,), {"guard": self._guard})
        pool = type("Pool", (HTTPSConnectionPool,), {"ConnectionCls": connection})
        self.poolmanager.pool_classes_by_scheme = {"https": pool}


def _ipv4_inside(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address stands for, if it stands for one."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
