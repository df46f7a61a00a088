"""Between the network and the sources: counts requests and makes those of the fault plan go wrong."""

import asyncio
import gzip
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.endpoints import CompactJson
from simulator.faults.corruption import CORRUPTIONS, corrupted
from simulator.faults.error_formats import UNKNOWN, ErrorFormat, error_response
from simulator.faults.plan import FaultPlan, FaultRule
from simulator.websockets.connection import reset
from simulator.zip_files import CHECKSUM_SUFFIX, bad_checksum, checksum, entity_tag, is_zip

MEGABYTE: Final = 1 << 20
CDN_PAGE: Final = (
    "<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head>"
    "<body><h1>Sorry, you have been blocked</h1></body></html>"
)
CHECKSUM_LINE: Final = re.compile(rb"[0-9a-f]{64}  \S+\s*")
OK: Final = 200


class FaultMiddleware:
    """The outermost ASGI application; the simulator's own ``/_`` paths pass untouched and uncounted.

    ``error_formats`` are by the first part of a path.
    """

    def __init__(
        self,
        app: ASGIApp,
        plan: FaultPlan,
        requests: Counter[str],
        clock: Callable[[], float],
        error_formats: Mapping[str, ErrorFormat],
    ) -> None:
        self.app = app
        self.plan = plan
        self.requests = requests
        self.clock = clock
        self.error_formats = error_formats

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_"):
            return await self.app(scope, receive, send)
        self.requests[scope["path"]] += 1
        rule = self.plan.match(scope["path"], scope["query_string"].decode("latin-1"))
        if rule is None:
            return await self.app(scope, receive, send)
        if rule.fault == "reset":
            return await _reset(receive, send)
        error = self._error(rule, scope["path"])
        if error is not None:
            return await error(scope, receive, send)
        if rule.fault in {"truncated", "drip"}:
            answer = await _answer(self.app, scope, receive)
            return await _slowly_or_partly(rule, answer, receive, send)
        answer = await self._altered(rule, scope, receive)
        return await answer(scope, receive, send)

    def _error(self, rule: FaultRule, path: str) -> Response | None:
        """Responses that need no source, in the error format of the source whose path it is."""
        match rule.fault:
            case "404" | "418" | "429" | "429_retry_after" | "451" | "500":
                error_format = self.error_formats.get(path.split("/")[1], UNKNOWN)
                return error_response(
                    error_format, int(rule.fault[:3]), rule.params.get("seconds"), self.clock()
                )
            case "503":
                return PlainTextResponse("Service Unavailable", 503)
            case "html_200":
                return HTMLResponse(CDN_PAGE)
            case "redirect":
                return RedirectResponse(rule.params["to"], 302)
        return None

    async def _altered(self, rule: FaultRule, scope: Scope, receive: Receive) -> Response:
        """A whole answer with other content; a damaged file's checksum fits it, as if uploaded again."""
        if rule.fault not in CORRUPTIONS or not scope["path"].endswith(CHECKSUM_SUFFIX):
            return _altered(rule, await _answer(self.app, scope, receive))
        path = scope["path"].removesuffix(CHECKSUM_SUFFIX)
        zipped = {**scope, "path": path, "raw_path": path.encode()}
        answer = _altered(rule, await _answer(self.app, zipped, receive))
        if answer.status_code != OK:
            return answer
        return _with_body(answer, checksum(bytes(answer.body), path.rpartition("/")[2]))


async def _answer(app: ASGIApp, scope: Scope, receive: Receive) -> Response:
    """The source's own answer, uncompressed, held back."""
    headers = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
    start: Message = {}
    body = bytearray()

    async def hold(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            body.extend(message.get("body", b""))

    await app({**scope, "headers": headers}, receive, hold)
    response = Response(b"", start["status"])
    response.raw_headers = [*start["headers"]]
    return _with_body(response, bytes(body))


def _altered(rule: FaultRule, answer: Response) -> Response:
    """Errors of the source itself stay what they are."""
    body = bytes(answer.body)
    if answer.status_code != OK:
        return answer
    if rule.fault in CORRUPTIONS:
        return _with_body(answer, corrupted(rule.fault, body, rule.params["rows"]))
    if rule.fault == "bad_checksum":
        return _with_body(answer, bad_checksum(body)) if CHECKSUM_LINE.fullmatch(body) else answer
    if rule.fault == "empty":
        return _with_body(answer, b"") if is_zip(body) else CompactJson([] if body.startswith(b"[") else {})
    # members of one megabyte each: the bomb is small to make and to send, and still valid JSON
    bomb = gzip.compress(b" " * MEGABYTE) * rule.params["megabytes"] + gzip.compress(body)
    return CompactJson.of(bomb, {"content-encoding": "gzip"})


def _with_body(answer: Response, body: bytes) -> Response:
    """The same answer with another body, with the headers that describe it."""
    described = {b"content-length": str(len(body)), b"etag": entity_tag(body)}
    changed = Response(body, answer.status_code)
    changed.raw_headers = [
        (name, described[name].encode() if name in described else value) for name, value in answer.raw_headers
    ]
    return changed


async def _slowly_or_partly(rule: FaultRule, answer: Response, receive: Receive, send: Send) -> None:
    body = bytes(answer.body)
    if rule.fault == "truncated":
        half = body[: len(body) // 2]
        silent = rule.params["silent"]
        await send(_start(answer, len(half) if silent else len(body)))
        await send({"type": "http.response.body", "body": half, "more_body": not silent})
        return None if silent else await _reset(receive, send)
    await send(_start(answer, len(body)))
    step = rule.params["bytes"]
    for place in range(0, len(body), step):
        last = place + step >= len(body)
        await send({"type": "http.response.body", "body": body[place : place + step], "more_body": not last})
        if not last:
            await asyncio.sleep(rule.params["seconds"])
    return None


def _start(answer: Response, length: int) -> Message:
    headers = [pair for pair in answer.raw_headers if pair[0] != b"content-length"]
    headers.append((b"content-length", str(length).encode()))
    return {"type": "http.response.start", "status": answer.status_code, "headers": headers}


async def _reset(receive: Receive, send: Send) -> None:
    """Cut the connection; ASGI has no word for it, so the server's transport is taken from ``send``."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("the fault plan resets this connection")
    reset(transport)
    while (await receive())["type"] != "http.disconnect":
        pass
