"""What a run says of itself: the summary object, its totals, and which outcome they come to.

The JSON form of ``Summary`` is a promise to those who script against it (``--summary-file``); fields are only ever
added. Times are ISO-8601 in UTC with a ``Z``.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from musicdiff_job.core.outcome import Outcome, most_urgent


class CollectionState(StrEnum):
    """Where a collection stands after a run."""

    IN_SYNC = "in_sync"
    CHANGED = "changed"
    PENDING = "pending"
    FAILED = "failed"
    SKIPPED = "skipped"
    CONFLICT = "conflict"
    DETACHED = "detached"


class Trigger(StrEnum):
    """What started the run."""

    CRON = "cron"
    SYSTEMD = "systemd"
    LAUNCHD = "launchd"
    K8S = "k8s"
    GITHUB = "github"
    LAMBDA = "lambda"
    MANUAL = "manual"


class CollectionResult(msgspec.Struct, frozen=True):
    """One collection's line in the summary. ``added``, ``removed`` and ``unmatched`` count entries, ``created`` target
    playlists."""

    id: str
    kind: str
    name: str
    state: CollectionState
    reason: str
    added: int = 0
    removed: int = 0
    reordered: bool = False
    entries: int = 0
    matched: int = 0
    unmatched: int = 0
    skipped: int = 0
    duplicates: int = 0
    hand_added: int = 0
    left_out: int = 0
    created: int = 0
    notes: tuple[str, ...] = ()


class Totals(msgspec.Struct, frozen=True):
    """Sums over the collections."""

    collections: int = 0
    in_sync: int = 0
    changed: int = 0
    pending: int = 0
    failed: int = 0
    skipped: int = 0
    added: int = 0
    removed: int = 0
    reordered: int = 0
    matched: int = 0
    unmatched: int = 0
    duplicates: int = 0
    conflicts: int = 0
    created: int = 0


class ConflictLine(msgspec.Struct, frozen=True):
    """An open conflict, as told in summaries and status."""

    id: str
    collection: str
    name: str
    kind: str
    message: str
    opened_at: str


class ErrorLine(msgspec.Struct, frozen=True):
    """Something that went wrong: where (a collection's or service's name, may be empty), what, and what to do."""

    where: str
    message: str
    hint: str = ""


class Playback(msgspec.Struct, frozen=True):
    """What the listening-history stage did. ``notes`` say what is missing, or why nothing was recorded."""

    new_plays: int = 0
    notes: tuple[str, ...] = ()


def _no_calls() -> dict[str, int]:
    return {"spotify": 0, "deezer": 0, "auth": 0}


def _no_methods() -> dict[str, int]:
    return {"override": 0, "cache": 0, "isrc": 0, "sweep": 0, "search": 0, "unmatched": 0}


class Summary(msgspec.Struct, frozen=True):
    """One run. ``exit_code`` is the number the process ends with."""

    run_id: str
    outcome: Outcome
    started_at: str
    finished_at: str
    duration_seconds: float
    schema: int = 1
    profile: str = "default"
    trigger: Trigger = Trigger.MANUAL
    dry_run: bool = False
    exit_code: int = 0
    retry_at: str | None = None
    api_calls: dict[str, int] = msgspec.field(default_factory=_no_calls)
    totals: Totals = Totals()
    matching: dict[str, int] = msgspec.field(default_factory=_no_methods)
    collections: tuple[CollectionResult, ...] = ()
    new_playlists: tuple[str, ...] = ()
    conflicts: tuple[ConflictLine, ...] = ()
    errors: tuple[ErrorLine, ...] = ()
    playback: Playback = Playback()
    lookups: int = 0
    """Look-ups in Deezer's public catalogue; part of ``api_calls["deezer"]``."""
    writes: int = 0
    """Writes to Deezer; part of ``api_calls["deezer"]``."""
    plan: str = ""
    """The reviewed plan that was carried out (``plan_file.identity``); "" for a run of its own accord."""
    rests_until: str | None = None
    """Until when nothing can be due by the rules, for a run that made no call because of it."""


class ProfilesSummary(msgspec.Struct, frozen=True):
    """The runs of several profiles, one after the other. ``outcome`` is the most urgent of theirs, ``totals`` are
    their sums, and ``exit_code`` is the number the process ends with."""

    profiles: tuple[Summary, ...]
    outcome: Outcome
    schema: int = 1
    exit_code: int = 0
    totals: Totals = Totals()


def together(profiles: tuple[Summary, ...]) -> ProfilesSummary:
    """The total of these runs, without its exit code."""
    sums = {name: sum(getattr(one.totals, name) for one in profiles) for name in Totals.__struct_fields__}
    return ProfilesSummary(profiles, most_urgent({one.outcome for one in profiles}), totals=Totals(**sums))


def totals_of(results: tuple[CollectionResult, ...], conflicts: int) -> Totals:
    """Add the collections' lines up."""

    def having(state: CollectionState) -> int:
        return sum(result.state is state for result in results)

    return Totals(
        collections=len(results),
        in_sync=having(CollectionState.IN_SYNC),
        changed=having(CollectionState.CHANGED),
        pending=having(CollectionState.PENDING),
        failed=having(CollectionState.FAILED),
        skipped=having(CollectionState.SKIPPED) + having(CollectionState.DETACHED),
        added=sum(result.added for result in results),
        removed=sum(result.removed for result in results),
        reordered=sum(result.reordered for result in results),
        matched=sum(result.matched for result in results),
        unmatched=sum(result.unmatched for result in results),
        duplicates=sum(result.duplicates for result in results),
        conflicts=conflicts,
        created=sum(result.created for result in results),
    )


def outcome_of(stops: frozenset[Outcome], totals: Totals) -> Outcome:
    """The outcome out of what stopped the run or a service (``stops``) and the totals."""
    found = set(stops)
    if totals.conflicts:
        found.add(Outcome.CONFLICT)
    if totals.failed:
        found.add(Outcome.PARTIAL)
    if totals.pending and not found & {Outcome.RATE_LIMITED, Outcome.UNAVAILABLE}:
        found.add(Outcome.MORE_TO_DO)
    if totals.changed or totals.added or totals.removed or totals.reordered or totals.created:
        found.add(Outcome.CHANGED)
    return most_urgent(found)
