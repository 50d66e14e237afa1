"""Who is told that a run begins and how it ended, beyond the terminal: notifications, pings, metrics, reports, hooks.

A sink can fail in every way that a network can, and nothing of that may change how the run ended: each is called on
its own, and what it raises becomes a warning in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol

from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.summary import Summary
from musicdiff_job.journal import event

SECONDS = 30.0
"""What one sink may take after a run that came to its end."""
SECONDS_STOPPED = 2.0
"""What all of them together may take after a signal: the process is to end within 5 s (product promise)."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that has ended, with its exit code in the summary. ``seconds`` is what one sink may take; one that needs
    the network gives up then. ``look`` reads the checkpoint as it stands now, without its lease, and gives None where
    there is none; it raises what ``CheckpointStore.peek`` raises. Only a sink that needs it calls it, and it is read
    once for all of them."""

    summary: Summary
    now: datetime
    look: Callable[[], Checkpoint | None]
    seconds: float = SECONDS


class Sink(Protocol):
    """One place that is told. May raise any ``Exception``; what it then says must name no secret."""

    @property
    def name(self) -> str:
        """The setting or variable that switched it on, for the warning: ``report.html``."""
        ...

    def begin(self, run_id: str) -> None:
        """A run begins."""
        ...

    def end(self, ended: Ended) -> None:
        """A run has ended. Dry runs are not told: nothing is written in one."""
        ...


def begin_all(sinks: Sequence[Sink], run_id: str) -> None:
    """Tell every sink that the run begins."""
    for sink in sinks:
        _guarded(sink.name, partial(sink.begin, run_id))


def end_all(sinks: Sequence[Sink], ended: Ended) -> None:
    """Tell every sink how the run ended."""
    for sink in sinks:
        _guarded(sink.name, partial(sink.end, ended))


def end_all_soon(sinks: Sequence[Sink], ended: Ended, monotonic: Callable[[], float]) -> None:
    """The same after a signal. Those for whom no time is left are not told."""
    until = monotonic() + SECONDS_STOPPED
    for sink in sinks:
        left = until - monotonic()
        if left > 0:
            _guarded(sink.name, partial(sink.end, replace(ended, seconds=left)))
        else:
            event("sink.failed", logging.WARNING, sink=sink.name, reason="no time was left after the signal")


def _guarded(name: str, tell: Callable[[], None]) -> None:
    try:
        tell()
    except Exception as error:
        event("sink.failed", logging.WARNING, sink=name, reason=f"{type(error).__name__}: {error}")
