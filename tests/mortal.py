"""What a run may meet besides faults of the services: time, death in the middle of a write or a save, and people.

Each wrapper stands between the job and a real target or store and strikes at the n-th write or save.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.plan import Change, Receipt
from musicdiff_job.ports import Lease, Target

BEGINNING = datetime(2027, 1, 10, tzinfo=UTC)


class Killed(BaseException):
    """The process is gone: nothing of the job may catch this."""


class SwiftClock:
    """A clock on which waiting takes no time and everything else one thousandth of a second."""

    def __init__(self) -> None:
        self._passed = timedelta()
        self._behind = timedelta()

    def now(self) -> datetime:
        self._passed += timedelta(milliseconds=1)
        return BEGINNING + self._passed - self._behind

    def monotonic(self) -> float:
        self._passed += timedelta(milliseconds=1)
        return self.passed

    def wait(self, seconds: float) -> None:
        self._passed += timedelta(seconds=max(0.0, seconds))

    @property
    def passed(self) -> float:
        """Seconds that have really passed since the beginning; asking takes no time."""
        return self._passed.total_seconds()

    def set_back(self, seconds: float) -> None:
        """The wall clock is corrected; nothing else goes back."""
        self._behind += timedelta(seconds=seconds)


class MortalTarget:
    """A target on which the process dies at the n-th write, before or after it."""

    def __init__(self, target: Target, at: int, *, before: bool) -> None:
        self._target = target
        self._left = at
        self._before = before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def apply(self, change: Change) -> Receipt:
        self._left -= 1
        if self._left == 0 and self._before:
            raise Killed
        receipt = self._target.apply(change)
        if self._left == 0:
            raise Killed
        return receipt


class MeddledTarget:
    """A target on which somebody edits something just before the n-th write."""

    def __init__(self, target: Target, at: int, meddle: Callable[[], None]) -> None:
        self._target = target
        self._left = at
        self._meddle = meddle

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def apply(self, change: Change) -> Receipt:
        self._left -= 1
        if self._left == 0:
            self._meddle()
        return self._target.apply(change)


class MortalLease:
    """A lease on which the process dies at the n-th save, before or after it."""

    def __init__(self, lease: Lease, at: int, *, before: bool) -> None:
        self._lease = lease
        self._left = at
        self._before = before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lease, name)

    def save(self, checkpoint: Checkpoint, *, last: bool = False) -> None:
        self._left -= 1
        if self._left == 0 and self._before:
            raise Killed
        self._lease.save(checkpoint, last=last)
        if self._left == 0:
            raise Killed


class MortalStore:
    """A store that gives out mortal leases."""

    def __init__(self, store: Any, at: int, *, before: bool) -> None:
        self._store = store
        self._at = at
        self._before = before

    def peek(self) -> Checkpoint | None:
        found: Checkpoint | None = self._store.peek()
        return found

    def lease(self, run_id: str, until: datetime) -> AbstractContextManager[Lease]:
        @contextmanager
        def held() -> Iterator[Lease]:
            with self._store.lease(run_id, until) as lease:
                mortal: Any = MortalLease(lease, self._at, before=self._before)
                yield mortal

        return held()
