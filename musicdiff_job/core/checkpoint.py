"""The one document that lives between runs, and its transitions.

Theory. The *base* of a collection is what both sides agreed on when the target was last read. It attributes changes
("this entry is missing on the target although we placed it: somebody removed it"), it is never believed about what
the target holds. A change is *in flight* from the moment before it is written until a read of the target has shown
its effect; for entries in flight the target's word counts and nobody else is blamed. So a run may die anywhere, a
write's answer may be lost, a read may be stale: the next look settles it.

All transitions return new values. Times are ISO-8601 text in UTC.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import msgspec

from musicdiff_job.core.before_image import BeforeImage
from musicdiff_job.core.conflict import RULINGS_KEPT, Conflict, Ruling
from musicdiff_job.core.failing import row_with
from musicdiff_job.core.flow_back import Flow
from musicdiff_job.core.match import Evidence, Match, Unmatched
from musicdiff_job.core.model import (
    CollectionHead,
    CollectionId,
    Entry,
    Header,
    Kind,
    PlaylistId,
    SourceId,
    TargetId,
    Track,
    Whose,
)
from musicdiff_job.core.plan import AddTracks, Change, LikeTrack, RemoveTracks, UnlikeTrack
from musicdiff_job.core.plays import Cursor
from musicdiff_job.core.summary import CollectionState, Summary
from musicdiff_job.core.terms import Terms
from musicdiff_job.core.timestamps import from_iso, past
from musicdiff_job.core.told import Told

SCHEMA = 2
RUNS_KEPT = 50
LINES_KEPT = 20
LONGEST_CLOSURE = timedelta(days=366)
"""No service is left alone for longer."""


class Pair(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A source track and the target track that stands for it."""

    source: SourceId
    target: TargetId


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """One target playlist of a collection (a long collection has several; the liked songs' is the favourites).

    ``base`` is in the target's order. Of the changes in ``in_flight`` the first ``acknowledged`` were confirmed by
    the target, though not seen yet. ``fingerprint``, ``count`` and ``modified`` are the target's, as of the read
    that agreed with the base; ``modified`` is 0 until a listing has told it. ``header`` is what the source wanted
    when it was last agreed on, None until then; ``title`` is what the target showed (a person may have changed it).
    ``created`` is False for a playlist that was adopted.
    """

    playlist: PlaylistId
    created: bool = True
    base: tuple[Pair, ...] = ()
    in_flight: tuple[Change, ...] = ()
    acknowledged: int = 0
    fingerprint: str = ""
    count: int = -1
    modified: int = 0
    title: str = ""
    header: Header | None = None

    def added_in_flight(self, *, acknowledged: bool = False) -> frozenset[TargetId]:
        """Tracks whose addition no read has confirmed yet; on demand only those that the target acknowledged."""
        found: set[TargetId] = set()
        for change in self.in_flight[: self.acknowledged] if acknowledged else self.in_flight:
            match change:
                case AddTracks():
                    found.update(change.tracks)
                case LikeTrack():
                    found.add(change.track)
                case _:
                    pass
        return frozenset(found)

    def removed_in_flight(self, *, acknowledged: bool = False) -> frozenset[TargetId]:
        """Tracks whose removal no read has confirmed yet; on demand only those that the target acknowledged."""
        found: set[TargetId] = set()
        for change in self.in_flight[: self.acknowledged] if acknowledged else self.in_flight:
            match change:
                case RemoveTracks():
                    found.update(change.tracks)
                case UnlikeTrack():
                    found.add(change.track)
                case _:
                    pass
        return frozenset(found)


class Creating(msgspec.Struct, frozen=True):
    """A playlist is being created: under this title, and it is none of ``known``, the account's playlists of that
    title before. What a later listing shows beyond ``known`` is ours."""

    title: str
    known: tuple[PlaylistId, ...] = ()


class Reading(msgspec.Struct, frozen=True, omit_defaults=True):
    """A source collection as far as it was read, kept while its mirror is unfinished, so that no run reads twice
    what it has and the target's work can go on while the source is closed. ``head`` is what the source's listing
    showed; without it nothing can be placed while the source is closed."""

    snapshot: str
    total: int
    entries: tuple[Entry, ...] = ()
    complete: bool = False
    head: CollectionHead | None = None


class Mirror(msgspec.Struct, frozen=True, omit_defaults=True):
    """One collection's memory.

    ``snapshot`` is the source's as of the last agreement, "" for never. ``left_out`` are entries that somebody
    removed on the target by hand, ``hand_added`` those that somebody added there, ``restored`` those of the latter
    that a person has put back with ``undo`` or kept by a decision. ``waiting`` are the source tracks without a
    counterpart, ``retry_at`` when the first of them is due again. ``rule`` is a fingerprint of the settings that
    shaped the mirror. ``gone`` are the source's empty places, ``withdrawn`` the mirrored entries that may have stood
    there. ``seen_at`` is when it was first due, ``checked_at`` when the run began that last found it in step (kept only
    where a rule makes use of it). ``reopened`` says that a person has decided about its matches since: its rest is
    over. ``whose`` is as the last listing told. ``missing_since`` and ``missing_runs`` make the tombstone. ``flow`` is
    what is known besides where hand edits flow back, None where they do not.
    """

    id: CollectionId
    kind: Kind
    name: str
    state: CollectionState = CollectionState.PENDING
    reason: str = ""
    parts: tuple[Part, ...] = ()
    left_out: tuple[Pair, ...] = ()
    hand_added: tuple[TargetId, ...] = ()
    restored: tuple[TargetId, ...] = ()
    snapshot: str = ""
    reading: Reading | None = None
    creating: Creating | None = None
    waiting: tuple[SourceId, ...] = ()
    retry_at: str | None = None
    rule: str = ""
    entries: int = 0
    matched: int = 0
    skipped: int = 0
    gone: int = 0
    withdrawn: tuple[SourceId, ...] = ()
    duplicates: int = 0
    synced_at: str | None = None
    verified_at: str | None = None
    seen_at: str | None = None
    checked_at: str | None = None
    reopened: bool = False
    whose: Whose = Whose.OWN
    tried_at: str | None = None
    failures: int = 0
    missing_since: str | None = None
    missing_runs: int = 0
    notes: tuple[str, ...] = ()
    flow: Flow | None = None

    @property
    def is_read(self) -> bool:
        """Whether the source's entries are all here, waiting to be placed."""
        return self.reading is not None and self.reading.complete


class MatchRecord(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What is known of one source track's counterpart.

    ``decision`` is None while the evidence is incomplete; ``evidence`` is kept only then, so that an interrupted
    search goes on where it stopped. ``tries`` counts searches that ended without a counterpart. ``rejected`` are
    target tracks a person has refused. ``refusals`` counts how often the target would not take the counterpart.
    ``override`` marks a decision that came from a person. ``terms`` are what the overrides file said of the track when
    it was decided.
    """

    track: Track
    decision: Match | Unmatched | None = None
    evidence: Evidence | None = None
    decided_at: str = ""
    tries: int = 0
    retry_at: str | None = None
    rejected: tuple[TargetId, ...] = ()
    refusals: int = 0
    override: str = ""
    matcher: int = 0
    terms: Terms | None = None

    @property
    def ruled_out(self) -> frozenset[str]:
        """Target tracks that a person has refused, by command or in the file."""
        return frozenset(self.rejected) | frozenset(self.terms.rejected if self.terms else ())


class NotBefore(msgspec.Struct, frozen=True, omit_defaults=True):
    """A service that must not be called before ``until``, and why. ``strikes`` counts refusals in a row; the entry
    stays after its time until a call succeeds, so that the next refusal waits longer. ``since`` is when the service
    said so, None when that is not known."""

    until: str
    reason: str
    strikes: int = 0
    since: str | None = None

    def closed_until(self, now: datetime) -> datetime | None:
        """Until when the service is not to be called, None when it may be. A refusal from the future was noted by a
        clock that was ahead and has been set back; waiting for its end would take as long. Asking again costs one
        call."""
        until = from_iso(self.until)
        noted = past(self.since, now) if self.since else now
        return until if noted is not None and now < until <= noted + LONGEST_CLOSURE else None


class Pause(msgspec.Struct, frozen=True):
    """Set by ``pause`` or by too many failures in a row; cleared by ``resume``."""

    since: str
    reason: str


class Account(msgspec.Struct, frozen=True):
    """An account pinned at the first run, and the fingerprint of the credential that is known to open it."""

    id: str
    credential: str = ""


class Look(msgspec.Struct, frozen=True):
    """The last complete look at the source's listing: when its run began, and a fingerprint of the settings that it was
    looked at with."""

    at: str
    policy: str


class JudgedBy(msgspec.Struct, frozen=True):
    """The rules of matching that a run went by: the matcher's version and what the person may set."""

    matcher: int
    min_score: float
    prefer_explicit: bool


class Checkpoint(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of the document. ``ledgers`` count calls by service and time slot (see ``core.budget``)."""

    accounts: dict[str, Account] = msgspec.field(default_factory=dict)
    mirrors: dict[CollectionId, Mirror] = msgspec.field(default_factory=dict)
    matches: dict[SourceId, MatchRecord] = msgspec.field(default_factory=dict)
    ledgers: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)
    not_before: dict[str, NotBefore] = msgspec.field(default_factory=dict)
    conflicts: dict[str, Conflict] = msgspec.field(default_factory=dict)
    rulings: tuple[Ruling, ...] = ()
    paused: Pause | None = None
    runs: tuple[Summary, ...] = ()
    last_success_at: str | None = None
    overrides: str = ""
    """Fingerprint of the overrides as of the last run."""
    judged_by: JudgedBy | None = None
    """The rules of the last run."""
    images: tuple[BeforeImage, ...] = ()
    """What runs have taken away, oldest first."""
    playback: Cursor | None = None
    """How far the listening history has come; None before its first reading."""
    look: Look | None = None
    failed_runs: int = 0
    """How many runs have failed in a row (see ``failing``), since ``resume`` if there was one."""
    told: Told | None = None
    """What people were notified of; None while there was nothing."""

    def with_mirror(self, mirror: Mirror) -> Checkpoint:
        """This checkpoint with one collection's memory replaced."""
        return msgspec.structs.replace(self, mirrors={**self.mirrors, mirror.id: mirror})

    def with_matches(self, records: dict[SourceId, MatchRecord]) -> Checkpoint:
        """This checkpoint with some match records replaced or added."""
        return msgspec.structs.replace(self, matches={**self.matches, **records})

    def with_conflict(self, conflict: Conflict) -> Checkpoint:
        """This checkpoint with a question opened. One that is open already keeps its date and is told anew in its
        words; one that is decided stands, unless it is about more entries now: what nobody has agreed to is asked."""
        known = self.conflicts.get(conflict.id)
        if known is not None and known.decision is not None and conflict.entries <= known.entries:
            return self
        if known is not None and known.decision is None:
            conflict = msgspec.structs.replace(conflict, opened_at=known.opened_at)
        return msgspec.structs.replace(self, conflicts={**self.conflicts, conflict.id: conflict})

    def without_conflict(self, conflict_id: str, now: str) -> Checkpoint:
        """This checkpoint with a question gone. If it was decided, the decision is remembered; the last
        ``RULINGS_KEPT`` are."""
        known = self.conflicts.get(conflict_id)
        if known is None:
            return self
        rulings = self.rulings
        if known.decision is not None:
            ruling = Ruling(
                id=known.id,
                name=known.name,
                message=known.message,
                opened_at=known.opened_at,
                decision=known.decision,
                decided_at=known.decided_at or now,
                closed_at=now,
            )
            rulings = (*rulings, ruling)[-RULINGS_KEPT:]
        kept = {key: value for key, value in self.conflicts.items() if key != conflict_id}
        return msgspec.structs.replace(self, conflicts=kept, rulings=rulings)

    def without_conflicts_of(self, collection: CollectionId) -> Checkpoint:
        """This checkpoint with no question about one collection: nothing is mirrored any more."""
        kept = {key: value for key, value in self.conflicts.items() if value.collection != collection}
        return msgspec.structs.replace(self, conflicts=kept)

    def with_run(self, summary: Summary) -> Checkpoint:
        """This checkpoint with a run remembered; the last ``RUNS_KEPT`` stay. Of its collections only those that
        were not simply in sync are kept; of every list at most ``LINES_KEPT``, which bounds the document."""
        telling = tuple(line for line in summary.collections if line.state is not CollectionState.IN_SYNC)
        short = msgspec.structs.replace(
            summary,
            collections=telling[:LINES_KEPT],
            new_playlists=summary.new_playlists[:LINES_KEPT],
            conflicts=summary.conflicts[:LINES_KEPT],
            errors=summary.errors[:LINES_KEPT],
        )
        row = row_with(self.failed_runs, summary)
        return msgspec.structs.replace(self, runs=(*self.runs, short)[-RUNS_KEPT:], failed_runs=row)

    def touch(self, sources: frozenset[SourceId], *, by_person: bool = False) -> Checkpoint:
        """Forget the snapshot of every collection that holds one of these source tracks, so that the next run that
        may works on it; one that a person asks for does not rest any longer. To be called while their old counterparts
        are known: of several tracks with one counterpart the base names only the first."""
        decisions = (record.decision for source in sources if (record := self.matches.get(source)))
        targets = frozenset(TargetId(found.target) for found in decisions if isinstance(found, Match))
        mirrors = {
            key: msgspec.structs.replace(mirror, snapshot="", reopened=mirror.reopened or by_person)
            if holds(mirror, sources, targets)
            else mirror
            for key, mirror in self.mirrors.items()
        }
        return msgspec.structs.replace(self, mirrors=mirrors)


def holds(mirror: Mirror, sources: frozenset[SourceId], targets: frozenset[TargetId] = frozenset()) -> bool:
    """Whether the collection holds one of these source tracks, placed, left out or waiting, or one of these target
    tracks as a counterpart."""
    pairs = (*(pair for part in mirror.parts for pair in part.base), *mirror.left_out)
    return any(one.source in sources or one.target in targets for one in pairs) or not sources.isdisjoint(
        mirror.waiting
    )


def with_part(mirror: Mirror, part: Part) -> Mirror:
    """The mirror with one part replaced, or added at the end when its playlist is new."""
    if any(known.playlist == part.playlist for known in mirror.parts):
        parts = tuple(part if known.playlist == part.playlist else known for known in mirror.parts)
    else:
        parts = (*mirror.parts, part)
    return msgspec.structs.replace(mirror, parts=parts)


def intend(mirror: Mirror, playlist: PlaylistId, change: Change) -> Mirror:
    """The mirror with a change to one of its parts in flight. To be saved before the change is written."""
    part = next(part for part in mirror.parts if part.playlist == playlist)
    return with_part(mirror, msgspec.structs.replace(part, in_flight=(*part.in_flight, change)))


def withdraw(mirror: Mirror, playlist: PlaylistId) -> Mirror:
    """The mirror without the last change in flight to one of its parts: the target has refused it."""
    part = next(part for part in mirror.parts if part.playlist == playlist)
    return with_part(mirror, msgspec.structs.replace(part, in_flight=part.in_flight[:-1]))


def acknowledge(mirror: Mirror, playlist: PlaylistId) -> Mirror:
    """The mirror with all changes in flight to one part confirmed by the target."""
    part = next(part for part in mirror.parts if part.playlist == playlist)
    return with_part(mirror, msgspec.structs.replace(part, acknowledged=len(part.in_flight)))


def restore(mirror: Mirror, playlist: PlaylistId, tracks: Collection[TargetId]) -> Mirror:
    """The mirror with these tracks a person's own in one of its parts: neither ours nor about to be removed by us."""
    theirs = frozenset(tracks)
    restored = tuple(dict.fromkeys((*mirror.restored, *tracks)))
    parts = tuple(_without(part, theirs) if part.playlist == playlist else part for part in mirror.parts)
    return msgspec.structs.replace(mirror, restored=restored, parts=parts)


def _without(part: Part, tracks: frozenset[TargetId]) -> Part:
    base = tuple(pair for pair in part.base if pair.target not in tracks)
    spared = [_sparing(change, tracks) for change in part.in_flight]
    return msgspec.structs.replace(
        part,
        base=base,
        in_flight=tuple(change for change in spared if change is not None),
        acknowledged=sum(change is not None for change in spared[: part.acknowledged]),
    )


def _sparing(change: Change, tracks: frozenset[TargetId]) -> Change | None:
    """What is left of a change in flight that no longer speaks of these tracks."""
    match change:
        case AddTracks() | RemoveTracks():
            left = tuple(track for track in change.tracks if track not in tracks)
            return msgspec.structs.replace(change, tracks=left) if left else None
        case LikeTrack(track) | UnlikeTrack(track) if track in tracks:
            return None
        case _:
            return change


def settled_base(part: Part, present: frozenset[TargetId]) -> tuple[Pair, ...]:
    """The base corrected by what a read of the target shows of the entries in flight: an addition that is there is
    ours, one that is not never happened; a removal that is gone is done, one that is still there is still ours."""
    added, removed = part.added_in_flight(), part.removed_in_flight()
    kept = tuple(pair for pair in part.base if not (pair.target in (added | removed) and pair.target not in present))
    known = {pair.target for pair in kept}
    # The source of a confirmed addition is named again by the plan; "" is enough to own it.
    ours = tuple(Pair(SourceId(""), target) for target in sorted(added & present) if target not in known)
    return (*kept, *ours)
