"""The feed alone: a client that decrypts what comes and forgets it, which is the feed's own maximum."""

import socket
import ssl
import time
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.uri import parse_uri

from bench.measure import read_arguments, report_numbers
from bench.stream_feed import chunks, symbol
from stream.venues.binance import VENUE

BUFFER_BYTES = 1 << 18


def main() -> None:
    task = read_arguments()
    names = [f"{symbol(number).lower()}@bookTicker" for number in range(task["symbols"])]
    left = sum(len(chunk) for chunk in chunks(names, task["frames"]))
    place, tls = urlsplit(task["url"]), ssl.create_default_context(cafile=task["authority"])
    with tls.wrap_socket(
        socket.create_connection((place.hostname, place.port)), server_hostname=place.hostname
    ) as venue:
        protocol = ClientProtocol(parse_uri(VENUE.address(task["url"], names)))
        protocol.send_request(protocol.connect())
        for streams in VENUE.batches(names):
            converse(protocol, venue, VENUE.subscription(1, streams))
        began, buffer = 0.0, bytearray(BUFFER_BYTES)
        while left > 0:
            left -= venue.recv_into(buffer)
            began = began or time.process_time()
    report_numbers(ended=time.monotonic(), cpu=time.process_time() - began)


def converse(protocol: ClientProtocol, venue: ssl.SSLSocket, message: str) -> None:
    """Send a message, once the connection is open, and wait for its answer."""
    sent = False
    while True:
        for data in protocol.data_to_send():
            venue.sendall(data)
        if not sent and protocol.state.name == "OPEN":
            protocol.send_text(message.encode())
            sent = True
            continue
        protocol.receive_data(venue.recv(BUFFER_BYTES))
        if sent and protocol.events_received():
            return


if __name__ == "__main__":
    main()
