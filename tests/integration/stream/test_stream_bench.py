"""The collector's bench works, without its peers, which take a compiler or a newer Python."""

from bench import stream
from bench.server import serving


def test_a_tiny_run_measures_rate_and_memory():
    absent = stream.Peer("0.1", ("no-such-python",))
    with serving() as server:
        rows = list(stream.StreamBench(server.endpoint, frames=4000, runs=1, peers=[absent]).rows())
    feed, few, _, many, memory = rows
    assert "k frames/s" in feed.ours and "k frames/s" in few.ours and "2,000 symbols" in many.what
    assert few.met is None and "not measured: cryptofeed 0.1" in few.peer
    assert memory.met, memory
