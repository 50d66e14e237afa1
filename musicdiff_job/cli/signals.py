"""SIGTERM and SIGINT: finish the call in flight, save, and be gone within five seconds.

The first signal sets the stop flag, which every wait and every call asks. A socket that hangs asks nothing, so a
timer raises ``Interrupted`` in the main thread after four seconds; that is safe anywhere, because every write's
intent is saved before it. The second signal ends the process at once.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from musicdiff_job.clock import StopFlag
from musicdiff_job.core.errors import Interrupted

PATIENCE = 4.0
"""Seconds between the first signal and the end of waiting for a call in flight."""

_STOPPING = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stopping(stop: StopFlag) -> Iterator[None]:
    """Within this block signals stop the run; outside, they do what they did before. Main thread only."""

    def stop_now(number: int, frame: FrameType | None) -> None:
        if stop.signal is not None:
            os._exit(128 + number)
        stop.set(number)
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)

    def patience_is_over(number: int, frame: FrameType | None) -> None:
        raise Interrupted(stop.signal or signal.SIGTERM)

    before = {number: signal.signal(number, stop_now) for number in _STOPPING}
    before[signal.SIGALRM] = signal.signal(signal.SIGALRM, patience_is_over)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, action in before.items():
            signal.signal(number, action)


def leave(status: int) -> NoReturn:
    """End the process without waiting for threads that may hang in a socket; everything is saved and flushed."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
    os._exit(status)
