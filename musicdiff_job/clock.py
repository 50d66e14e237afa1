"""The real clock and the stop flag. The only module that reads the time or waits."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime


class StopFlag:
    """Set once by a signal; every wait ends when it is. Safe to set from a signal handler."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.signal: int | None = None
        """The signal's number, None while the flag is not set."""
        self._set_at = 0.0

    def set(self, signal: int) -> None:
        """Ask the run to stop; the first signal is remembered."""
        if self.signal is None:
            self._set_at = time.monotonic()
            self.signal = signal
        self._event.set()

    def age(self) -> float:
        """Seconds since the first signal; 0 while the flag is not set."""
        return 0.0 if self.signal is None else time.monotonic() - self._set_at

    def wait(self, seconds: float) -> None:
        """Wait for at most ``seconds``, no longer than until the flag is set."""
        self._event.wait(max(0.0, seconds))


class SystemClock:
    """``ports.Clock`` over the machine's clocks."""

    def __init__(self, stop: StopFlag) -> None:
        self._stop = stop

    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the clock

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Wait; returns at once when the stop flag is set."""
        self._stop.wait(seconds)
