"""How a run lands its answers: each on its own, within the time there is."""

import gzip
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake.errors import (
    BadConfiguration,
    PreconditionFailed,
    SourceRefused,
    SourceUnavailable,
    StoreUnavailable,
    TooLarge,
)
from coinlake.http import HttpResponse
from coinlake.keys import RawKey, Slot
from ingest.errors import IngestFailed, NotYet, Unlisted
from ingest.landing import land, land_all, metadata
from ingest.sources import RawDocument, Request
from ingest.windows import revisions

DUE = datetime(2024, 11, 21, 7, 35, tzinfo=UTC)
FAULTS = [SourceUnavailable("down"), SourceRefused("no"), BadConfiguration("key"), TooLarge("big")]


def request(name, may_end=False):
    return Request(name, RawKey("example", "quotes", Slot(DUE, (name,))), "/x", {}, may_end)


def response(body=b"[1]", *, url="https://x/", content_type="application/json", fetched_at=DUE):
    return HttpResponse(url, 200, body, fetched_at, {"Content-Type": content_type})


@dataclass
class FakeSource:
    """Answers by request name: bytes, or the error to raise; notes until when it may take."""

    answers: dict
    deadlines: dict = field(default_factory=dict)
    name = "example"

    def fetch(self, request, until):
        self.deadlines[request.name] = until
        answer = self.answers.get(request.name, b"[1]")
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, RawDocument) else RawDocument(response(answer))


@dataclass
class FakeStore:
    """A bucket that only knows conditional writes, or fails for the keys in ``faults``."""

    objects: dict = field(default_factory=dict)
    faults: dict = field(default_factory=dict)

    def put(self, key, body, **conditions):
        assert conditions["IfNoneMatch"] == "*"
        if key in self.faults:
            raise self.faults[key]
        if key in self.objects:
            raise PreconditionFailed(key)
        self.objects[key] = body


def landed(source, requests, store=None, until=100.0, now=0.0):
    return land_all(source, requests, store or FakeStore(), until, lambda: now)


def test_what_lands_is_the_gzip_of_the_bytes_as_received():
    store = FakeStore()
    assert land(store, request("a").key, response(b"<html>\xff\n")) is True
    (body,) = store.objects.values()
    assert gzip.decompress(body) == b"<html>\xff\n"


def test_an_object_that_exists_is_kept_and_counts_as_done():
    store = FakeStore()
    land(store, request("a").key, response(b"first"))
    assert land(store, request("a").key, response(b"second")) is False
    assert gzip.decompress(store.objects[str(request("a").key)]) == b"first"


@given(st.sets(st.sampled_from("abcdefgh")), st.sampled_from(FAULTS))
def test_no_failing_request_loses_another(failing, fault):
    store, names = FakeStore(), "abcdefgh"
    source = FakeSource(dict.fromkeys(failing, fault))
    landing = landed(source, [request(name) for name in names], store)
    assert landing.landed == len(store.objects) == len(names) - len(failing)
    assert set(landing.failures) == failing


def test_a_write_that_fails_loses_no_other():
    store = FakeStore(faults={str(request("b").key): StoreUnavailable("slow down")})
    landing = landed(FakeSource({}), [request(name) for name in "abc"], store)
    assert (landing.landed, list(landing.failures)) == (2, ["b"])


def test_an_empty_page_ends_the_run_and_is_not_kept():
    store, source = FakeStore(), FakeSource({"p2": b"[]"})
    pages = [request("p1"), *(request(name, may_end=True) for name in ("p2", "p3"))]
    assert landed(source, pages, store).landed == len(store.objects) == 1
    assert list(source.deadlines) == ["p1", "p2"]


def test_a_failing_page_does_not_end_the_pages():
    source = FakeSource({"p2": SourceUnavailable("down")})
    pages = [request("p1"), *(request(name, may_end=True) for name in ("p2", "p3"))]
    assert landed(source, pages).landed == 2


def test_a_request_takes_half_of_the_time_that_is_left_and_the_last_one_all():
    source = FakeSource({})
    landed(source, [request(name) for name in "abc"], until=100.0, now=40.0)
    assert source.deadlines == {"a": 70.0, "b": 70.0, "c": 100.0}


def test_an_object_records_where_its_bytes_came_from():
    assert metadata(response(b"[]", fetched_at=DUE.replace(microsecond=7))) == {
        "url": "https://x/",
        "fetched_at": "2024-11-21T07:35:00.000007+00:00",
        "status": "200",
        "content-type": "application/json",
        "sha256": "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945",
    }


@given(st.text(), st.integers(0, 20_000))
def test_no_answer_makes_metadata_that_s3_refuses(content_type, length):
    kept = metadata(response(url="https://x/?ids=" + "a" * length, content_type=content_type))
    assert all(value.isascii() and value.isprintable() for value in kept.values())
    assert sum(len(name) + len(value) for name, value in kept.items()) < 2048


def test_a_failed_run_names_each_request_and_what_to_do():
    failures = dict(zip("abcd", FAULTS, strict=True)) | {"e": StoreUnavailable("slow down")}
    assert str(IngestFailed.of("feed top at 07:35", 9, failures)) == (
        "feed top at 07:35: 5 of 9 requests failed: a (retry later): down; b (give up): no; "
        "c (fix the configuration): key; d (give up): big; e (retry later): slow down"
    )


def test_a_bug_is_raised_and_not_counted_as_a_failed_request():
    with pytest.raises(ZeroDivisionError):
        landed(FakeSource({"a": ZeroDivisionError()}), [request("a")])


def test_a_url_that_is_too_long_loses_its_whole_query_and_never_half_of_it():
    ids = ",".join(f"some-coin-{number}" for number in range(250))
    assert metadata(response(url=f"https://x/coins/markets?ids={ids}"))["url"] == "https://x/coins/markets"


def test_a_market_that_is_not_listed_or_not_published_yet_is_no_failure():
    source = FakeSource({"a": Unlisted("no such market"), "b": NotYet("tomorrow")})
    landing = landed(source, [request(name) for name in "abc"])
    assert (landing.landed, landing.unlisted, landing.failures) == (1, ["a"], {})


def test_markets_missing_from_an_answer_are_reported_and_the_answer_is_kept():
    source = FakeSource({"a": RawDocument(response(b"[2]"), unlisted=("XYZUSDT",))})
    landing = landed(source, [request("a")])
    assert (landing.landed, landing.unlisted) == (1, ["XYZUSDT"])


def test_revisions_of_a_request_are_listed_oldest_first_without_its_neighbours():
    key = RawKey("example", "quotes", Slot(DUE, ("a",)))
    others = [RawKey("example", "quotes", Slot(DUE, parts)) for parts in [("a", "b"), ("ab",)]]
    stored = sorted(map(str, [key.revised(10), key, key.revised(2), *others]))
    bucket = SimpleNamespace(keys=lambda prefix: [key for key in stored if key.startswith(prefix)])
    assert revisions(bucket, key) == [key, key.revised(2), key.revised(10)]
