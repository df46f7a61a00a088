"""A connection against a real websocket server over TLS: what the library does at the protocol's edges."""

import asyncio
import logging
import socket
import ssl
from contextlib import asynccontextmanager

import pytest
import trustme
from websockets.asyncio.server import serve
from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Response

from stream.frames import MAX_FRAME_BYTES, Reply
from stream.gaps import gap_records
from stream.sockets.connection import Connection, ConnectionFailed
from stream.timeouts import Timeouts
from stream.venues.binance import Binance
from tests.patience import PATIENCE_SECONDS

TIMEOUTS = Timeouts(
    open_seconds=PATIENCE_SECONDS,
    reply_seconds=PATIENCE_SECONDS,
    ping_seconds=30.0,
    pong_seconds=PATIENCE_SECONDS,
    close_seconds=0.3,
)
STREAMS = ["btcusdt@trade"]


@pytest.fixture(scope="module")
def tls():
    """The server's context, and the client's, which trusts it; and a client's that trusts nobody it knows."""
    authority, server = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client, ssl.create_default_context()


@asynccontextmanager
async def venue(handler, tls, **options):
    """The port of a server that accepts every subscription and then does what ``handler`` says."""

    async def subscribed(connection):
        await connection.recv()
        await connection.send('{"result":null,"id":1}')
        await handler(connection)

    options = {"compression": None, "ping_interval": None, "ssl": tls[0], **options}
    async with serve(subscribed, "127.0.0.1", 0, **options) as server:
        yield next(iter(server.sockets)).getsockname()[1]


def connection_to(port, tls, received=None, *, host="127.0.0.1", timeouts=TIMEOUTS, **options):
    """A connection that puts what comes after its subscription into ``received``."""
    binance = Binance()

    def handle(_connection, text, _received_at):
        if text.startswith(b'{"result"'):
            return Reply()
        received.append(text)
        return None

    options = {"backpressure": lambda: None, "allow_private": True, **options}
    return Connection(
        venue=binance,
        url=f"wss://{host}:{port}",
        streams=STREAMS,
        handle=handle,
        timeouts=timeouts,
        tls=tls[1],
        **options,
    )


def outcome(handler, tls, *, client_tls=None, timeouts=TIMEOUTS, **options):
    """What came until the connection ended, and why it did."""
    received = []

    async def scenario():
        async with venue(handler, tls, **options) as port:
            opened = connection_to(port, client_tls or tls, received, timeouts=timeouts)
            await opened.open()
            await asyncio.wait_for(opened.ended.wait(), PATIENCE_SECONDS)
            await opened.close()
            return opened.fault

    return received, asyncio.run(scenario())


def refusal(tls, *, timeouts=TIMEOUTS, **options):
    async def scenario():
        async def idle(_):
            pass

        async with venue(idle, tls, **options) as port:
            with pytest.raises(ConnectionFailed) as refused:
                await connection_to(port, tls, timeouts=timeouts).open()
            return refused.value

    return asyncio.run(scenario())


def test_a_message_in_fragments_with_a_ping_between_them_is_one_message(tls):
    pongs = []

    async def handler(connection):
        connection.protocol.send_text(b'{"a":', fin=False)
        pongs.append(await connection.ping(b"payload"))
        connection.protocol.send_continuation(b"[1,", fin=False)
        connection.protocol.send_continuation(b"2]}", fin=True)
        await connection.send("next")
        await asyncio.wait_for(pongs[0], PATIENCE_SECONDS)

    received, fault = outcome(handler, tls)
    assert received == [b'{"a":[1,2]}', b"next"] and fault == "closed by the venue"
    assert pongs[0].done(), "the pong had the ping's payload"


@pytest.mark.parametrize("pieces", [1, 4])
def test_a_message_past_the_cap_whole_or_in_fragments_ends_the_connection(tls, pieces, caplog):
    codes = []

    async def handler(connection):
        await connection.send(
            ["x" * (MAX_FRAME_BYTES // 2)] * pieces if pieces > 1 else "x" * (MAX_FRAME_BYTES + 1)
        )
        await connection.wait_closed()
        codes.append(connection.close_code)

    with caplog.at_level(logging.DEBUG):
        received, fault = outcome(handler, tls, max_size=None)
    assert (received, fault, codes) == ([], gap_records.TOO_LARGE, [1009])
    assert not [
        record for record in caplog.records if "picows" in record.name or record.levelno >= logging.ERROR
    ]


def test_a_message_of_just_the_cap_is_taken(tls):
    async def handler(connection):
        await connection.send("x" * MAX_FRAME_BYTES)

    received, _ = outcome(handler, tls)
    assert [len(text) for text in received] == [MAX_FRAME_BYTES]


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (1000, "closed by the venue"),
        (1001, "closed by the venue"),
        (1008, "lost (ConnectionClosedError)"),
        (1009, "lost (ConnectionClosedError)"),
        (1011, "lost (ConnectionClosedError)"),
        (4000, "lost (ConnectionClosedError)"),
    ],
)
def test_what_came_before_the_venue_closed_is_taken_whatever_its_code(tls, code, fault):
    async def handler(connection):
        for number in range(100):
            await connection.send(str(number))
        await connection.close(code)

    received, why = outcome(handler, tls)
    assert [int(text) for text in received] == list(range(100))
    assert why == fault


def test_a_reset_is_a_lost_connection(tls):
    async def handler(connection):
        await connection.send("1")
        await asyncio.sleep(0.1)
        connection.transport.abort()

    assert outcome(handler, tls) == ([b"1"], "lost (ConnectionClosedError)")


def test_a_half_open_connection_ends_when_no_pong_comes(tls):
    received = []

    async def scenario():
        noticed = asyncio.Event()

        async def handler(connection):
            await connection.send("1")
            connection.transport.pause_reading()
            await noticed.wait()
            connection.transport.abort()

        timeouts = Timeouts(ping_seconds=0.1, pong_seconds=2.0, close_seconds=0.2)
        async with venue(handler, tls) as port:
            opened = connection_to(port, tls, received, timeouts=timeouts)
            await opened.open()
            await asyncio.wait_for(opened.ended.wait(), PATIENCE_SECONDS)
            noticed.set()
            await opened.close()
            return opened.fault

    assert asyncio.run(scenario()) == "lost (ConnectionClosedError)" and received == [b"1"]


def test_pings_of_ours_keep_a_quiet_connection_open(tls):
    async def handler(connection):
        await asyncio.sleep(1.0)

    timeouts = Timeouts(ping_seconds=0.1, pong_seconds=PATIENCE_SECONDS)
    assert outcome(handler, tls, timeouts=timeouts) == ([], "closed by the venue")


def test_bytes_that_are_no_utf8_reach_the_handler_and_end_nothing(tls):
    async def handler(connection):
        connection.transport.write(Frame(Opcode.TEXT, b'{"a":"\xff"}').serialize(mask=False))
        await connection.send("next")

    assert outcome(handler, tls)[0] == [b'{"a":"\xff"}', b"next"]


@pytest.mark.parametrize("status", [429, 418, 403, 503])
def test_http_instead_of_a_websocket_says_how_long_to_wait(tls, status):
    def limited(_connection, _request):
        return Response(status, "no", Headers({"Retry-After": "7", "Content-Length": "0"}))

    refused = refusal(tls, process_request=limited)
    assert (refused.code, refused.wait_seconds) == ("ws_refused", 7.0)
    assert str(refused) == f"HTTP {status} instead of a websocket"


def test_a_redirect_is_refused_and_not_followed(tls):
    def moved(_connection, _request):
        headers = Headers({"Location": "wss://169.254.169.254/", "Content-Length": "0"})
        return Response(302, "Found", headers)

    assert str(refusal(tls, process_request=moved)) == "HTTP 302 instead of a websocket"


def test_a_certificate_of_a_stranger_is_refused(tls):
    async def scenario():
        async def idle(_):
            pass

        async with venue(idle, tls) as port:
            with pytest.raises(ConnectionFailed, match="no connection \\(SSLCertVerificationError\\)"):
                await connection_to(port, (None, tls[2])).open()

    asyncio.run(scenario())


def test_a_certificate_of_another_host_is_refused(tls):
    async def scenario():
        async def idle(_):
            pass

        async with venue(idle, tls) as port:
            with pytest.raises(ConnectionFailed, match="SSLCertVerificationError"):
                await connection_to(port, tls, host="localhost").open()

    asyncio.run(scenario())


@pytest.mark.parametrize("first_bytes", [b"", b"HTTP/1.1 101 Swi", b"SSH-2.0-OpenSSH\r\n\r\n"])
def test_a_server_that_never_finishes_its_handshake_is_given_up(tls, first_bytes):
    """Of TLS, too, which the library does not time itself."""

    async def scenario():
        writers = []

        async def silent(_reader, writer):
            writers.append(writer)
            writer.write(first_bytes)
            await asyncio.sleep(PATIENCE_SECONDS)

        async with await asyncio.start_server(
            silent, "127.0.0.1", 0, ssl=tls[0] if first_bytes else None
        ) as server:
            port = server.sockets[0].getsockname()[1]
            opening = connection_to(port, tls, timeouts=Timeouts(open_seconds=0.5)).open()
            with pytest.raises(ConnectionFailed, match="no connection"):
                await asyncio.wait_for(opening, PATIENCE_SECONDS)
            for writer in writers:
                writer.transport.abort()

    asyncio.run(scenario())


def test_a_port_where_nobody_listens_is_no_connection(tls):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionFailed, match="no connection \\(ConnectionRefusedError\\)"):
            asyncio.run(connection_to(unused.getsockname()[1], tls).open())


def test_a_proxy_of_the_environment_is_not_asked(tls, monkeypatch):
    for name in ("https_proxy", "HTTPS_PROXY", "wss_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async def handler(connection):
        await connection.send("1")

    assert outcome(handler, tls)[0] == [b"1"]


def test_compression_is_not_offered(tls):
    offered = []

    async def handler(connection):
        offered.append(connection.request.headers.get("Sec-WebSocket-Extensions"))

    outcome(handler, tls, compression="deflate")
    assert offered == [None]


def test_a_private_peer_is_told_nothing_but_goodbye(tls):
    heard = []

    async def scenario():
        async def listening(connection):
            async for message in connection:
                heard.append(message)

        options = {"compression": None, "ping_interval": None, "ssl": tls[0]}
        async with serve(listening, "127.0.0.1", 0, **options) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            with pytest.raises(ConnectionFailed) as refused:
                await connection_to(port, tls, allow_private=False).open()
            assert refused.value.code == "url_refused"

    asyncio.run(scenario())
    assert heard == []


def test_a_reader_that_waits_stops_the_venue_and_loses_nothing(tls):
    sent, received = [], []

    async def scenario():
        resumed = asyncio.Event()

        async def handler(connection):
            for number in range(4000):
                await connection.send(f"{number:08}" + "x" * 8000)
                sent.append(number)

        async with venue(handler, tls) as port:
            opened = connection_to(
                port, tls, received, backpressure=lambda: None if resumed.is_set() else resumed.wait()
            )
            opened_task = asyncio.ensure_future(opened.open())
            await asyncio.sleep(0.3)
            resumed.set()
            await opened_task
            resumed.clear()
            await asyncio.sleep(1.0)
            stalled = len(sent)
            resumed.set()
            await asyncio.wait_for(opened.ended.wait(), PATIENCE_SECONDS)
            await opened.close()
            return stalled

    stalled = asyncio.run(scenario())
    assert stalled < 4000
    assert [int(text[:8]) for text in received] == list(range(4000))
