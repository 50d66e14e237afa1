"""The runs of several profiles, one after the other in one process.

Each has its own settings, budget, checkpoint, log and sinks, and fails for itself: whatever becomes of one, the next
begins. They have in common what the services count for all of them (``shared_limits``), and the signal that ends them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import msgspec

from musicdiff_job.clock import StopFlag
from musicdiff_job.core.errors import Interrupted, JobError
from musicdiff_job.core.outcome import ExitCodes, exit_code
from musicdiff_job.core.summary import ProfilesSummary, Summary, together
from musicdiff_job.journal import event
from musicdiff_job.performing import Surroundings, Wish, coded, perform_and_tell, refuse_and_tell, refused
from musicdiff_job.ports import Clock
from musicdiff_job.settings import Loaded, Refused
from musicdiff_job.shared_limits import SharedLimits

if TYPE_CHECKING:
    from musicdiff_job.ports import Observer


def perform_every(
    profiles: Sequence[Loaded | Refused],
    enter: Callable[[Loaded], Surroundings],
    wish: Wish,
    watching: Callable[[], AbstractContextManager[Observer]],
    stop: StopFlag,
    clock: Clock,
    tell: Callable[[Summary], None],
    codes: ExitCodes = ExitCodes.SIMPLE,
) -> ProfilesSummary:
    """Run the ``profiles`` in their order, each as ``wish`` says and with a budget of its own; ``tell`` hears of each
    as it ends. ``enter`` prepares one (its log, its store) and may raise a ``JobError``. After a signal the others are
    not begun, and say so."""
    shared = SharedLimits()

    def one(profile: Loaded | Refused) -> Summary:
        if isinstance(profile, Refused):
            return refuse_and_tell(profile.error, stop, clock, profile.profile, codes)
        with watching() as observer:
            return perform_and_tell(enter(profile), wish, observer, codes=codes, shared=shared)

    summaries: list[Summary] = []
    for profile in profiles:
        name = profile.profile if isinstance(profile, Refused) else profile.settings.profile
        if stop.signal is not None:
            now = clock.now()
            summary = coded(refused(Interrupted(stop.signal), now, now, name), codes, stop)
        else:
            summary = _guarded(profile, name, one, stop, clock, codes)
        summaries.append(summary)
        tell(summary)
    total = together(tuple(summaries))
    return msgspec.structs.replace(total, exit_code=int(exit_code(total.outcome, codes, stop.signal)))


def _guarded(
    profile: Loaded | Refused,
    name: str,
    one: Callable[[Loaded | Refused], Summary],
    stop: StopFlag,
    clock: Clock,
    codes: ExitCodes,
) -> Summary:
    try:
        return one(profile)
    except JobError as error:
        return refuse_and_tell(error, stop, clock, name, codes)
    except Exception as error:  # a bug in one profile's run is not the others' end
        event("run.crashed", logging.ERROR, error=error, profile=name)
        bug = JobError(f"{type(error).__name__}: this is a bug in musicdiff-job; the traceback is in the log")
        return refuse_and_tell(bug, stop, clock, name, codes)
