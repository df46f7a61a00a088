"""Free ports for a laptop of the tests' own."""

import socket


def free_ports() -> int:
    """The first of three neighbouring free ports: the embedded AWS, the simulator, the live collector."""
    while True:
        with socket.socket() as first, socket.socket() as second, socket.socket() as third:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
                third.bind(("127.0.0.1", port + 2))
            except OSError:
                continue
            return int(port)
