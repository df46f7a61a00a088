"""The collector's bench works, without its peer, which takes a compiler."""

from bench import stream
from bench.server import serving


def test_a_tiny_run_measures_rate_and_memory(monkeypatch):
    monkeypatch.setattr(stream, "cryptofeed_python", lambda: None)
    with serving() as server:
        few, many, memory = stream.StreamBench(server.endpoint, frames=4000, runs=1).rows()
    assert "k frames/s" in few.ours and "2,000 symbols" in many.what
    assert "not measured" in many.peer
    assert memory.met, memory
