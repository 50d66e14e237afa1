"""Which runs count as failed, how many have in a row, and when that is enough.

An open conflict is no failure: the run did all that it may, and the conflict is told for itself. A run that was kept
from working (another run, a pause, a signal, a service that asked to wait) says nothing about the next one, so it
neither ends a row of failures nor lengthens it.
"""

from __future__ import annotations

from enum import StrEnum

from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.summary import Summary


class Verdict(StrEnum):
    """What a run says about whether the job works."""

    WORKS = "works"
    SILENT = "silent"
    TROUBLED = "troubled"
    """Failed in a way that often mends itself."""
    BROKEN = "broken"
    """Failed in a way that will go on until somebody acts."""


VERDICTS: dict[Outcome, Verdict] = {
    Outcome.IN_SYNC: Verdict.WORKS,
    Outcome.CHANGED: Verdict.WORKS,
    Outcome.MORE_TO_DO: Verdict.WORKS,
    Outcome.CONFLICT: Verdict.WORKS,
    Outcome.RATE_LIMITED: Verdict.SILENT,
    Outcome.LOCKED: Verdict.SILENT,
    Outcome.PAUSED: Verdict.SILENT,
    Outcome.INTERRUPTED: Verdict.SILENT,
    Outcome.PARTIAL: Verdict.TROUBLED,
    Outcome.UNAVAILABLE: Verdict.TROUBLED,
    Outcome.LOST_LEASE: Verdict.BROKEN,
    Outcome.USAGE: Verdict.BROKEN,
    Outcome.CONFIG: Verdict.BROKEN,
    Outcome.CHECKPOINT_INVALID: Verdict.BROKEN,
    Outcome.CHECKPOINT_UNWRITABLE: Verdict.BROKEN,
    Outcome.CRASH: Verdict.BROKEN,
    Outcome.AUTH: Verdict.BROKEN,
}


def verdict_on(run: Summary) -> Verdict:
    """What this run says. A conflict is told before collections that failed; here these count all the same. A run that
    made no call because nothing could be due says nothing."""
    if run.outcome is Outcome.CONFLICT and run.totals.failed:
        return Verdict.TROUBLED
    if run.rests_until is not None and VERDICTS[run.outcome] is Verdict.WORKS:
        return Verdict.SILENT
    return VERDICTS[run.outcome]


def failed(run: Summary) -> bool:
    """Whether this run counts as failed."""
    return verdict_on(run) in (Verdict.TROUBLED, Verdict.BROKEN)


def row_with(row: int, run: Summary) -> int:
    """How many runs have failed in a row after this one, if ``row`` had before."""
    match verdict_on(run):
        case Verdict.WORKS:
            return 0
        case Verdict.SILENT:
            return row
        case Verdict.TROUBLED | Verdict.BROKEN:
            return row + 1


def reason_to_stop(row: int, run: Summary, at_most: int) -> str:
    """Why runs pause themselves after ``run``, the last of ``row`` that failed; "" while they go on. ``at_most`` is how
    many may fail in a row, 0 for any number."""
    if not at_most or row < at_most or not failed(run):
        return ""
    runs = "1 failed run" if row == 1 else f"{row} failed runs in a row"
    return f"paused after {runs}, the last one with {run.outcome}"
