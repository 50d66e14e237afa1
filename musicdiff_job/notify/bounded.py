"""Work that may hang, given up in time.

No time-out of a library bounds a whole delivery: those of sockets count from one byte to the next, and a name server
has its own. So the work is done in threads that are left behind when their time is over. They are daemons: the process
does not wait for them at its end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Gave(Generic[T]):
    """One piece of work under way. ``error`` is what it raised."""

    def __init__(self, work: Callable[[], T]) -> None:
        self.value: T | None = None
        self.error: Exception | None = None
        self._work = work
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait for at most ``seconds``; whether it is over."""
        self._thread.join(max(0.0, seconds))
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self.value = self._work()
        except Exception as error:  # told by whoever waits
            self.error = error


def within(seconds: float, clock: Callable[[], float], works: Sequence[Callable[[], T]]) -> tuple[Gave[T] | None, ...]:
    """Do all of these at once, in ``seconds`` altogether by ``clock`` (which never goes back); None for each that is
    not over by then."""
    until = clock() + seconds
    begun = [Gave(work) for work in works]
    return tuple(one if one.wait(until - clock()) else None for one in begun)
