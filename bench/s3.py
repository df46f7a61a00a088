"""As little of S3 and Glue as the bench needs, in memory, over connections that stay open as S3's do.

Moto closes each connection and takes milliseconds for a call: that would hide what is measured.
"""

import hashlib
import json
import os
import sys
import threading
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from bench.measure import cores

KEPT: Final = ("x-amz-meta-", "content-type")


class Handler(BaseHTTPRequestHandler):
    """Objects by path; an upload's parts by path and number until it is completed."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer's head and body in one packet
    objects: Final[dict[str, tuple[bytes, dict[str, str]]]] = {}
    uploads: Final[dict[str, dict[int, bytes]]] = {}
    tables: Final[dict[str, Any]] = {}

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        if "list-type" in query:
            self._send_listing(query.get("prefix", [""])[0])
        else:
            self._send_object(body=True)

    def do_HEAD(self) -> None:
        self._send_object(body=False)

    def do_PUT(self) -> None:
        url, body = urlsplit(self.path), self._body()
        number = parse_qs(url.query).get("partNumber")
        if number:
            self.uploads[url.path][int(number[0])] = body
        else:
            kept = {name: value for name, value in self.headers.items() if name.lower().startswith(KEPT)}
            self.objects[url.path] = (body, kept)
        self._respond(200, {"ETag": _etag(body)})

    def do_POST(self) -> None:
        url, body = urlsplit(self.path), self._body()
        if target := self.headers.get("X-Amz-Target"):
            self._answer(target.removeprefix("AWSGlue."), body)
            return
        if url.query.startswith("uploads"):
            self.uploads[url.path] = {}
            self._respond(200, body=_xml("InitiateMultipartUploadResult", UploadId="bench"))
            return
        parts = self.uploads.pop(url.path)
        body = b"".join(parts[number] for number in sorted(parts))
        self.objects[url.path] = (body, {})
        self._respond(200, body=_xml("CompleteMultipartUploadResult", ETag=_etag(body)))

    def _answer(self, operation: str, request: bytes) -> None:
        """Glue has a table once it is made; all else, as DynamoDB's, is done, and nothing found."""
        if operation in ("CreateTable", "UpdateTable"):
            table = json.loads(request)["TableInput"]
            self.tables[table["Name"]] = table
        if operation != "GetTable":
            self._respond(200, body=b'{"Responses":{}}')
        elif table := self.tables.get(json.loads(request)["Name"]):
            self._respond(200, body=json.dumps({"Table": table}).encode())
        else:
            self._respond(400, body=b'{"__type":"EntityNotFoundException"}')

    def do_DELETE(self) -> None:
        self.objects.pop(urlsplit(self.path).path, None)
        self._respond(204)

    def handle_expect_100(self) -> bool:
        """Say go on at once; botocore waits a second for it."""
        go_on = super().handle_expect_100()
        self.wfile.flush()
        return go_on

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def _send_object(self, *, body: bool) -> None:
        stored = self.objects.get(urlsplit(self.path).path)
        if stored is None:
            self._respond(404, body=_xml("Error", Code="NoSuchKey") if body else b"")
            return
        content, kept = stored
        head = {"ETag": _etag(content), "Last-Modified": formatdate(usegmt=True), **kept}
        self._respond(200, head, content, send=body)

    def _send_listing(self, prefix: str) -> None:
        """All keys of the bucket that start so, in one page: what is benched lists little."""
        start = f"{urlsplit(self.path).path.rstrip('/')}/{prefix}"
        paths = sorted(unquote(path) for path in self.objects if unquote(path).startswith(start))
        keys = [path.split("/", 2)[2] for path in paths]
        entries = "".join(
            f"<Contents><Key>{key}</Key><LastModified>2026-11-21T00:00:00Z</LastModified></Contents>"
            for key in keys
        )
        self._respond(200, body=f"<ListBucketResult>{entries}</ListBucketResult>".encode())

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _respond(
        self, status: int, head: dict[str, str] | None = None, body: bytes = b"", *, send: bool = True
    ) -> None:
        self.send_response(status)
        for name, value in {**(head or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if send:
            self.wfile.write(body)


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


def _xml(name: str, **fields: str) -> bytes:
    inner = "".join(f"<{field}>{value.strip(chr(34))}</{field}>" for field, value in fields.items())
    return f"<{name}>{inner}</{name}>".encode()


def main() -> None:
    """Serve until standard input closes, as it does when the bench ends in any way."""
    os.sched_setaffinity(0, {cores()[1]})
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
