"""The gate: what is counted, paced, repeated and given up, on a clock that moves only when it is told to."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from told_clock import BEGIN, ToldClock

from musicdiff_job.clock import StopFlag
from musicdiff_job.core.budget import DAY, LONGEST_WAIT, LedgerRule
from musicdiff_job.core.checkpoint import NotBefore
from musicdiff_job.core.errors import (
    Interrupted,
    JobError,
    LedgerSpent,
    NotFound,
    OutOfBudget,
    RateLimited,
    Throttled,
    Transient,
    Unauthorized,
    Unavailable,
    UnknownOutcome,
)
from musicdiff_job.core.model import Service
from musicdiff_job.core.timestamps import from_iso, to_iso
from musicdiff_job.gate import CLOSED_AFTER, TIMEOUT, Gate, Limits

SPOTIFY, DEEZER = Service.SPOTIFY, Service.DEEZER


def limits(
    *,
    seconds: float | None = None,
    calls: int | None = None,
    ledgers: dict[Service, LedgerRule] | None = None,
    windows: dict[Service, tuple[int, float]] | None = None,
    write_interval: float = 0.0,
    intervals: dict[Service, float] | None = None,
) -> Limits:
    return Limits(seconds, calls, ledgers or {}, windows or {}, write_interval, intervals)


class Stage:
    """A gate, its clock, and services that answer by script: an error to raise, or anything else to return."""

    def __init__(
        self,
        limits_: Limits | None = None,
        *,
        clock: ToldClock | None = None,
        ledgers: dict[str, dict[str, int]] | None = None,
        not_before: dict[str, NotBefore] | None = None,
    ) -> None:
        self.clock = clock or ToldClock()
        self.stop = StopFlag()
        self.gate = Gate(limits_ or limits(), self.clock, self.stop, ledgers, not_before)
        self.requests = 0
        self.timeouts: list[float] = []

    def call(self, *script: object, service: Service = DEEZER, write: bool = False, auth: bool = False) -> object:
        """One call whose requests are answered by ``script``, the last one for ever."""
        answers = iter(script or ("fine",))
        last: object = None

        def request(timeout: float) -> object:
            nonlocal last
            self.requests += 1
            self.timeouts.append(timeout)
            last = next(answers, last)
            if isinstance(last, BaseException):
                raise last
            return last

        return self.gate.call(service, request, write=write, auth=auth)

    def fails(self, kind: type[JobError], *script: object, **options: object) -> JobError:
        with pytest.raises(kind) as caught:
            self.call(*script, **options)  # type: ignore[arg-type]
        return caught.value

    @property
    def calls(self) -> dict[str, int]:
        return self.gate.tally().calls


def throttled(retry_after: float | None = None, *, quota: bool = False) -> Throttled:
    return Throttled("too many", retry_after=retry_after, quota=quota)


# Counting


def test_every_attempt_is_counted_under_its_service() -> None:
    stage = Stage()
    assert stage.call(Transient("reset"), throttled(2), "answer") == "answer"
    stage.call(service=SPOTIFY)
    assert stage.calls == {"spotify": 1, "deezer": 3, "auth": 0}
    assert stage.requests == 4


def test_writes_are_counted_among_the_calls_and_apart() -> None:
    stage = Stage()
    stage.call(throttled(1), "done", write=True)
    stage.call()
    assert stage.gate.tally().writes == 2
    assert stage.calls["deezer"] == 3


def test_auth_calls_are_not_part_of_any_budget() -> None:
    stage = Stage(limits(calls=1, ledgers={DEEZER: LedgerRule(1, 60, 10)}))
    stage.call()
    for _ in range(3):
        stage.call(auth=True)
    assert stage.calls == {"spotify": 0, "deezer": 1, "auth": 3}
    assert stage.gate.calls_left() == 0
    assert sum(stage.gate.ledgers()["deezer"].values()) == 1


# Errors that are nobody's business here


@pytest.mark.parametrize("error", [NotFound("gone"), Unauthorized("expired"), ValueError("a bug")])
def test_other_errors_are_passed_on_at_once(error: Exception) -> None:
    stage = Stage()
    with pytest.raises(type(error)) as caught:
        stage.call(error)
    assert caught.value is error
    assert (stage.requests, stage.clock.waits) == (1, [])


# Failures that may pass


def test_a_read_is_repeated_three_times_with_growing_pauses_then_given_up() -> None:
    stage = Stage()
    error = stage.fails(Unavailable, Transient("502"))
    assert "502" in str(error)
    assert (stage.requests, stage.clock.waits) == (4, [0.5, 2.0, 6.0])


def test_a_service_that_gave_up_three_times_is_not_called_again_in_this_run() -> None:
    stage = Stage()
    for _ in range(CLOSED_AFTER):
        stage.fails(Unavailable, Transient("502"))
    made = stage.requests
    stage.fails(Unavailable)
    stage.fails(Unavailable, auth=True)
    assert stage.requests == made
    assert isinstance(stage.gate.closed(DEEZER), Unavailable)
    assert stage.call(service=SPOTIFY) == "fine"


def test_one_success_in_between_opens_it_again() -> None:
    stage = Stage()
    for _ in range(CLOSED_AFTER - 1):
        stage.fails(Unavailable, Transient("502"))
    stage.call()
    for _ in range(CLOSED_AFTER - 1):
        stage.fails(Unavailable, Transient("502"))
    assert stage.call() == "fine"


def test_a_write_that_may_have_arrived_is_never_repeated() -> None:
    stage = Stage()
    stage.fails(UnknownOutcome, Transient("reset"), write=True)
    assert (stage.requests, stage.clock.waits) == (1, [])
    assert stage.gate.closed(DEEZER) is None


def test_a_write_that_certainly_did_not_arrive_is_repeated() -> None:
    stage = Stage()
    assert stage.call(Transient("refused", unsent=True), throttled(1), "done", write=True) == "done"
    assert stage.requests == 3
    stage.fails(Unavailable, Transient("refused", unsent=True), write=True)


@pytest.mark.parametrize("before", [Transient("refused", unsent=True), throttled(1)])
def test_a_write_is_not_repeated_once_an_attempt_may_have_arrived(before: JobError) -> None:
    stage = Stage()
    stage.fails(UnknownOutcome, before, Transient("reset"), "must not be asked for", write=True)
    assert stage.requests == 2


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["sent", "unsent", "throttled", "done", "refused"]), min_size=1, max_size=6))
def test_whatever_happens_a_write_is_made_once_at_most(script: list[str]) -> None:
    arrived = 0
    errors = {"sent": Transient("reset"), "unsent": Transient("no route", unsent=True), "throttled": throttled(1)}
    answers = iter(script)

    def request(timeout: float) -> str:
        nonlocal arrived
        answer = next(answers, "done")
        if answer == "refused":
            raise NotFound("no such playlist")
        if answer in errors:
            arrived += answer == "sent"
            raise errors[answer]
        arrived += 1
        return answer

    with suppress(JobError):
        Stage().gate.call(DEEZER, request, write=True)
    assert arrived <= 1


# Refusals


@pytest.mark.parametrize(
    ("asked", "waited"), [(7.0, 7.0), (1.5, 1.5), (0.0, 1.0), (-3.0, 1.0), (LONGEST_WAIT, LONGEST_WAIT)]
)
def test_a_short_retry_after_is_waited_for(asked: float, waited: float) -> None:
    stage = Stage()
    assert stage.call(throttled(asked), "answer", service=SPOTIFY) == "answer"
    assert stage.clock.waits == [waited]
    assert stage.gate.not_before() == {}


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (throttled(31.0), 31),
        (throttled(86_400.0), 86_400),
        (throttled(None, quota=True), DAY),
        (throttled(60.0, quota=True), 60),
        (throttled(1e12), 366 * DAY),
    ],
)
def test_a_long_one_closes_the_service_and_is_never_waited_for(error: Throttled, seconds: int) -> None:
    stage = Stage()
    until = BEGIN + timedelta(seconds=seconds)
    found = stage.fails(RateLimited, error, service=SPOTIFY)
    assert isinstance(found, RateLimited)
    assert (found.until, found.service) == (until, SPOTIFY)
    assert stage.gate.not_before() == {"spotify": NotBefore(to_iso(until), "too many", 1, to_iso(BEGIN))}
    again = stage.fails(RateLimited, service=SPOTIFY)
    assert isinstance(again, RateLimited)
    assert again.until == until
    stage.fails(RateLimited, service=SPOTIFY, auth=True)
    assert (stage.requests, stage.clock.waits) == (1, [])
    assert stage.call() == "fine", "the other service is open"


def test_a_rate_refusal_of_spotify_that_names_no_time_is_half_a_minute() -> None:
    stage = Stage()
    stage.call(throttled(), "answer", service=SPOTIFY)
    assert stage.clock.waits == [30.0]


def test_deezers_refusals_wait_longer_each_time_then_close_the_service() -> None:
    stage = Stage()
    found = stage.fails(RateLimited, throttled())
    assert isinstance(found, RateLimited)
    assert stage.clock.waits == [5.0, 15.0, 30.0]
    assert found.until == stage.clock.now() + timedelta(seconds=60)
    assert stage.gate.not_before()["deezer"].strikes == 4


def test_the_ladder_goes_on_in_the_next_runs_and_ends_with_an_hour() -> None:
    clock, waits = ToldClock(), []
    known: dict[str, NotBefore] = {}
    for _ in range(4):
        stage = Stage(clock=clock, not_before=known)
        found = stage.fails(RateLimited, throttled())
        assert isinstance(found, RateLimited)
        waits.append((found.until - clock.now()).total_seconds())
        known = stage.gate.not_before()
        clock.advance(waits[-1])
    assert waits == [60.0, 120.0, 3600.0, 3600.0]
    Stage(clock=clock, not_before=known).call()


def test_a_success_forgets_the_refusals() -> None:
    clock = ToldClock()
    stage = Stage(clock=clock, not_before={"deezer": NotBefore(to_iso(clock.now()), "too many", 5)})
    assert stage.gate.not_before() != {}, "kept until a call succeeds"
    stage.call()
    assert stage.gate.not_before() == {}
    stage.call(throttled(), "answer")
    assert clock.waits == [5.0]


def test_a_closed_service_stays_closed_for_the_next_run_until_its_time() -> None:
    clock = ToldClock()
    closed = {"spotify": NotBefore(to_iso(BEGIN + timedelta(hours=3)), "quota", 1)}
    stage = Stage(clock=clock, not_before=closed)
    stage.fails(RateLimited, service=SPOTIFY)
    assert isinstance(stage.gate.closed(SPOTIFY), RateLimited)
    assert stage.requests == 0
    assert stage.gate.not_before() == closed
    clock.advance(3 * 3600)
    assert stage.gate.closed(SPOTIFY) is None
    assert stage.call(service=SPOTIFY) == "fine"


def test_a_refusal_from_the_future_holds_nobody_up_when_the_clock_was_set_back() -> None:
    clock = ToldClock()
    ahead = clock.now() + timedelta(days=400)
    closed = {"spotify": NotBefore(to_iso(ahead + timedelta(hours=3)), "quota", 4, to_iso(ahead))}
    stage = Stage(clock=clock, not_before=closed)
    assert stage.gate.closed(SPOTIFY) is None
    found = stage.fails(RateLimited, throttled(60.0), service=SPOTIFY)
    assert isinstance(found, RateLimited)
    assert found.until == clock.now() + timedelta(seconds=60)
    assert stage.gate.not_before()["spotify"].strikes == 5, "it was refused before all the same"
    clock.advance(60)
    assert stage.call(service=SPOTIFY) == "fine"
    assert stage.gate.not_before() == {}


def test_a_clock_that_is_set_back_during_a_run_closes_a_service_for_that_run_at_most() -> None:
    clock = ToldClock()
    stage = Stage(clock=clock)
    stage.fails(RateLimited, throttled(60.0), service=SPOTIFY)
    earlier = ToldClock(clock.now() - timedelta(days=3))
    assert Stage(clock=earlier, not_before=stage.gate.not_before()).call(service=SPOTIFY) == "fine"


def test_a_call_begun_before_a_refusal_says_nothing_about_it() -> None:
    """Its success neither opens the service that another call has just closed, nor resets the ladder."""
    stage = Stage()

    def slow(timeout: float) -> str:
        stage.fails(RateLimited, throttled(600.0))
        return "answer"

    assert stage.gate.call(DEEZER, slow) == "answer"
    assert isinstance(stage.gate.closed(DEEZER), RateLimited)
    assert stage.gate.not_before()["deezer"].strikes == 1


class Together(ToldClock):
    """Lets time pass only when all ``parties`` are waiting."""

    def __init__(self, parties: int) -> None:
        super().__init__()
        self._all = threading.Barrier(parties, timeout=60)

    def wait(self, seconds: float) -> None:
        before = self.monotonic()
        self._all.wait()
        super().wait(before + seconds - self.monotonic())


def in_threads(count: int, work: Callable[[], object]) -> Counter[str]:
    """Does ``work`` in several threads at once; how often each result or kind of error came out."""
    found: Counter[str] = Counter()
    lock = threading.Lock()

    def one() -> None:
        try:
            result = str(work())
        except JobError as error:
            result = type(error).__name__
        with lock:
            found[result] += 1

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_refusals_of_calls_in_flight_together_are_one_refusal() -> None:
    parties = 4
    stage = Stage(clock=Together(parties))
    begun = threading.Barrier(parties, timeout=60)

    def refused_twice() -> object:
        waits: Iterator[float | None] = iter((None, 600.0))

        def request(timeout: float) -> str:
            begun.wait()
            raise throttled(next(waits))

        return stage.gate.call(DEEZER, request)

    assert in_threads(parties, refused_twice) == {"RateLimited": parties}
    closed = stage.gate.not_before()["deezer"]
    assert closed.strikes == 2
    assert from_iso(closed.until) == BEGIN + timedelta(seconds=605)


# Windows and pace


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 7), st.integers(1, 60), st.sampled_from(["read", "write", "auth", "flaky", "refused"])),
        min_size=1,
        max_size=8,
    )
)
def test_no_five_seconds_ever_hold_more_than_fifty_requests(bursts: list[tuple[float, int, str]]) -> None:
    stage = Stage(limits(windows={DEEZER: (50, 5.0)}))
    times: list[float] = []

    def request(*failures: JobError) -> Callable[[float], str]:
        errors = iter(failures)

        def made(timeout: float) -> str:
            times.append(stage.clock.monotonic())
            if (error := next(errors, None)) is not None:
                raise error
            return "fine"

        return made

    for gap, size, what in bursts:
        stage.clock.advance(gap)
        for _ in range(size):
            failures = {"flaky": (Transient("x"),), "refused": (throttled(1.0),)}.get(what, ())
            stage.gate.call(DEEZER, request(*failures), write=what == "write", auth=what == "auth")
    assert all(later - first > 5.0 for first, later in zip(times, times[50:], strict=False))


def test_threads_share_one_window() -> None:
    stage = Stage(limits(windows={DEEZER: (50, 5.0)}))
    assert in_threads(8, lambda: [stage.call() for _ in range(50)][-1]) == {"fine": 8}
    assert stage.calls["deezer"] == 400
    assert stage.clock.monotonic() >= 7 * 5.0


def test_a_window_of_one_service_does_not_slow_the_other() -> None:
    stage = Stage(limits(windows={DEEZER: (1, 5.0)}))
    stage.call()
    for _ in range(9):
        stage.call(service=SPOTIFY)
    assert stage.clock.waits == []


def test_writes_keep_their_distance_and_reads_do_not_wait_for_them() -> None:
    stage = Stage(limits(write_interval=1.0))
    for _ in range(3):
        stage.call(write=True)
        stage.call()
    assert stage.clock.waits == [1.0, 1.0]


def test_calls_to_a_paced_service_keep_their_distance() -> None:
    stage = Stage(limits(intervals={SPOTIFY: 0.25}))
    for _ in range(3):
        stage.call(service=SPOTIFY)
        stage.call()
    assert stage.clock.waits == [0.25, 0.25]


def test_after_a_refusal_everybody_waits() -> None:
    stage = Stage()

    def slow(timeout: float) -> str:
        if not stage.clock.waits:
            raise throttled(9.0)
        return "fine"

    stage.gate.call(DEEZER, slow)
    assert stage.clock.monotonic() == 9.0
    stage.call()
    assert stage.clock.monotonic() == 9.0


# Budgets


@pytest.mark.parametrize("allowed", [0, 1, 5])
def test_no_more_requests_than_the_budget_retries_included(allowed: int) -> None:
    stage = Stage(limits(calls=allowed))
    with pytest.raises(OutOfBudget):
        for _ in range(9):
            stage.call(throttled(1), "fine")
    assert stage.requests == allowed
    assert stage.gate.calls_left() == 0


def test_threads_share_one_budget() -> None:
    stage = Stage(limits(calls=100))
    assert in_threads(8, lambda: [stage.call() for _ in range(13)][-1])["OutOfBudget"] >= 1
    assert stage.requests == stage.calls["deezer"] == 100


def test_no_limit_is_no_limit() -> None:
    stage = Stage()
    assert (stage.gate.calls_left(), stage.gate.seconds_left()) == (None, None)


def test_a_spent_ledger_closes_its_service_only_and_is_remembered() -> None:
    rules = {SPOTIFY: LedgerRule(3, 86_400, 900)}
    stage = Stage(limits(ledgers=rules))
    for _ in range(3):
        stage.call(service=SPOTIFY)
    error = stage.fails(LedgerSpent, service=SPOTIFY)
    assert isinstance(error, LedgerSpent)
    assert error.service is SPOTIFY
    stage.call()
    assert isinstance(stage.gate.closed(SPOTIFY), LedgerSpent)
    next_run = Stage(limits(ledgers=rules), clock=stage.clock, ledgers=stage.gate.ledgers())
    next_run.fails(LedgerSpent, service=SPOTIFY)
    assert (stage.requests, next_run.requests) == (4, 0)
    stage.clock.advance(2 * 86_400)
    assert next_run.call(service=SPOTIFY) == "fine"


def test_time_is_kept_back_for_the_end_of_the_run() -> None:
    stage = Stage(limits(seconds=100.0))
    assert stage.gate.seconds_left() == 95.0
    stage.clock.advance(94.0)
    stage.call()
    stage.clock.advance(1.0)
    stage.fails(OutOfBudget)
    with pytest.raises(OutOfBudget):
        stage.gate.check()


def test_nothing_is_waited_for_that_ends_after_the_run() -> None:
    stage = Stage(limits(seconds=20.0))
    with pytest.raises(OutOfBudget):
        stage.gate.wait(19.0)
    stage.gate.wait(2.0)
    assert stage.clock.waits == [2.0]
    # A refusal that outlasts the run closes the service until then, for the next run.
    found = stage.fails(RateLimited, throttled(25.0))
    assert isinstance(found, RateLimited)
    assert found.until == stage.clock.now() + timedelta(seconds=25)


def test_a_request_may_take_no_longer_than_the_run_has() -> None:
    stage = Stage(limits(seconds=100.0))
    stage.call()
    stage.clock.advance(92.0)
    stage.call()
    stage.clock.advance(2.7)
    stage.call()
    assert stage.timeouts == pytest.approx([TIMEOUT, 3.0, 1.0])


# The stop flag


def test_a_set_flag_ends_everything_before_the_next_request() -> None:
    stage = Stage()
    stage.stop.set(15)
    error = stage.fails(Interrupted)
    assert isinstance(error, Interrupted)
    assert error.signal == 15
    stage.fails(Interrupted, auth=True)
    with pytest.raises(Interrupted):
        stage.gate.check()
    assert stage.requests == 0


def test_a_signal_during_a_wait_ends_it() -> None:
    stage = Stage()

    class Signalled(ToldClock):
        def wait(self, seconds: float) -> None:
            super().wait(0.0)
            stage.stop.set(2)

    stage.gate = Gate(limits(), Signalled(), stage.stop)
    stage.fails(Interrupted, throttled(20.0), "must not be asked for")
    assert stage.requests == 1


def test_a_call_in_flight_when_the_signal_comes_is_finished() -> None:
    stage = Stage()

    def request(timeout: float) -> str:
        stage.stop.set(15)
        return "answer"

    assert stage.gate.call(DEEZER, request, write=True) == "answer"
    stage.fails(Interrupted)


def test_a_slow_first_connection_does_not_push_two_windows_together() -> None:
    """Requests count from their answers: what was sent at 0 may arrive at 2, and the next window starts after it."""
    stage = Stage(limits(windows={DEEZER: (50, 5.0)}))
    arrivals: list[float] = []

    def slow(timeout: float) -> str:
        stage.clock.advance(2.0 if not arrivals else 0.0)
        arrivals.append(stage.clock.monotonic())
        return "fine"

    for _ in range(60):
        stage.gate.call(DEEZER, slow)
    assert arrivals[50] - arrivals[0] > 5.0


def test_after_a_refusal_fewer_calls_go_into_a_window() -> None:
    """Somebody else may be calling from the same address."""
    stage = Stage(limits(windows={DEEZER: (10, 5.0)}))
    stage.call(throttled(1.0), "fine")
    stage.clock.advance(20.0)
    before = stage.clock.monotonic()
    for _ in range(9):
        stage.call()
    assert stage.clock.monotonic() == before
    stage.call()
    assert stage.clock.monotonic() > before


def test_a_call_goes_before_those_that_stand_back_however_long_they_wait() -> None:
    class Halting(ToldClock):
        """Whoever stands back waits for real, until the other one is through."""

        def wait(self, seconds: float) -> None:
            if threading.current_thread() is not threading.main_thread():
                waiting.release()
                through.wait(10)
            super().wait(seconds)

    clock, waiting, through = Halting(), threading.Semaphore(0), threading.Event()
    gate = Gate(limits(windows={Service.DEEZER: (1, 5.0)}), clock, StopFlag())
    gate.call(Service.DEEZER, lambda timeout: None)
    served: list[str] = []

    def patient() -> None:
        gate.stand_back()
        gate.call(Service.DEEZER, lambda timeout: served.append("patient"))

    threads = [threading.Thread(target=patient) for _ in range(3)]
    for thread in threads:
        thread.start()
        assert waiting.acquire(timeout=10)
    gate.call(Service.DEEZER, lambda timeout: served.append("read"))
    through.set()
    for thread in threads:
        thread.join(10)
    assert served == ["read", "patient", "patient", "patient"]
    assert sum(clock.waits[:1]) < 6, "it waited for one place, not for those before it"


def test_who_gives_up_holds_nobody_up() -> None:
    clock = ToldClock()
    gate = Gate(limits(windows={Service.DEEZER: (1, 5.0)}, seconds=4.0), clock, StopFlag())
    gate.call(Service.DEEZER, lambda timeout: None)
    for _ in range(5):
        with pytest.raises(OutOfBudget):
            gate.call(Service.DEEZER, lambda timeout: None)
    assert gate._lines[Service.DEEZER].before(object(), patient=True) == 0
