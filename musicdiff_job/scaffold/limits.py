"""What a scheduler has to know of the job: how long a run takes at most, and what a retry at once can help.

Nothing here is typed from memory: statuses come from the table of outcomes, times from the budget and from what the
job does after it. A run that has spent its budget ends the call in flight, saves and tells its sinks; one that gets a
signal is gone within five seconds.
"""

from __future__ import annotations

import math
from enum import StrEnum

from musicdiff_job.core.outcome import TABLE, ExitCode, ExitCodes, Outcome, exit_code
from musicdiff_job.sinks import SECONDS

GRACE = 60
"""Seconds between a scheduler's SIGTERM and its SIGKILL: twelve times what the job needs, for slow disks."""

START_UP = 300
"""Seconds that a cluster may take to place a Pod and pull its image; they count towards a Job's deadline."""

TELLING = 5 * SECONDS
"""Seconds for what is told after a run: notifications, ping, metrics, report and hook, each at its slowest."""

LATE = 600
"""Seconds after which a missed start is left to the next one."""


class Retry(StrEnum):
    """What starting the job again at once would come to."""

    NEEDLESS = "needless"
    """It ended well."""
    WORTH_IT = "worth it"
    """What was in the way may be gone."""
    USELESS = "useless"
    """The same again, until a person has looked."""


RETRY: dict[Outcome, Retry] = {
    Outcome.IN_SYNC: Retry.NEEDLESS,
    Outcome.CHANGED: Retry.NEEDLESS,
    Outcome.MORE_TO_DO: Retry.NEEDLESS,
    Outcome.RATE_LIMITED: Retry.NEEDLESS,
    Outcome.LOCKED: Retry.NEEDLESS,
    Outcome.PAUSED: Retry.NEEDLESS,
    Outcome.PARTIAL: Retry.USELESS,
    Outcome.CONFLICT: Retry.USELESS,
    Outcome.USAGE: Retry.USELESS,
    Outcome.CONFIG: Retry.USELESS,
    Outcome.CHECKPOINT_INVALID: Retry.USELESS,
    Outcome.UNAVAILABLE: Retry.WORTH_IT,
    Outcome.CRASH: Retry.USELESS,
    Outcome.CHECKPOINT_UNWRITABLE: Retry.WORTH_IT,
    Outcome.LOST_LEASE: Retry.WORTH_IT,
    Outcome.AUTH: Retry.USELESS,
    Outcome.INTERRUPTED: Retry.WORTH_IT,
}
"""Total. ``partial`` is useless, because the collections that failed are tried by the next run anyway and a retry at
once would spend the day's calls on the others."""


def statuses(retry: Retry, codes: ExitCodes = ExitCodes.SIMPLE) -> tuple[int, ...]:
    """The exit codes of the outcomes that ``retry`` is said of, in rising order, each once."""
    found = {exit_code(outcome, codes) for outcome, said in RETRY.items() if said is retry}
    if RETRY[Outcome.INTERRUPTED] is retry:
        found.add(ExitCode.INTERRUPTED_INT)
    return tuple(sorted(int(code) for code in found))


def healthy_statuses() -> tuple[int, ...]:
    """The exit codes other than 0 that nobody needs to look at, in rising order, with either numbering."""
    found = {exit_code(outcome, codes, 2) for outcome, row in TABLE.items() if row.healthy for codes in ExitCodes}
    found |= {exit_code(outcome, codes) for outcome, row in TABLE.items() if row.healthy for codes in ExitCodes}
    return tuple(sorted(int(code) for code in found if code))


def longest_run(budget: float) -> int:
    """Seconds after which a run with this time budget is certainly over: what it tells afterwards, and the grace."""
    return math.ceil(budget + TELLING + GRACE)


def deadline(budget: float, rounds: int = 1) -> int:
    """Seconds for a cluster's Job that works ``rounds`` times one after the other, its start-up included."""
    return rounds * (longest_run(budget) + START_UP)
