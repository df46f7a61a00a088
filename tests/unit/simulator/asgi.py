"""A client that asks an ASGI application without a network; the clock stands still unless moved."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from simulator.app import create_app
from simulator.quotas import Quotas
from simulator.sources import names

NOW = 1_795_132_857.504  # 2026-11-20T00:00:57.504Z, the moment of the published samples
COINGECKO = "/coingecko/api/v3"
NO_LIMITS = dict.fromkeys(names(), 0)
UNLIMITED = Quotas(limits=NO_LIMITS, credits=NO_LIMITS)


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    """``clock`` is a list of one number, so that a test can move it."""

    seed: int = 1
    quotas: Quotas = UNLIMITED
    clock: list[float] = field(default_factory=lambda: [NOW])

    def __post_init__(self) -> None:
        self.app = create_app(self.seed, lambda: self.clock[0], self.quotas)

    def get(self, url: str, **headers: str) -> Reply:
        return self.send("GET", url, headers={"user-agent": "coinlake-tests"} | headers)

    def put(self, url: str, document: object) -> Reply:
        return self.send("PUT", url, json.dumps(document).encode())

    def send(self, method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Reply:
        return asyncio.run(self._send(method, url, body, headers or {}))

    async def _send(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> Reply:
        parts = urlsplit(url)
        scope = {
            "type": "http",
            "method": method,
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "root_path": "",
            "query_string": parts.query.encode(),
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 80),
            "scheme": "http",
            "http_version": "1.1",
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        received = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Reply(sent[0]["status"], received, b"".join(part.get("body", b"") for part in sent[1:]))
