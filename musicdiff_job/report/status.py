"""How things stand, from the checkpoint alone: the object of ``status --json``, and its text.

Health. A person should look when the last run's outcome says so (see ``core.outcome``), or when no run has gone well
for longer than the schedule explains. Being paused is not ill: somebody wanted it.

Progress. An entry is settled when it is placed, or when it is known why it is not (no counterpart, a duplicate, taken
out by hand). When the rest will be is told by ``report.pace``; None rather than a guess as long as the history does
not say.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

import msgspec

from musicdiff_job.core.budget import LedgerRule, ledger_free_at, ledger_total
from musicdiff_job.core.checkpoint import Checkpoint, Mirror, Pause
from musicdiff_job.core.document import DocumentHeader
from musicdiff_job.core.expiry import consent_ends
from musicdiff_job.core.model import Service
from musicdiff_job.core.outcome import TABLE
from musicdiff_job.core.policy import Policy
from musicdiff_job.core.summary import CollectionState, ConflictLine, Summary
from musicdiff_job.core.timestamps import past, to_iso
from musicdiff_job.report.collections import (
    IN_STEP,
    UNSELECTED,
    CollectionLine,
    collection_lines,
    entries_of,
    placed_of,
)
from musicdiff_job.report.pace import eta, left_of, runs_needed

MAX_AGE = timedelta(hours=26)
"""A daily run may be two hours late."""


class Phase(StrEnum):
    """Whether the library is still being mirrored for the first time."""

    INITIAL = "initial"
    INCREMENTAL = "incremental"


class Collections(msgspec.Struct, frozen=True):
    """How many collections are selected, and how many of them are in step."""

    total: int
    in_sync: int


class Tracks(msgspec.Struct, frozen=True):
    """Entries of the selected collections that could be placed, and what became of them."""

    total: int
    matched: int
    unmatched: int
    placed: int


class Progress(msgspec.Struct, frozen=True):
    """How far the mirror is. ``percent`` is 100.0 only when nothing is left; None when nothing is known."""

    collections: Collections
    tracks: Tracks
    percent: float | None
    eta_runs: int | None
    eta_at: str | None


class Ledger(msgspec.Struct, frozen=True):
    """Calls made within the rolling window, the limit (0: none), and when the next call is allowed (None: now)."""

    calls: int
    limit: int
    seconds: int
    free_at: str | None


class Expiry(msgspec.Struct, frozen=True):
    """Until when a credential lasts; all None when the day of consent is not known."""

    authorized_at: str | None = None
    expires_at: str | None = None
    days_left: int | None = None


class Status(msgspec.Struct, frozen=True):
    """``status --json``; fields are only ever added."""

    schema: int
    profile: str
    paused: Pause | None
    healthy: bool
    phase: Phase
    checkpoint: DocumentHeader | None
    last_run: Summary | None
    last_success_at: str | None
    consecutive_failures: int
    not_before: dict[str, str | None]
    progress: Progress
    ledger: dict[str, Ledger]
    credentials: dict[str, Expiry]
    conflicts: tuple[ConflictLine, ...]
    collections: tuple[CollectionLine, ...]


def status_of(
    checkpoint: Checkpoint,
    header: DocumentHeader | None,
    *,
    now: datetime,
    profile: str,
    ledgers: Mapping[Service, LedgerRule],
    expiry: Mapping[Service, Expiry],
    policy: Policy,
    max_age: timedelta = MAX_AGE,
) -> Status:
    """All that the checkpoint tells. ``ledgers`` are the limits in force."""
    return Status(
        schema=1,
        profile=profile,
        paused=checkpoint.paused,
        healthy=not ailments(checkpoint, now, max_age),
        phase=phase_of(checkpoint),
        checkpoint=header,
        last_run=checkpoint.runs[-1] if checkpoint.runs else None,
        last_success_at=checkpoint.last_success_at,
        consecutive_failures=failures_in_a_row(checkpoint.runs),
        not_before={service.value: _closed_until(checkpoint, service, now) for service in Service},
        progress=progress_of(checkpoint, now),
        ledger={
            service.value: ledger_of(checkpoint.ledgers.get(service, {}), rule, now)
            for service, rule in ledgers.items()
        },
        credentials={service.value: known for service, known in expiry.items()},
        conflicts=conflict_lines(checkpoint),
        collections=collection_lines(checkpoint, policy, now),
    )


def ailments(checkpoint: Checkpoint, now: datetime, max_age: timedelta = MAX_AGE) -> tuple[str, ...]:
    """Why a person should look, in sentences; none when all is well."""
    if not checkpoint.runs:
        return () if checkpoint.paused else ("no run has been made yet",)
    last = checkpoint.runs[-1]
    found: list[str] = []
    if not TABLE[last.outcome].healthy:
        first = f" ({last.errors[0].message})" if last.errors else ""
        found.append(f"the last run ended with {last.outcome.value}: {TABLE[last.outcome].meaning}{first}")
    if past(last.finished_at, now) is None:
        found.append(f"the last run ended at {last.finished_at}, which is yet to come: was the clock set back?")
    good = last_good(checkpoint, now)
    if checkpoint.paused is None and (good is None or now - good > max_age):
        since = f"since {to_iso(good)}" if good else "in the runs that are remembered"
        found.append(f"no run has gone well {since}")
    return tuple(found)


def last_good(checkpoint: Checkpoint, now: datetime) -> datetime | None:
    """When a run last ended without needing anybody, finished or not; a first sync takes many such runs. A time that
    is yet to come says nothing."""
    ends = [run.finished_at for run in checkpoint.runs if TABLE[run.outcome].healthy]
    known = (past(end, now) for end in (*ends, checkpoint.last_success_at))
    return max((end for end in known if end is not None), default=None)


def failures_in_a_row(runs: tuple[Summary, ...]) -> int:
    """How many of the last runs, without a good one between them, a person should have looked at."""
    count = 0
    for run in reversed(runs):
        if TABLE[run.outcome].healthy:
            break
        count += 1
    return count


def phase_of(checkpoint: Checkpoint) -> Phase:
    """``initial`` until everything selected was in step once, or a run has said that all is."""
    if checkpoint.last_success_at:
        return Phase.INCREMENTAL
    selected = _selected(checkpoint)
    waiting = [mirror for mirror in selected if mirror.state is CollectionState.PENDING and not mirror.synced_at]
    return Phase.INITIAL if waiting or not selected else Phase.INCREMENTAL


def progress_of(checkpoint: Checkpoint, now: datetime) -> Progress:
    """How far the mirror is, and when it will be done at the pace of the last runs."""
    selected = _selected(checkpoint)
    total = sum(entries_of(mirror) - mirror.skipped for mirror in selected)
    left = sum(map(left_of, selected))
    behind = [mirror for mirror in selected if mirror.state is CollectionState.PENDING]
    unseen = _unseen(checkpoint, len(selected))
    known = bool(selected) and not unseen
    runs = runs_needed(checkpoint.runs, selected, checkpoint.matches) if known and (left or not behind) else None
    closures = (closed.closed_until(now) for closed in checkpoint.not_before.values())
    tracks = Tracks(
        total=total,
        matched=sum(mirror.matched for mirror in selected),
        unmatched=sum(len(mirror.waiting) for mirror in selected),
        placed=sum(map(placed_of, selected)),
    )
    return Progress(
        collections=Collections(len(selected) + unseen, sum(mirror.state in IN_STEP for mirror in selected)),
        tracks=tracks,
        percent=_percent(total, left, bool(behind)) if known else None,
        eta_runs=runs,
        eta_at=eta(checkpoint.runs, runs, now, max((one for one in closures if one), default=None)),
    )


def ledger_of(slots: dict[str, int], rule: LedgerRule, now: datetime) -> Ledger:
    """One service's ledger within its window."""
    free_at = ledger_free_at(slots, now, rule)
    return Ledger(ledger_total(slots, now, rule), rule.limit, rule.span, to_iso(free_at) if free_at else None)


def conflict_lines(checkpoint: Checkpoint) -> tuple[ConflictLine, ...]:
    """The open conflicts, oldest first."""
    return tuple(
        ConflictLine(c.id, c.collection, c.name, c.kind.value, c.message, c.opened_at)
        for c in sorted(checkpoint.conflicts.values(), key=lambda c: (c.opened_at, c.id))
        if c.decision is None
    )


def expiry_of(authorized_on: date | None, now: datetime) -> dict[Service, Expiry]:
    """How long the credentials last, as far as that can be known; ``authorized_on`` is the day of Spotify's consent."""
    if authorized_on is None:
        return {Service.SPOTIFY: Expiry()}
    ends = datetime.combine(consent_ends(authorized_on), time(), UTC)
    began = datetime.combine(authorized_on, time(), UTC)
    return {Service.SPOTIFY: Expiry(to_iso(began), to_iso(ends), (ends - now).days)}


def _selected(checkpoint: Checkpoint) -> list[Mirror]:
    return [mirror for mirror in checkpoint.mirrors.values() if mirror.state not in UNSELECTED]


def _unseen(checkpoint: Checkpoint, known: int) -> int:
    """Collections that the last run listed but that no run has come to yet, so that their size is not known."""
    if not checkpoint.runs:
        return 0
    totals = checkpoint.runs[-1].totals
    return max(0, totals.collections - totals.skipped - known)


def _percent(total: int, left: int, behind: bool) -> float | None:
    if not left and not behind:
        return 100.0
    # Rounded down, so that "99.99 %" never reads as done.
    return min(99.9, int(1000 * (total - left) / total) / 10) if total else None


def _closed_until(checkpoint: Checkpoint, service: Service, now: datetime) -> str | None:
    closed = checkpoint.not_before.get(service)
    return closed.until if closed and closed.closed_until(now) else None
