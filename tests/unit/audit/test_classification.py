from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.classification import MarketFacts, SourceFacts, State, classify, runs, silent_buckets
from audit.committed import CommittedWindow, WindowOutcome
from audit.refill import MAX_BUCKETS, max_buckets, split
from coinlake.keys import LedgerKey, Slot
from coinlake.records import RejectedSpan
from coinlake.sources import catalog

START = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
BUCKETS = [START + n * HOUR for n in range(48)]
LATER = START + 100 * HOUR
ASKED = CommittedWindow(
    LedgerKey("coinbase", "candles", Slot(BUCKETS[-1] + HOUR, ("BTC-USD", "1h", "48"))), START, LATER
)


def facts(
    present: set[int],
    asked: set[int] | None = None,
    rejected: str | None = None,
    given_up: set[int] = frozenset(),  # type: ignore[assignment]
    *,
    before: bool = False,
) -> MarketFacts:
    asked = set(range(len(BUCKETS))) if asked is None else asked
    return MarketFacts(
        "BTC",
        "USD",
        BUCKETS,
        {BUCKETS[n] for n in present},
        {BUCKETS[n]: ASKED for n in asked},
        {ASKED: WindowOutcome("raw/answer", rejected)},
        {BUCKETS[n]: "refused" for n in given_up},
        before,
    )


def state(
    of: MarketFacts, number: int, source: str = "coinbase", settled: datetime = LATER, **silence: object
) -> State:
    omits_idle = catalog()[source].omits_idle_buckets
    known = SourceFacts(omits_idle, settled, frozenset(BUCKETS) if silence else frozenset())
    return classify(of, known)[number].state


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (facts({0, 5}), State.NO_TRADE),
        (facts({4, 5}), State.NOT_LISTED),
        (facts(set()), State.NOT_LISTED),
        (facts({4, 5}, before=True), State.NO_TRADE),
        (facts({0}, asked={0}), State.OUR_OUTAGE),
        (facts({0}, asked={0}, given_up={3}), State.UNFILLABLE),
        (facts({0}, rejected="api_error"), State.UNFILLABLE),
        (facts({3}), State.PRESENT),
    ],
)
def test_a_bucket_is_classified_by_its_facts(known: MarketFacts, expected: State):
    assert state(known, 3) is expected


def test_a_rejected_row_explains_its_own_bucket_and_no_other():
    of_three = RejectedSpan("2026-11-01T03:00:00Z", "2026-11-01T04:00:00Z", "bad_type")
    known = replace(
        facts({0, 5}), outcomes={ASKED: WindowOutcome("raw/answer", "bad_type, duplicate_row", [of_three])}
    )
    states = classify(known, SourceFacts(False, LATER, frozenset()))
    assert [states[n].state for n in (3, 4)] == [State.UNFILLABLE, State.VENUE_OUTAGE]
    assert states[3].evidence == "rejected: bad_type"
    header_only = replace(known, outcomes={ASKED: WindowOutcome("raw/answer", "bad_type", [])})
    assert state(header_only, 3, "binance") is State.VENUE_OUTAGE
    assert state(header_only, 3) is State.NO_TRADE


def test_a_source_that_publishes_idle_buckets_was_out_where_it_has_none():
    assert state(facts({0, 5}), 3, "binance") is State.VENUE_OUTAGE


def test_a_bucket_that_no_market_of_the_source_has_is_a_venue_outage():
    assert state(facts({0, 5}), 3, silent=True) is State.VENUE_OUTAGE


@pytest.mark.parametrize("known", [facts({0}), facts({0}, asked={0})])
def test_a_bucket_that_closed_just_now_is_pending(known: MarketFacts):
    assert state(known, 3, settled=BUCKETS[3]) is State.PENDING
    assert state(known, 2, settled=BUCKETS[3]) is not State.PENDING


def test_silence_takes_two_markets_that_were_asked_and_most_of_those_expected():
    assert silent_buckets([facts({0}), facts({0})]) == set(BUCKETS[1:])
    assert silent_buckets([facts({0}), facts({0}, asked={0, 1}), facts({0}, asked={0, 1})]) == {BUCKETS[1]}
    assert not silent_buckets([facts({0}), facts({0}), facts({0}, asked={0}), facts({0}, asked={0})])
    assert not silent_buckets([facts({0})])
    assert BUCKETS[4] not in silent_buckets([facts({0}), facts({4})])


def test_two_idle_thin_markets_are_no_outage_but_the_silence_of_a_steady_market_is():
    thin, thinner = facts(set(range(0, 40, 2))), facts(set(range(1, 40, 4)))
    assert not silent_buckets([thin, thinner])
    steady = facts(set(range(40)))
    assert silent_buckets([thin, thinner, steady]) == set(BUCKETS[40:])


numbers = st.sets(st.integers(0, len(BUCKETS) - 1))


@given(numbers, numbers, numbers, st.sampled_from(BUCKETS), st.booleans(), st.sampled_from(["", "bad_row"]))
def test_every_bucket_has_one_state_and_the_runs_tile_the_range(  # noqa: PLR0917 - hypothesis gives each by place
    present: set[int], asked: set[int], given_up: set[int], settled: datetime, before: bool, rejected: str
):
    known = facts(present & asked, asked, rejected or None, given_up, before=before)
    states = classify(known, SourceFacts(True, settled, silent_buckets([known, known])))
    assert [bucket_state.bucket for bucket_state in states] == BUCKETS
    tiled = [
        (run.open_time + n * HOUR, run.state, run.evidence)
        for run in runs("BTC", "USD", states, HOUR)
        for n in range(run.buckets)
    ]
    assert tiled == [
        (bucket_state.bucket, bucket_state.state, bucket_state.evidence) for bucket_state in states
    ]


def test_buckets_that_are_not_neighbours_are_not_one_run():
    apart = replace(facts({0, 5}), buckets=[BUCKETS[0], BUCKETS[5]])
    states = classify(apart, SourceFacts(True, LATER, frozenset()))
    assert [run.buckets for run in runs("BTC", "USD", states, HOUR)] == [1, 1]


@given(st.integers(1, 2_000))
def test_pieces_tile_a_run_and_each_fits_one_answer(count: int):
    unasked = replace(facts(set(), asked=set()), buckets=[START + n * HOUR for n in range(count)])
    states = classify(unasked, SourceFacts(True, LATER + count * HOUR, frozenset()))
    (run,) = runs("BTC", "USD", states, HOUR)
    cut = list(split(run, "1h", MAX_BUCKETS))
    assert [piece.open_time for piece in cut] == [START + n * MAX_BUCKETS * HOUR for n in range(len(cut))]
    assert sum(piece.buckets for piece in cut) == count
    assert max(piece.buckets for piece in cut) <= MAX_BUCKETS


@pytest.mark.parametrize("interval", ["1m", "1h", "1d"])
def test_no_refill_is_larger_than_an_answer_of_its_source(interval: str):
    for name, source in catalog().items():
        candles = source.datasets.get("candles")
        if candles and interval in candles.max_buckets and not candles.files:
            assert max_buckets(name, interval) <= candles.max_buckets[interval]
    assert max_buckets("coinbase", interval) == max_buckets("unknown", interval) == MAX_BUCKETS
