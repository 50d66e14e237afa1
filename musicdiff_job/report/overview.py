"""All that a report shows: the status, and the lists that it counts. Every form of the report is made from this one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import msgspec

from musicdiff_job.core.budget import LedgerRule
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.conflict import Conflict
from musicdiff_job.core.document import DocumentHeader
from musicdiff_job.core.likeness import Rules
from musicdiff_job.core.match import Match
from musicdiff_job.core.model import Service
from musicdiff_job.core.play_counts import Listening
from musicdiff_job.core.policy import Policy
from musicdiff_job.core.summary import Summary
from musicdiff_job.core.timestamps import from_iso
from musicdiff_job.report.conflicts import conflict_rows
from musicdiff_job.report.matches import match_lines
from musicdiff_job.report.status import MAX_AGE, Status, ailments, expiry_of, status_of
from musicdiff_job.report.unmatched import UnmatchedLine, unmatched_lines

RUNS_SHOWN = timedelta(days=90)
"""How old a run may be."""


@dataclass(frozen=True, slots=True)
class Standpoint:
    """What the settings and credentials add to what the checkpoint tells. ``authorized_on`` is the day of Spotify's
    consent, None when it is not known."""

    profile: str
    policy: Policy
    rules: Rules
    ledgers: Mapping[Service, LedgerRule]
    authorized_on: date | None


class Overview(msgspec.Struct, frozen=True):
    """The status, why a person should look (``ailments``), the runs of the last 90 days, oldest first, how many matches
    each method has found, how many of them are doubtful, what has no counterpart, every conflict that is not settled,
    and the listening history of the last months where there is one."""

    status: Status
    ailments: tuple[str, ...]
    runs: tuple[Summary, ...]
    methods: dict[str, int]
    doubtful: int
    unmatched: tuple[UnmatchedLine, ...]
    conflicts: tuple[Conflict, ...]
    listening: Listening | None = None


def status_from(
    view: Standpoint, checkpoint: Checkpoint, header: DocumentHeader | None, now: datetime, max_age: timedelta = MAX_AGE
) -> Status:
    """The status, from this standpoint."""
    return status_of(
        checkpoint,
        header,
        now=now,
        profile=view.profile,
        ledgers=view.ledgers,
        expiry=expiry_of(view.authorized_on, now),
        policy=view.policy,
        max_age=max_age,
    )


def overview_of(
    view: Standpoint,
    checkpoint: Checkpoint,
    header: DocumentHeader | None,
    now: datetime,
    listening: Listening | None = None,
) -> Overview:
    """Everything, from this standpoint."""
    decisions = (record.decision for record in checkpoint.matches.values())
    return Overview(
        status=status_from(view, checkpoint, header, now),
        ailments=ailments(checkpoint, now),
        runs=tuple(run for run in checkpoint.runs if now - from_iso(run.started_at) <= RUNS_SHOWN),
        methods=dict(Counter(found.method.value for found in decisions if isinstance(found, Match)).most_common()),
        doubtful=len(match_lines(checkpoint, view.rules, doubtful=True)),
        unmatched=unmatched_lines(checkpoint),
        conflicts=conflict_rows(checkpoint),
        listening=listening,
    )


def as_document(overview: Overview) -> dict[str, object]:
    """The object of ``report --format json``: that of ``status --json``, and the lists. Fields are only ever added."""
    return {
        **msgspec.structs.asdict(overview.status),
        "ailments": overview.ailments,
        "runs": overview.runs,
        "methods": overview.methods,
        "doubtful": overview.doubtful,
        "unmatched": overview.unmatched,
        "listening": overview.listening,
    }
