"""What a run's summary is made of, gathered while the run goes on."""

from __future__ import annotations

import logging
from datetime import datetime

import msgspec

from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.errors import (
    Interrupted,
    JobError,
    LedgerSpent,
    OutOfBudget,
    RateLimited,
    SkipCollection,
    StopRun,
    Wait,
)
from musicdiff_job.core.model import CollectionId
from musicdiff_job.core.outcome import Outcome, exit_code
from musicdiff_job.core.summary import (
    CollectionResult,
    ConflictLine,
    ErrorLine,
    Playback,
    Summary,
    outcome_of,
    totals_of,
)
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.journal import event
from musicdiff_job.session import Job, Session


class RunLog:
    """What the summary is made of, gathered while the run goes on."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.started = job.clock.now()
        self.clock_start = job.clock.monotonic()
        self.stops: set[Outcome] = set()
        self.errors: list[ErrorLine] = []
        self.results: dict[CollectionId, CollectionResult] = {}
        self.retry_at: list[datetime] = []
        self.new: list[str] = []
        self.signal: int | None = None
        self.plan = ""
        self.playback = Playback()
        self.rests_until: datetime | None = None

    def stopped(self, error: JobError, where: str = "") -> None:
        """Something ended the run or closed a service."""
        self.stops.add(error.outcome)
        if isinstance(error, Interrupted):
            self.signal = error.signal
        if isinstance(error, RateLimited | LedgerSpent):
            self.retry_at.append(error.until)
        hint = error.hint or ("" if isinstance(error, StopRun) else "Nothing to do for you: a later run goes on")
        line = ErrorLine(where or (str(error.service) if isinstance(error, Wait) else ""), error.message, hint)
        if line not in self.errors and not isinstance(error, OutOfBudget | Interrupted):
            self.errors.append(line)

    def failed(self, error: JobError, where: str) -> None:
        """One collection could not be worked on; the others' work goes on."""
        hint = error.hint or "Its mirror stays as it is; the next run tries again"
        self.errors.append(ErrorLine(where, error.message, hint))

    def crashed(self, error: Exception) -> None:
        """A bug. What was saved stands."""
        self.stops.add(Outcome.CRASH)
        self.errors.append(
            ErrorLine("", f"a bug: {type(error).__name__}", "The log has the traceback; please report it")
        )
        event("run.crashed", logging.ERROR, error=error)

    def unlisted(self, error: SkipCollection, where: str) -> None:
        """A service would not list its playlists at all: for this run it is as good as down."""
        self.stops.add(Outcome.UNAVAILABLE)
        hint = error.hint or "Nothing is concluded from it; the next run asks again"
        self.errors.append(ErrorLine(where, error.message, hint))

    def torn(self, playlists: int) -> None:
        """The source did not list all of its collections: what is not among these waits, and nothing is concluded."""
        self.stops.add(Outcome.PARTIAL)
        message = f"Spotify's list of playlists does not add up; {playlists} could be looked at, the others wait"
        self.errors.append(ErrorLine("spotify", message, "The next run asks again"))

    def summary(self, session: Session | None, loaded: Checkpoint | None = None) -> Summary:
        """The run so far. ``loaded`` is for a run that ends before it begins to work: its open conflicts count."""
        job = self.job
        results = tuple(self.results.values())
        checkpoint = session.checkpoint if session else loaded
        conflicts = tuple(checkpoint.conflicts.values()) if checkpoint else ()
        totals = totals_of(results, sum(conflict.decision is None for conflict in conflicts))
        outcome = outcome_of(frozenset(self.stops), totals)
        tally = session.gate.tally() if session else None
        summary = Summary(
            run_id=job.run_id,
            outcome=outcome,
            started_at=to_iso(self.started),
            finished_at=to_iso(job.clock.now()),
            duration_seconds=round(job.clock.monotonic() - self.clock_start, 3),
            profile=job.profile,
            trigger=job.trigger,
            dry_run=job.dry_run,
            exit_code=exit_code(outcome, job.exit_codes, self.signal),
            retry_at=to_iso(min(self.retry_at)) if self.retry_at else None,
            totals=totals,
            collections=results,
            new_playlists=tuple(self.new),
            conflicts=tuple(
                ConflictLine(one.id, one.collection, one.name, str(one.kind), one.message, one.opened_at)
                for one in conflicts
                if one.decision is None
            ),
            errors=tuple(self.errors),
            playback=self.playback,
            plan=self.plan,
            rests_until=to_iso(self.rests_until) if self.rests_until else None,
        )
        if session and tally:
            methods = {**summary.matching, **session.methods}
            found = sum(methods.values())
            methods |= {"cache": methods["cache"] + max(0, totals.matched - found), "unmatched": totals.unmatched}
            summary = msgspec.structs.replace(
                summary, api_calls=tally.calls, matching=methods, lookups=session.lookups, writes=tally.writes
            )
        return summary
