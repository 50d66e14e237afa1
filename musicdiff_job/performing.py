"""One run as every entry point wants it: assembled, carried out, told to the sinks, its exit code in the summary.

The command line and the Lambda handler differ in where their surroundings come from and in what they print.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from musicdiff_job import bootstrap, telling
from musicdiff_job.clock import StopFlag
from musicdiff_job.core.errors import ConfigError, Declined, JobError
from musicdiff_job.core.outcome import ExitCodes, exit_code
from musicdiff_job.core.secret import Redactor
from musicdiff_job.core.summary import ErrorLine, Summary
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.core.trigger import trigger_of
from musicdiff_job.ports import CheckpointStore, Clock
from musicdiff_job.report.silent import ShowsCalls
from musicdiff_job.settings import Loaded
from musicdiff_job.shared_limits import SharedLimits
from musicdiff_job.sinks import SECONDS, Ended, Sink, begin_all, end_all, end_all_soon

if TYPE_CHECKING:
    from musicdiff_job.core.checkpoint import Checkpoint
    from musicdiff_job.ports import Observer
    from musicdiff_job.session import Connections, Job


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run takes place in."""

    loaded: Loaded
    stop: StopFlag
    clock: Clock
    redactor: Redactor
    store: CheckpointStore
    run_id: str

    def now(self) -> datetime:
        """The wall clock."""
        return self.clock.now()


def the_job(job: Job) -> Summary:
    """``job.run_once``, imported when a run begins: most commands import this module and run nothing."""
    from musicdiff_job.job import run_once

    return run_once(job)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of a run, beyond the settings."""

    dry_run: bool = False
    max_seconds: float | None = None
    max_calls: int | None = None
    only: tuple[str, ...] = ()
    force: bool = False


def run_id(now: datetime) -> str:
    """A name for a run that sorts by time and that no other run has."""
    return f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def perform_and_tell(
    around: Surroundings,
    wish: Wish,
    observer: Observer,
    work: Callable[[Job], Summary] = the_job,
    *,
    codes: ExitCodes = ExitCodes.SIMPLE,
    sinks: Sequence[Sink] | None = None,
    shared: SharedLimits | None = None,
    seconds: float = SECONDS,
) -> Summary:
    """``perform``, with the exit code in the summary, and told to ``sinks`` (None: those of the settings) unless it is
    a dry run. ``seconds`` is what one sink may take."""
    if sinks is None:
        try:
            sinks = () if wish.dry_run else telling.open_sinks(around.loaded, os.environ, around.store, around.redactor)
        except ConfigError as error:
            return refuse_and_tell(error, around.stop, around.clock, around.loaded.settings.profile, codes)
    kept = None if wish.dry_run else _kept_from_it(around)
    if kept is None:
        begin_all(sinks, around.run_id)
    summary = coded(kept or perform(around, wish, observer, work, shared=shared), codes, around.stop)
    ended = Ended(summary, around.now(), cache(around.store.peek), seconds)
    if around.stop.signal is None:
        end_all(sinks, ended)
    else:
        end_all_soon(sinks, ended, around.clock.monotonic)
    return summary


def _kept_from_it(around: Surroundings) -> Summary | None:
    """The summary of a run that the user's hook does not want now, None for one that may take place. Nothing was locked
    and nobody called then, and no checkpoint remembers it."""
    if not around.loaded.settings.hooks.before:
        return None
    from musicdiff_job.hooks import refusal  # most runs have none

    started = around.now()
    profile = around.loaded.settings.profile
    try:
        said = refusal(around.loaded, os.environ, around.clock, around.stop)
    except JobError as error:
        return refused(error, started, around.now(), profile, around.run_id)
    return refused(Declined(said), started, around.now(), profile, around.run_id) if said else None


def refuse_and_tell(error: JobError, stop: StopFlag, clock: Clock, profile: str, codes: ExitCodes) -> Summary:
    """What ``perform_and_tell`` gives where the settings cannot be read: told to those sinks that need none."""
    now = clock.now()
    summary = coded(refused(error, now, now, profile), codes, stop)
    end_all(telling.open_sinks(None, os.environ), Ended(summary, now, lambda: None))
    return summary


def coded(summary: Summary, codes: ExitCodes, stop: StopFlag) -> Summary:
    """The summary with the number that the process ends with."""
    return msgspec.structs.replace(summary, exit_code=int(exit_code(summary.outcome, codes, stop.signal)))


def perform(
    around: Surroundings,
    wish: Wish,
    observer: Observer,
    work: Callable[[Job], Summary] = the_job,
    *,
    name: str = "",
    shared: SharedLimits | None = None,
) -> Summary:
    """One run in these surroundings, called ``name`` if it is not their only one; ``shared`` is for several profiles
    in one process. Every way to end that the job
    foresees is in the summary, and so is what ``work`` raises."""
    started = around.now()
    try:
        job = bootstrap.assemble(
            around.loaded,
            stop=around.stop,
            clock=around.clock,
            observer=observer,
            redactor=around.redactor,
            store=around.store,
            dry_run=wish.dry_run,
            max_seconds=wish.max_seconds,
            max_calls=wish.max_calls,
            only=wish.only,
            force=wish.force,
            trigger=trigger_of(os.environ),
            run_id=name or around.run_id,
            shared=shared,
        )
        if isinstance(observer, ShowsCalls):
            job = _counted(job, observer, wish.max_calls or around.loaded.settings.budget.calls)
        return work(job)
    except JobError as error:
        return refused(error, started, around.now(), around.loaded.settings.profile)


def _counted(job: Job, observer: ShowsCalls, budget: int) -> Job:
    """The job, whose calls ``observer`` can see from the moment it connects. Sign-ins are not part of the budget."""

    def connect(checkpoint: Checkpoint) -> Connections:
        connections = job.connect(checkpoint)
        observer.calls_left = lambda: (
            budget - sum(calls for service, calls in connections.gate.tally().calls.items() if service != "auth")
        )
        return connections

    return replace(job, connect=connect)


def refused(error: JobError, started: datetime, finished: datetime, profile: str, name: str = "") -> Summary:
    """The summary of a run that ended before the job could write one, called ``name`` if it has a name already."""
    problems = error.problems if isinstance(error, ConfigError) else (error.message,)
    return Summary(
        run_id=name or run_id(started),
        outcome=error.outcome,
        started_at=to_iso(started),
        finished_at=to_iso(finished),
        duration_seconds=round((finished - started).total_seconds(), 3),
        profile=profile,
        trigger=trigger_of(os.environ),
        errors=tuple(ErrorLine("", problem, error.hint) for problem in problems),
    )
