"""Between the network and the sources: counts requests and makes those of the fault plan go wrong."""

import asyncio
import gzip
import socket
import struct
from collections import Counter
from typing import Any, Final

from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.answers import Answer
from simulator.damage import DAMAGES, damaged
from simulator.faults import Plan, Rule

MEGABYTE: Final = 1 << 20
CDN_PAGE: Final = (
    "<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head>"
    "<body><h1>Sorry, you have been blocked</h1></body></html>"
)
OK: Final = 200


class Saboteur:
    """The outermost ASGI application; the simulator's own ``/_`` paths pass untouched and uncounted."""

    def __init__(self, app: ASGIApp, plan: Plan, requests: Counter[str]) -> None:
        self.app = app
        self.plan = plan
        self.requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_"):
            return await self.app(scope, receive, send)
        self.requests[scope["path"]] += 1
        rule = self.plan.take(scope["path"], scope["query_string"].decode("latin-1"))
        if rule is None:
            return await self.app(scope, receive, send)
        if rule.fault == "reset":
            return await _reset(receive, send)
        refusal = _refusal(rule, scope["path"])
        if refusal is not None:
            return await refusal(scope, receive, send)
        answer = await _answer(self.app, scope, receive)
        if rule.fault in {"truncated", "drip"}:
            return await _slowly_or_partly(rule, answer, receive, send)
        return await _altered(rule, answer)(scope, receive, send)


def _refusal(rule: Rule, path: str) -> Response | None:
    """Answers that need no source: shaped as the source whose path it is."""
    coingecko = "/coingecko" in path
    if rule.fault.startswith("429"):
        text = "You've exceeded the Rate Limit." if coingecko else "Public rate limit exceeded"
        headers = {"retry-after": str(rule.params["seconds"])} if rule.params else {}
        return Answer(_error(429, text, coingecko=coingecko), 429, headers)
    match rule.fault:
        case "500":
            return Answer(_error(500, "Internal server error", coingecko=coingecko), 500)
        case "503":
            return PlainTextResponse("Service Unavailable", 503)
        case "html_200":
            return HTMLResponse(CDN_PAGE)
        case "redirect":
            return RedirectResponse(rule.params["to"], 302)
    return None


def _error(status: int, text: str, *, coingecko: bool) -> dict[str, Any]:
    return {"status": {"error_code": status, "error_message": text}} if coingecko else {"message": text}


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
    response = Response(bytes(body), start["status"])
    response.raw_headers = [pair for pair in start["headers"] if pair[0] != b"content-length"]
    response.raw_headers.append((b"content-length", str(len(body)).encode()))
    return response


def _altered(rule: Rule, answer: Response) -> Response:
    """A whole answer with other content; errors of the source itself stay what they are."""
    body = bytes(answer.body)
    if answer.status_code != OK:
        return answer
    if rule.fault in DAMAGES:
        return Answer.of(damaged(rule.fault, body, rule.params["rows"]))
    if rule.fault == "empty":
        return Answer([] if body.startswith(b"[") else {})
    # members of one megabyte each: the bomb is small to make and to send, and still valid JSON
    bomb = gzip.compress(b" " * MEGABYTE) * rule.params["megabytes"] + gzip.compress(body)
    return Answer.of(bomb, {"content-encoding": "gzip"})


async def _slowly_or_partly(rule: Rule, answer: Response, receive: Receive, send: Send) -> None:
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
    # lingering for 0 s makes the kernel send RST instead of an orderly FIN
    transport.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
