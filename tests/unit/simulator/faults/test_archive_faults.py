"""What the fault plan does to Binance's bulk files and their checksums."""

from decimal import Decimal

import pytest

from tests.unit.simulator.archive_requests import agrees, path, rows
from tests.unit.simulator.asgi import Client

CLIENT = Client()


def planned(fault, **rule):
    client = Client()
    reply = client.put("/_faults", [{"path": "/binance_archive/*2025-05*", "fault": fault, **rule}])
    assert reply.status == 200, reply.text
    return client


URL = path("monthly", "BTCUSDT", "1d", "2025-05")


def test_a_checksum_can_be_made_wrong():
    client = planned("bad_checksum")
    assert client.get(URL).body == CLIENT.get(URL).body
    assert not agrees(URL, client)


def test_a_file_uploaded_again_has_other_rows_and_its_own_checksum():
    client = planned("revised", params={"rows": 2})
    before, after = rows(URL), rows(URL, client)
    assert agrees(URL, client)
    assert after[2:] == before[2:] and after[0] != before[0]
    for old, new in zip(before[:2], after[:2], strict=True):
        assert [Decimal(new[place]) for place in (5, 7, 9, 10)] == [
            2 * Decimal(old[place]) for place in (5, 7, 9, 10)
        ]
        assert new[:5] == old[:5]
    assert client.get(URL).headers["etag"] != CLIENT.get(URL).headers["etag"]


def test_a_hole_can_be_made_in_the_middle():
    client = planned("hole", params={"rows": 3})
    before, after = rows(URL), rows(URL, client)
    assert after == before[:14] + before[17:] and agrees(URL, client)


@pytest.mark.parametrize(
    ("fault", "cell"), [("nan", "nan"), ("wrong_types", "not a number"), ("null_price", "")]
)
def test_cells_can_be_spoiled(fault, cell):
    client = planned(fault)
    assert rows(URL, client)[0][4] == cell
    assert rows(URL, client)[1:] == rows(URL)[1:] and agrees(URL, client)


def test_spoiled_cells_of_every_kind_stay_one_cell_each():
    client = planned("wrong_types", params={"rows": 4})
    assert [row[4] for row in rows(URL, client)][:4] == ["not a number", "True", "[1]", "{'amount': 1}"]
    client = planned("nan", params={"rows": 4})
    assert [row[4] for row in rows(URL, client)][:4] == ["nan", "Infinity", "-Infinity", "1e999"]


def test_a_file_can_be_missing_slow_down_or_be_cut():
    assert "<Code>NoSuchKey</Code>" in planned("404").get(URL).text
    reply = planned("429_retry_after", params={"seconds": 7}).get(URL)
    assert (reply.status, reply.headers["retry-after"]) == (
        429,
        "7",
    ) and "<Code>SlowDown</Code>" in reply.text
    assert planned("empty").get(URL).body == b""
    cut = planned("truncated", params={"silent": True}).get(URL)
    assert cut.body == CLIENT.get(URL).body[: len(cut.body)] and cut.body
