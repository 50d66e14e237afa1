"""A clock that moves only when it is told to or when somebody waits; safe to share between threads."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

BEGIN = datetime(2026, 11, 21, 12, tzinfo=UTC)
ENDLESS = 10_000


class ToldClock:
    """``ports.Clock`` without waiting. ``waits`` are the seconds that were waited for, in order."""

    def __init__(self, begin: datetime = BEGIN) -> None:
        self._lock = threading.Lock()
        self._begin = begin
        self._passed = 0.0
        self.waits: list[float] = []

    def now(self) -> datetime:
        return self._begin + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return self._passed

    def wait(self, seconds: float) -> None:
        until = self._passed + seconds
        with self._lock:
            self.waits.append(seconds)
            assert len(self.waits) < ENDLESS, "waits without end"
            # Those who wait at the same time wait together.
            self._passed = max(self._passed, until)

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._passed += seconds
