"""What is found of one part of what a run needs, and what all of it comes to. Pure."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from musicdiff_job.core.errors import (
    AuthError,
    CheckpointInvalid,
    CheckpointUnwritable,
    ConfigError,
    Forbidden,
    JobError,
    Locked,
    RateLimited,
)
from musicdiff_job.core.outcome import Outcome, most_urgent


class Verdict(StrEnum):
    """How a part looks."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Finding(msgspec.Struct, frozen=True):
    """What one part looks like. ``hint`` is what to do; ``outcome`` what a run would end with, None if it would run."""

    part: str
    verdict: Verdict
    message: str
    hint: str = ""
    outcome: Outcome | None = None


def ok(part: str, message: str) -> Finding:
    """A part that is well."""
    return Finding(part, Verdict.OK, message)


def warning(part: str, message: str, hint: str = "") -> Finding:
    """A part with which a run would go on, though perhaps not as it is meant to."""
    return Finding(part, Verdict.WARNING, message, hint)


def failed(part: str, error: JobError) -> Finding:
    """The finding of an error; a warning where the next run mends it."""
    match error:
        case RateLimited() | Locked():
            return warning(part, error.message, error.hint or "Nothing to do: until then runs end at once")
        case AuthError() | ConfigError() | CheckpointInvalid() | CheckpointUnwritable():
            outcome = error.outcome
        case Forbidden():
            outcome = Outcome.AUTH
        case _:
            outcome = Outcome.UNAVAILABLE
    return Finding(part, Verdict.FAILED, error.message, error.hint, outcome)


def unreadable(error: ConfigError) -> tuple[Finding, ...]:
    """One finding for each problem of settings that cannot be read; without them nothing else can be looked at."""
    hint = error.hint or (
        "Mend it and check again; `musicdiff-job init` writes a file with every setting, `auth` one with credentials"
    )
    return tuple(
        Finding("settings", Verdict.FAILED, problem, hint if problem is error.problems[-1] else "", Outcome.CONFIG)
        for problem in error.problems
    )


def worst(findings: tuple[Finding, ...]) -> Outcome:
    """What a run would end with; ``in_sync`` if nothing speaks against one."""
    return most_urgent({finding.outcome for finding in findings if finding.outcome is not None})
