"""Limits as values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musicdiff_job.core.budget import (
    AWAITING_ANSWERS,
    DAY,
    DEEZER_BACKOFF,
    DEEZER_CIRCUIT_OPEN,
    SPOTIFY_QUOTA_WAIT,
    SPOTIFY_RATE_WAIT,
    WINDOW_MARGIN,
    LedgerRule,
    Line,
    RollingWindow,
    deezer_rule,
    ledger_add,
    ledger_free_at,
    ledger_total,
    refusal_wait,
    spotify_rule,
)
from musicdiff_job.core.model import Service

NOON = datetime(2026, 11, 21, 12, 7, 30, tzinfo=UTC)
GAPS = st.lists(st.floats(0, 3, allow_nan=False), max_size=60)


@given(GAPS, st.integers(1, 10), st.floats(0.1, 5))
def test_no_window_ever_holds_more_than_its_calls(gaps: list[float], calls: int, seconds: float) -> None:
    window, now, times = RollingWindow(calls, seconds), 0.0, []
    for gap in gaps:
        now += gap
        now += window.delay(now)
        window.begin()
        window.end(now)
        times.append(now)
    assert all(later - first > seconds for first, later in zip(times, times[calls:], strict=False))


def test_a_window_lets_a_burst_through_and_then_waits_for_the_first_to_leave() -> None:
    window = RollingWindow(3, 5.0)
    for now in (0.0, 1.0, 2.0):
        assert window.delay(now) == 0.0
        window.begin()
        window.end(now)
    assert window.delay(2.0) == pytest.approx(3.0, abs=0.5)
    assert window.delay(60.0) == 0.0


def test_a_call_without_an_answer_keeps_its_place_however_long_it_takes() -> None:
    window = RollingWindow(2, 5.0)
    window.begin()
    window.begin()
    assert window.delay(100.0) > 0
    window.end(100.0)
    assert window.delay(104.0) == pytest.approx(1.0, abs=0.5), "it may have arrived just before its answer"
    assert window.delay(106.0) == 0.0


def test_what_an_answer_is_on_its_way_is_not_lost() -> None:
    window = RollingWindow(2, 5.0)
    for began in (0.0, 0.1):
        window.begin()
        window.end(began + 0.4, 0.4)
    assert 5.0 + began + window.delay(0.5) > 5.0
    assert 0.5 + window.delay(0.5) == pytest.approx(5.1, abs=0.05), "not 5.4: the next one needs time to arrive as well"


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.3)), min_size=10, max_size=120),
    st.integers(1, 9), st.floats(0.0, 0.3), st.floats(0.0, 0.3),
)  # fmt: skip
def test_the_service_never_sees_more_than_its_calls(
    trips: list[tuple[float, float, float]], calls: int, there: float, back: float
) -> None:
    """``there`` and ``back`` are the shortest ways; each trip adds its share of what networks vary by, and the time
    that the service needs."""
    window, now, arrived = RollingWindow(calls, 5.0), 0.0, list[float]()
    flying: list[tuple[float, float]] = []

    def land(until: float) -> None:
        for ends, began in sorted(flying):
            if ends <= until:
                window.end(ends, ends - began)
                flying.remove((ends, began))

    for out, home, needs in trips:
        land(now)
        while (delay := window.delay(now)) > 0:
            now += delay
            land(now)
        window.begin()
        arrives = now + there * (1 + 0.25 * out)
        flying.append((arrives + needs + back * (1 + 0.25 * home), now))
        arrived.append(arrives)
        arrived.sort()
    assert all(later - first >= 5.0 for first, later in zip(arrived, arrived[calls:], strict=False))


def test_after_a_refusal_a_window_is_smaller_and_never_closed() -> None:
    window = RollingWindow(10, 5.0)
    window.shrink()
    for _ in range(9):
        assert window.delay(0.0) == 0.0
        window.begin()
    assert window.delay(0.0) > 0
    for _ in range(50):
        window.shrink()
    for _ in range(9):
        window.end(0.0)
    assert window.delay(6.0) == 0.0


RULE = LedgerRule(limit=4, span=60, slot=10)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=40))
def test_no_span_ever_holds_more_calls_than_the_ledger_allows(gaps: list[int]) -> None:
    ledger: dict[str, int] = {}
    now, times = NOON, []
    for gap in gaps:
        now += timedelta(seconds=gap)
        if (free_at := ledger_free_at(ledger, now, RULE)) is not None:
            assert free_at > now
            now = free_at
            assert ledger_free_at(ledger, now, RULE) is None, "not free when it said it would be"
        ledger = ledger_add(ledger, now, RULE)
        times.append(now)
    for first, later in zip(times, times[RULE.limit :], strict=False):
        assert later - first >= timedelta(seconds=RULE.span)


@given(st.lists(st.integers(0, 20), max_size=20), st.integers(1, 80))
def test_a_ledger_is_not_free_before_it_says(gaps: list[int], early: int) -> None:
    ledger: dict[str, int] = {}
    now = NOON
    for gap in gaps:
        now += timedelta(seconds=gap)
        ledger = ledger_add(ledger, now, RULE)
    free_at = ledger_free_at(ledger, now, RULE)
    if free_at is not None and free_at - timedelta(seconds=early) > now:
        assert ledger_free_at(ledger, free_at - timedelta(seconds=early), RULE) is not None


def test_a_ledger_forgets_old_slots_and_counts_the_others() -> None:
    ledger = ledger_add({}, NOON, RULE, calls=3)
    assert ledger_total(ledger, NOON + timedelta(seconds=59), RULE) == 3
    assert ledger_total(ledger, NOON + timedelta(seconds=75), RULE) == 0
    later = ledger_add(ledger, NOON + timedelta(seconds=75), RULE)
    assert list(later.values()) == [1]


def test_slots_from_the_future_do_not_block_when_the_clock_was_set_back() -> None:
    ledger = ledger_add({}, NOON + timedelta(days=400), RULE, calls=99)
    assert ledger_total(ledger, NOON, RULE) == 0
    assert ledger_free_at(ledger, NOON, RULE) is None


def test_keys_that_are_no_slots_are_ignored() -> None:
    assert ledger_total({"x": 5, "-1": 5, "": 5}, NOON, RULE) == 0


@pytest.mark.parametrize("limit", [0, -1])
def test_no_limit_is_never_spent(limit: int) -> None:
    rule = LedgerRule(limit, 60, 10)
    assert ledger_free_at(ledger_add({}, NOON, rule, calls=9), NOON, rule) is None


def test_the_rules_are_a_day_for_spotify_and_an_hour_for_deezer() -> None:
    assert (spotify_rule(1000).limit, spotify_rule(1000).span) == (1000, DAY)
    assert (deezer_rule(30000).limit, deezer_rule(30000).span) == (30000, 3600)
    for rule in (spotify_rule(1), deezer_rule(1)):
        assert rule.span % rule.slot == 0
        assert ledger_free_at(ledger_add({}, NOON, rule), NOON, rule) is not None


@pytest.mark.parametrize("service", list(Service))
@pytest.mark.parametrize(
    ("asked", "wait"), [(17.0, 17.0), (0.0, 1.0), (-5.0, 1.0), (86_400.0, 86_400.0), (10.0**9, 10.0**9)]
)
def test_what_a_service_asks_for_is_honoured_and_never_hammered(service: Service, asked: float, wait: float) -> None:
    assert refusal_wait(service, asked, quota=False, strikes=5) == wait
    assert refusal_wait(service, asked, quota=True, strikes=1) == wait


@pytest.mark.parametrize("asked", [None, float("nan"), float("inf")])
def test_what_is_not_said_is_known_from_the_services_documents(asked: float | None) -> None:
    assert refusal_wait(Service.SPOTIFY, asked, quota=True, strikes=1) == SPOTIFY_QUOTA_WAIT == DAY
    assert refusal_wait(Service.SPOTIFY, asked, quota=False, strikes=1) == SPOTIFY_RATE_WAIT
    ladder = [refusal_wait(Service.DEEZER, asked, quota=False, strikes=strikes) for strikes in range(8)]
    assert ladder == [5.0, *DEEZER_BACKOFF, DEEZER_CIRCUIT_OPEN, DEEZER_CIRCUIT_OPEN]
    assert DEEZER_BACKOFF == (5.0, 15.0, 30.0, 60.0, 120.0)


@pytest.mark.parametrize("service", list(Service))
@pytest.mark.parametrize("retry_after", [0.0, 2.0, None])
def test_a_service_that_goes_on_refusing_is_left_alone(service: Service, retry_after: float | None) -> None:
    waits = [refusal_wait(service, retry_after, quota=False, strikes=strikes) for strikes in range(1, 9)]
    assert waits[0] <= 30
    assert waits[-1] > 30, "the run would wait and call, wait and call, to the end of its budget"
    assert waits == sorted(waits)


# Who waits for a place


@given(st.lists(st.tuples(st.integers(0, 19), st.booleans()), unique_by=lambda one: one[0], max_size=20), st.data())
def test_the_patient_stand_behind_all_others_and_each_group_in_the_order_of_its_coming(
    comers: list[tuple[int, bool]], drawn: st.DataObject
) -> None:
    line = Line()
    for name, patient in comers:
        line.before(name, patient=patient)
    left = [one for one in comers if drawn.draw(st.booleans())]
    for name, _ in left:
        line.leave(name)
    waiting = [one for one in comers if one not in left]
    expected = [one for one in waiting if not one[1]] + [one for one in waiting if one[1]]
    assert [line.before(name, patient=patient) for name, patient in expected] == list(range(len(expected)))


def test_each_of_those_who_wait_is_told_when_its_own_place_is_free() -> None:
    window = RollingWindow(3, 5.0)
    for end in (0.0, 1.0, 2.0):
        window.begin()
        window.end(end)
    delays = [window.delay(2.5, before) for before in range(4)]
    assert delays == pytest.approx([2.5 + WINDOW_MARGIN, 3.5 + WINDOW_MARGIN, 4.5 + WINDOW_MARGIN, AWAITING_ANSWERS])
    assert [window.delay(6.0 + WINDOW_MARGIN, before) > 0 for before in range(3)] == [False, False, True]
