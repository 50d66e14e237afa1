"""The one door to the services: every HTTP request of the job passes ``Gate.call``.

Before a request it asks the stop flag, the run's time and call budgets, the service's ledger, its ``not_before``,
its rate window and its pace; it counts every attempt, because a retry is a call too; after a failure it decides by
table whether to wait, to repeat or to give up. No library below it retries or waits by itself.

Reactions to one failed call::

    refused for rate or quota   wait and repeat if the wait is at most 30 s, else close the service until then
    may pass, read              repeat three times, then give up (Unavailable)
    may pass, write, not sent   as a read: it cannot have been applied
    may pass, write, sent       UnknownOutcome: only a read of the target can tell
    anything else               passed on

Thread-safe: look-ups come from several threads at once. Such threads ``stand_back``: while others wait for a place in
a service's window, theirs come after. So a read or a write is not held up by all the look-ups that wait already.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from musicdiff_job.clock import StopFlag
from musicdiff_job.core import budget
from musicdiff_job.core.checkpoint import LONGEST_CLOSURE, NotBefore
from musicdiff_job.core.errors import (
    Interrupted,
    JobError,
    LedgerSpent,
    OutOfBudget,
    RateLimited,
    Throttled,
    Transient,
    Unavailable,
    UnknownOutcome,
)
from musicdiff_job.core.model import Service
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.journal import event
from musicdiff_job.ports import Clock

if TYPE_CHECKING:
    from tenacity import RetryCallState

T = TypeVar("T")

TIMEOUT = 10.0
"""Seconds one request may take to connect and between two reads."""
SHORTEST_TIMEOUT = 1.0
CLOSED_AFTER = 3
"""A service that gave up this many times in a row is not called again in this run."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may spend. ``seconds`` and ``calls`` of None mean no limit."""

    seconds: float | None
    calls: int | None
    ledgers: dict[Service, budget.LedgerRule]
    windows: dict[Service, tuple[int, float]]
    """Calls and seconds of each service's rolling window."""
    write_interval: float = 0.0
    """Seconds between two writes."""
    intervals: dict[Service, float] | None = None
    """Seconds between two calls to a service."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Calls made so far."""

    calls: dict[str, int]
    writes: int


class Gate:
    """``ports.Door`` for one run. ``windows`` are given where runs before it in this process count too."""

    def __init__(
        self,
        limits: Limits,
        clock: Clock,
        stop: StopFlag,
        ledgers: dict[str, dict[str, int]] | None = None,
        not_before: dict[str, NotBefore] | None = None,
        windows: Mapping[Service, budget.RollingWindow] | None = None,
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._stop = stop
        self._lock = threading.RLock()
        self._started = clock.monotonic()
        self._calls = dict.fromkeys(Service, 0)
        self._auth = 0
        self._writes = 0
        self._ledgers = {service: dict((ledgers or {}).get(service, {})) for service in Service}
        self._not_before = dict(not_before or {})
        self._windows = windows or {
            service: budget.RollingWindow(calls, seconds) for service, (calls, seconds) in limits.windows.items()
        }
        self._lines = {service: budget.Line() for service in self._windows}
        self._thread = threading.local()
        self._next: dict[str, float] = {}
        self._given_up = dict.fromkeys(Service, 0)
        self._strikes = {service: closed.strikes for service, closed in self._not_before.items()}
        self._held: dict[str, float] = {}

    def call(self, service: Service, request: Callable[[float], T], *, write: bool = False, auth: bool = False) -> T:
        """See ``ports.Door.call``."""
        from tenacity import Retrying, retry_if_exception, stop_never  # what makes no call need not load it

        def attempt() -> T:
            began = self._admit(service, write=write, auth=auth)
            answered = False
            try:
                answer = request(self._timeout())
                answered = True
            finally:
                self._ended(service, began if answered else None)
            return answer

        def transient_wait(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            if isinstance(error, Throttled):
                return self._refused(service, error)
            return budget.TRANSIENT_BACKOFF[min(failures.count, len(budget.TRANSIENT_BACKOFF)) - 1]

        failures = _Failures(write=write)
        retrying = Retrying(
            retry=retry_if_exception(failures.repeatable),
            wait=transient_wait,
            stop=stop_never,  # `repeatable` and the budgets end it
            sleep=self._wait,
            reraise=True,
        )
        try:
            answer: T = retrying(attempt)
        except Transient as error:
            if write and not error.unsent:
                raise UnknownOutcome(
                    f"a write to {service} was sent but no proper answer came ({error.message})",
                    f"The next look at {service.capitalize()} tells whether it was applied",
                ) from None
            self._give_up(service)
            raise Unavailable(
                f"{service} did not answer properly: {error.message}",
                "It is tried again by the next run",
                service=service,
            ) from None
        self._succeeded(service)
        return answer

    def stand_back(self) -> None:
        """From now on calls made by this thread let those of others go first."""
        self._thread.patient = True

    # What the run asks of its gate

    def tally(self) -> Tally:
        """Calls made so far, by service and ``auth``."""
        with self._lock:
            return Tally({**{str(k): v for k, v in self._calls.items()}, "auth": self._auth}, self._writes)

    def ledgers(self) -> dict[str, dict[str, int]]:
        """The ledgers to be saved."""
        with self._lock:
            return {str(service): dict(ledger) for service, ledger in self._ledgers.items() if ledger}

    def not_before(self) -> dict[str, NotBefore]:
        """The closed services to be saved."""
        with self._lock:
            return dict(self._not_before)

    def closed(self, service: Service) -> JobError | None:
        """Why the service cannot be called now or for the rest of this run; None if it can."""
        with self._lock:
            try:
                self._check_open(service)
                self._check_ledger(service)
            except JobError as error:
                return error
        return None

    def check(self) -> None:
        """Raise ``Interrupted`` or ``OutOfBudget`` if the run must end."""
        with self._lock:
            self._check_run()

    def seconds_left(self) -> float | None:
        """Seconds of the time budget that are left for calls; None for no limit."""
        if self._limits.seconds is None:
            return None
        reserve = min(5.0, self._limits.seconds / 10)
        return self._limits.seconds - reserve - (self._clock.monotonic() - self._started)

    def calls_left(self) -> int | None:
        """Calls of the budget that are left; None for no limit."""
        if self._limits.calls is None:
            return None
        with self._lock:
            return max(0, self._limits.calls - sum(self._calls.values()))

    def wait(self, seconds: float) -> None:
        """Wait for something other than a rate limit, within the budget. Raises like ``check``."""
        self._wait(seconds)

    # Before a call

    def _admit(self, service: Service, *, write: bool, auth: bool) -> float:
        """Wait until the call may be made; the monotonic time at which that is."""
        ticket = object()
        try:
            while True:
                with self._lock:
                    self._check_run()
                    self._check_open(service)
                    if not auth:
                        self._check_calls()
                        self._check_ledger(service)
                    now = self._clock.monotonic()
                    # What has to wait for its pace does not stand in line meanwhile.
                    delay = self._pace_delay(service, now, write=write)
                    if delay <= 0:
                        delay = self._window_delay(service, now, ticket)
                    if delay <= 0:
                        self._count(service, now, write=write, auth=auth)
                        return now
                self._wait(delay)
        finally:
            if service in self._lines:
                with self._lock:
                    self._lines[service].leave(ticket)

    def _check_run(self) -> None:
        if self._stop.signal is not None:
            raise Interrupted(self._stop.signal)
        left = self.seconds_left()
        if left is not None and left <= 0:
            raise OutOfBudget("the time budget is spent")

    def _check_calls(self) -> None:
        if self._limits.calls is not None and sum(self._calls.values()) >= self._limits.calls:
            raise OutOfBudget(f"the budget of {self._limits.calls} calls is spent")

    def _check_open(self, service: Service) -> None:
        closed = self._not_before.get(service)
        if closed is not None and (until := closed.closed_until(self._clock.now())) is not None:
            raise RateLimited(
                f"{service} asked to wait until {closed.until}: {closed.reason}", service=service, until=until
            )
        if self._given_up[service] >= CLOSED_AFTER:
            raise Unavailable(f"{service} failed {CLOSED_AFTER} times in a row", service=service)

    def _check_ledger(self, service: Service) -> None:
        rule = self._limits.ledgers.get(service)
        if rule is None:
            return
        free_at = budget.ledger_free_at(self._ledgers[service], self._clock.now(), rule)
        if free_at is not None:
            raise LedgerSpent(
                f"the ledger of {rule.limit} calls to {service} in {rule.span // budget.HOUR} h is spent until "
                f"{to_iso(free_at)}",
                service=service,
                until=free_at,
            )

    def _pace_delay(self, service: Service, now: float, *, write: bool) -> float:
        delay = max(self._next.get(service, 0.0), self._held.get(service, 0.0)) - now
        return max(delay, self._next.get("write", 0.0) - now) if write else delay

    def _window_delay(self, service: Service, now: float, ticket: object) -> float:
        window = self._windows.get(service)
        if window is None:
            return 0.0
        patient = getattr(self._thread, "patient", False)
        return window.delay(now, self._lines[service].before(ticket, patient=patient))

    def _count(self, service: Service, now: float, *, write: bool, auth: bool) -> None:
        if service in self._windows:
            self._windows[service].begin()
        if write:
            self._writes += 1
            self._next["write"] = now + self._limits.write_interval
        self._next[service] = now + (self._limits.intervals or {}).get(service, 0.0)
        if auth:
            self._auth += 1
            return
        self._calls[service] += 1
        rule = self._limits.ledgers.get(service)
        if rule is not None:
            self._ledgers[service] = budget.ledger_add(self._ledgers[service], self._clock.now(), rule)

    def _ended(self, service: Service, began: float | None) -> None:
        if service in self._windows:
            with self._lock:
                now = self._clock.monotonic()
                self._windows[service].end(now, None if began is None else now - began)

    def _timeout(self) -> float:
        left = self.seconds_left()
        return TIMEOUT if left is None else max(SHORTEST_TIMEOUT, min(TIMEOUT, left))

    # After a failure

    def _refused(self, service: Service, error: Throttled) -> float:
        """Seconds to wait before the call is repeated. Raises ``RateLimited`` when a run may not wait that long."""
        left = self.seconds_left()
        with self._lock:
            # Calls in flight together may all be refused: one refusal, one wait, one strike.
            self._check_open(service)
            now = self._clock.monotonic()
            held = self._held.get(service, 0.0) - now
            if held > 0:
                return held
            strikes = self._strikes.get(service, 0) + 1
            delay = budget.refusal_wait(service, error.retry_after, quota=error.quota, strikes=strikes)
            self._strikes[service] = strikes
            if service in self._windows:
                self._windows[service].shrink()
            event("rate_limit.hit", service=str(service), seconds=delay, strikes=strikes, reason=error.message)
            if delay <= budget.LONGEST_WAIT and (left is None or delay < left):
                self._held[service] = now + delay
                return delay
            said_at = self._clock.now()
            until = said_at + timedelta(seconds=min(delay, LONGEST_CLOSURE.total_seconds()))
            self._not_before[service] = NotBefore(to_iso(until), error.message, strikes, to_iso(said_at))
        raise RateLimited(
            f"{service} asked to wait until {to_iso(until)}: {error.message}", service=service, until=until
        ) from None

    def _wait(self, seconds: float) -> None:
        left = self.seconds_left()
        if left is not None and seconds >= left:
            raise OutOfBudget("the time budget is spent")
        self._clock.wait(seconds)
        with self._lock:
            self._check_run()

    def _give_up(self, service: Service) -> None:
        with self._lock:
            self._given_up[service] += 1
        event("service.unavailable", service=str(service))

    def _succeeded(self, service: Service) -> None:
        with self._lock:
            self._given_up[service] = 0
            closed = self._not_before.get(service)
            if self._held.get(service, 0.0) > self._clock.monotonic() or (
                closed is not None and closed.closed_until(self._clock.now()) is not None
            ):
                return  # begun before another call was refused, so it says nothing about the refusal
            self._strikes[service] = 0
            self._not_before.pop(service, None)


class _Failures:
    """Counts the transient failures of one call and says whether to repeat it."""

    def __init__(self, *, write: bool) -> None:
        self._write = write
        self.count = 0

    def repeatable(self, error: BaseException) -> bool:
        match error:
            case Throttled():
                return True
            case Transient(unsent=unsent):
                self.count += 1
                return (unsent or not self._write) and self.count <= len(budget.TRANSIENT_BACKOFF)
            case _:
                return False
