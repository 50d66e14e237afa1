"""Outcomes and exit codes: one table, from which everything else that names a code is derived or tested.

An ``Outcome`` is for programs and always stands in the summary. The exit code is for the scheduler: with ``simple``
codes, what a scheduler should not alarm about is 0; with ``detailed`` codes those outcomes are told apart.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import NamedTuple


class ExitCode(IntEnum):
    """Every status the command line can end with. 64 to 78 follow sysexits.h, 130 and 143 are 128 + the signal."""

    OK = 0
    MORE_TO_DO = 10
    RATE_LIMITED = 11
    LOCKED = 12
    PAUSED = 13
    PARTIAL = 20
    CONFLICT = 21
    USAGE = 64
    CHECKPOINT_INVALID = 65
    UNAVAILABLE = 69
    CRASH = 70
    CHECKPOINT_UNWRITABLE = 74
    LOST_LEASE = 75
    AUTH = 77
    CONFIG = 78
    INTERRUPTED_INT = 130
    INTERRUPTED = 143


class Outcome(StrEnum):
    """What a run came to."""

    IN_SYNC = "in_sync"
    CHANGED = "changed"
    MORE_TO_DO = "more_to_do"
    RATE_LIMITED = "rate_limited"
    LOCKED = "locked"
    PAUSED = "paused"
    PARTIAL = "partial"
    CONFLICT = "conflict"
    USAGE = "usage"
    CONFIG = "config"
    CHECKPOINT_INVALID = "checkpoint_invalid"
    UNAVAILABLE = "unavailable"
    CRASH = "crash"
    CHECKPOINT_UNWRITABLE = "checkpoint_unwritable"
    LOST_LEASE = "lost_lease"
    AUTH = "auth"
    INTERRUPTED = "interrupted"


class ExitCodes(StrEnum):
    """The two numberings of ``--exit-codes``."""

    SIMPLE = "simple"
    DETAILED = "detailed"


class Row(NamedTuple):
    """An outcome's two codes, what it means, and whether it is healthy (nobody needs to look)."""

    simple: ExitCode
    detailed: ExitCode
    meaning: str
    healthy: bool


TABLE: dict[Outcome, Row] = {
    Outcome.IN_SYNC: Row(ExitCode.OK, ExitCode.OK, "all is in step", True),
    Outcome.CHANGED: Row(ExitCode.OK, ExitCode.OK, "all is in step, something was changed", True),
    Outcome.MORE_TO_DO: Row(ExitCode.OK, ExitCode.MORE_TO_DO, "budget spent, saved, the next run continues", True),
    Outcome.RATE_LIMITED: Row(
        ExitCode.OK, ExitCode.RATE_LIMITED, "a service asked to wait; retry_at says until when", True
    ),
    Outcome.LOCKED: Row(ExitCode.OK, ExitCode.LOCKED, "another run is at work", True),
    Outcome.PAUSED: Row(ExitCode.OK, ExitCode.PAUSED, "paused by `pause`", True),
    Outcome.PARTIAL: Row(
        ExitCode.PARTIAL, ExitCode.PARTIAL, "at least one collection failed, the others are done", False
    ),
    Outcome.CONFLICT: Row(ExitCode.CONFLICT, ExitCode.CONFLICT, "at least one open conflict needs a person", False),
    Outcome.USAGE: Row(ExitCode.USAGE, ExitCode.USAGE, "wrong flags", False),
    Outcome.CONFIG: Row(ExitCode.CONFIG, ExitCode.CONFIG, "wrong settings", False),
    Outcome.CHECKPOINT_INVALID: Row(
        ExitCode.CHECKPOINT_INVALID, ExitCode.CHECKPOINT_INVALID, "the checkpoint is corrupt or too new", False
    ),
    Outcome.UNAVAILABLE: Row(ExitCode.UNAVAILABLE, ExitCode.UNAVAILABLE, "a service was down throughout", False),
    Outcome.CRASH: Row(ExitCode.CRASH, ExitCode.CRASH, "a bug; traceback in the log", False),
    Outcome.CHECKPOINT_UNWRITABLE: Row(
        ExitCode.CHECKPOINT_UNWRITABLE,
        ExitCode.CHECKPOINT_UNWRITABLE,
        "disk full, read-only, or the store refused",
        False,
    ),
    Outcome.LOST_LEASE: Row(
        ExitCode.LOST_LEASE, ExitCode.LOST_LEASE, "another writer won; nothing was overwritten", False
    ),
    Outcome.AUTH: Row(ExitCode.AUTH, ExitCode.AUTH, "credentials refused or expired", False),
    Outcome.INTERRUPTED: Row(ExitCode.INTERRUPTED, ExitCode.INTERRUPTED, "stopped by a signal; saved", True),
}

URGENCY: tuple[Outcome, ...] = (
    Outcome.CRASH,
    Outcome.LOST_LEASE,
    Outcome.CHECKPOINT_UNWRITABLE,
    Outcome.CHECKPOINT_INVALID,
    Outcome.CONFIG,
    Outcome.USAGE,
    Outcome.INTERRUPTED,
    Outcome.AUTH,
    Outcome.CONFLICT,
    Outcome.PARTIAL,
    Outcome.UNAVAILABLE,
    Outcome.RATE_LIMITED,
    Outcome.MORE_TO_DO,
    Outcome.LOCKED,
    Outcome.PAUSED,
    Outcome.CHANGED,
    Outcome.IN_SYNC,
)
"""When several hold at once, the first one is told: what needs a person before what mends itself."""


def most_urgent(outcomes: set[Outcome]) -> Outcome:
    """The one outcome to report out of those that hold; ``in_sync`` for none."""
    return next((outcome for outcome in URGENCY if outcome in outcomes), Outcome.IN_SYNC)


def exit_code(outcome: Outcome, codes: ExitCodes = ExitCodes.SIMPLE, signal: int | None = None) -> ExitCode:
    """The status for an outcome; for ``interrupted``, 128 + the signal's number when it is SIGINT (2)."""
    if outcome is Outcome.INTERRUPTED and signal == 2:
        return ExitCode.INTERRUPTED_INT
    row = TABLE[outcome]
    return row.simple if codes is ExitCodes.SIMPLE else row.detailed
