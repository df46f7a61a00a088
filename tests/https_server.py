"""A real HTTPS server on 127.0.0.1 that answers, or misbehaves, as a test tells it to."""

import ssl
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Reply:
    """One answer: ``pieces`` are sent ``delay_seconds`` apart; the length is told, true or not."""

    status: int = 200
    pieces: Iterable[bytes] = (b"[]",)
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    length: int | None = None
    delay_seconds: float = 0.0
    drip_headers: bool = False


@dataclass(frozen=True)
class ReceivedRequest:
    """A request as the server saw it."""

    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]


@dataclass
class Server:
    """The server's address, what to answer (the last reply for a path is repeated), what came."""

    port: int
    replies: dict[str, deque[Reply]] = field(default_factory=lambda: defaultdict(deque))
    requests: list[ReceivedRequest] = field(default_factory=list)
    connections: int = 0  # that got as far as TLS

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}"

    def answer(self, path: str, *replies: Reply) -> None:
        self.replies[path] = deque(replies)

    def next_reply(self, path: str) -> Reply:
        queue = self.replies.get(path)
        if not queue:
            return Reply(404, (b'{"message":"NotFound"}',))
        return queue.popleft() if len(queue) > 1 else queue[0]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_HttpsServer"

    def setup(self) -> None:
        self.request.do_handshake()
        self.server.state.connections += 1
        super().setup()

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.state.requests.append(
            ReceivedRequest(parts.path, parse_qs(parts.query), dict(self.headers))
        )
        reply = self.server.state.next_reply(parts.path)
        with suppress(OSError):  # the client hangs up on purpose
            self._send(reply)

    def _send(self, reply: Reply) -> None:
        if reply.drip_headers:
            self._drip([b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n"] * 90], reply.delay_seconds)
            return
        pieces = list(reply.pieces)
        length = sum(map(len, pieces)) if reply.length is None else reply.length
        self.send_response(reply.status)
        for name, value in {**reply.headers, "Content-Length": str(length)}.items():
            self.send_header(name, value)
        self.end_headers()
        self._drip(pieces, reply.delay_seconds)
        if reply.length is not None:
            self.close_connection = True

    def _drip(self, pieces: Iterable[bytes], delay_seconds: float) -> None:
        for piece in pieces:
            self.wfile.write(piece)
            self.wfile.flush()
            time.sleep(delay_seconds)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class _HttpsServer(ThreadingHTTPServer):
    daemon_threads = True
    state: Server

    def handle_error(self, *args: object) -> None:
        """A client that refuses the connection is what some tests want to see."""


@contextmanager
def serving(certificate: Path) -> Iterator[Server]:
    """Serve until the block ends; the file holds key and certificate."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    server = _HttpsServer((HOST, 0), Handler)
    server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.state = Server(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.state
    finally:
        server.shutdown()
        server.server_close()


def write_certificate(file: Path, *names: str) -> None:
    """A key and a self-signed certificate for 127.0.0.1 and ``names``, which is its own root."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "coinlake test")])
    now = datetime.now(UTC)
    addresses = [x509.IPAddress(ip_address(HOST)), *map(x509.DNSName, names)]
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(private + certificate.public_bytes(pem))
