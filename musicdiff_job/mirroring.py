"""One collection: look, decide, do.

The loop is level-triggered: read the target, compare, write what is missing, read again. The collection is in step
when a read shows nothing left to do; that read is also the proof that the writes arrived. Until then the changes stay
in flight. A change is saved as an intent before it is written, always.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from musicdiff_job.binding import bind, conflict_id, find_gone, recover
from musicdiff_job.core import decide
from musicdiff_job.core.checkpoint import (
    Conflict,
    ConflictKind,
    Pair,
    Part,
    Reading,
    Side,
    acknowledge,
    intend,
    settled_base,
    with_part,
    withdraw,
)
from musicdiff_job.core.decide import FAVOURITES
from musicdiff_job.core.diff import Difference, collapse, diff
from musicdiff_job.core.errors import NotFound, NotShownYet
from musicdiff_job.core.match import Match, Reason
from musicdiff_job.core.model import CollectionHead, PlaylistId, SourceId, TargetContents, TargetId, Track, Unreadable
from musicdiff_job.core.plan import (
    AddTracks,
    Change,
    LikeTrack,
    Receipt,
    Refused,
    ReorderTracks,
    UpdatePlaylist,
)
from musicdiff_job.core.policy import HandEdits
from musicdiff_job.core.summary import CollectionResult, CollectionState
from musicdiff_job.core.timestamps import from_iso
from musicdiff_job.lookups import Asker, refused, resolve
from musicdiff_job.reading import Edited, read
from musicdiff_job.results import Tally, ended, result_of
from musicdiff_job.session import Session

ROUNDS = 4
"""Looks at one collection's target in one run. One proves that nothing is to do, two are usual after a change."""
LAG_WAITS = (1.0, 3.0, 6.0)
"""Seconds to wait before looking again when Deezer has confirmed a write but does not show it."""
PATIENCE = 2
"""Failures of a collection after which it is mirrored without the tracks on which Deezer's catalogue fails."""
PASSING = frozenset({Reason.REFUSED, Reason.UNANSWERED})
"""Reasons for having no counterpart that are no reason to remove one that is in place."""
FAVOURITES_CAP = 10_000
"""Deezer takes no more favourite tracks than this (reported by several users; not documented)."""


def mirror(session: Session, asker: Asker, head: CollectionHead, reason: str, tally: Tally) -> CollectionResult:
    """Bring one collection in step. ``tally`` counts what was done even when an error ends it. Raises every
    ``JobError`` but those about single changes; whatever was found and done by then is in the session."""
    session.put(msgspec.structs.replace(session.mirror(head), tried_at=session.now_text(), name=head.name))
    match read(session, head):
        case Unreadable(why, expected):
            state = CollectionState.SKIPPED if expected else CollectionState.FAILED
            return ended(session, head, state, why, tally)
        case Edited():
            reason = "edited while it was read; the next run reads it again"
            return ended(session, head, CollectionState.PENDING, reason, tally)
        case Reading(entries=entries):
            pass
    tracks = [entry.track for entry in entries if entry.track is not None]
    if gone := find_gone(session, head):
        state = CollectionState.DETACHED if gone.detach else CollectionState.CONFLICT
        return ended(session, head, state, gone.reason, tally)
    resolve(session, asker, tracks, patient=session.mirror(head).failures < PATIENCE)
    return _Work(session, head, entries_skipped=len(entries) - len(tracks), tracks=tracks, tally=tally).run(reason)


@dataclass
class _Work:
    """One collection whose source is read and whose tracks are matched."""

    session: Session
    head: CollectionHead
    entries_skipped: int
    tracks: Sequence[Track]
    tally: Tally
    waiting: tuple[SourceId, ...] = ()
    matched: int = 0
    duplicates: int = 0
    names: dict[TargetId, str] = field(default_factory=dict)
    acted: set[PlaylistId] = field(default_factory=set)
    declined: dict[PlaylistId, dict[TargetId, Refused]] = field(default_factory=dict)
    """Tracks that were refused alone since the last look."""
    concealed: set[TargetId] = field(default_factory=set)
    """Tracks that Deezer has, but does not show."""
    found: set[PlaylistId] = field(default_factory=set)
    """Playlists that were asked for by id, and exist."""
    stubborn: set[PlaylistId] = field(default_factory=set)
    """Playlists whose metadata Deezer refused to change."""

    @property
    def favourites(self) -> bool:
        return self.session.job.policy.is_favourites(self.head.kind)

    def run(self, reason: str) -> CollectionResult:
        for _ in range(ROUNDS):
            recover(self.session, self.head)
            parts = bind(self.session, self.head, len(self._chunks(self._desired())), self.tally.count)
            contents = self._look(parts)
            desired = self._desired()  # anew: the look may have shown that tracks are refused
            self._spare(desired)
            work = {
                part.playlist: self._compare(part, chunk, contents[part.playlist])
                for part, chunk in zip(self.session.mirror(self.head).parts, self._chunks(desired), strict=True)
            }
            if trouble := self._guard(work, contents):
                return trouble
            self._ask(work)
            changes = {playlist: self._changes(playlist, work[playlist], contents[playlist]) for playlist in work}
            headers = self._headers()
            if not any(changes.values()) and not any(headers.values()):
                return self._agreed(work, contents, reason)
            # Last part first: what moves on to a later part is added there before it leaves the earlier one.
            for playlist in reversed(list(work)):
                self._do(playlist, (*headers[playlist], *changes[playlist]))
        raise NotShownYet(
            f"{self.head.name!r} still differs after {ROUNDS} looks at Deezer", "The next run looks again"
        )

    # Look

    def _chunks(self, desired: tuple[Pair, ...]) -> tuple[tuple[Pair, ...], ...]:
        if self.favourites:
            return (desired,)
        known = self.session.mirror(self.head)
        return decide.split(desired, self.session.job.policy.playlist_limit, len(known.parts))

    def _desired(self) -> tuple[Pair, ...]:
        matches = self.session.checkpoint.matches
        mirror = self.session.mirror(self.head)
        # Elsewhere a counterpart may have been refused, or a look-up have failed; what is here already stays.
        placed = {pair.source: pair.target for part in mirror.parts for pair in part.base}
        placed.update((pair.source, pair.target) for pair in mirror.left_out)
        pairs, waiting = [], []
        for track in self.tracks:
            source = SourceId(track.id)
            decision = matches[source].decision
            if isinstance(decision, Match):
                pairs.append(Pair(source, TargetId(decision.target)))
                self.names[TargetId(decision.target)] = f"{', '.join(track.artists[:2])} - {track.title}"
            elif source in placed and (decision is None or decision.reason in PASSING):
                pairs.append(Pair(source, placed[source]))
            else:
                waiting.append(source)
        self.matched, self.waiting = len(pairs), tuple(dict.fromkeys(waiting))
        # Liked songs come newest first; Deezer shows what was liked last on top, so the oldest is liked first.
        desired, self.duplicates = collapse(reversed(pairs) if self.favourites else pairs)
        return desired

    def _look(self, parts: Sequence[Part]) -> dict[PlaylistId, TargetContents]:
        """Read every part, and settle what was in flight by what is seen."""
        seen: dict[PlaylistId, TargetContents] = {}
        for part in parts:
            contents = self._contents(part)
            for track in contents.tracks:
                self.names.setdefault(TargetId(track.id), f"{', '.join(track.artists[:2])} - {track.title}")
            present = frozenset(TargetId(track.id) for track in contents.tracks)
            seen[part.playlist] = contents
            lost = part.added_in_flight(acknowledged=True) - present
            if lost and not contents.hidden:
                refused(self.session, lost)
            base = self._without_refused(part.playlist, settled_base(part, present), present, contents.hidden)
            if contents.hidden:
                # Deezer may say that it added what it holds already and hides.
                self.concealed |= lost
                base = (*base, *(Pair(SourceId(""), track) for track in sorted(lost)))
            settled = msgspec.structs.replace(part, base=base, in_flight=(), acknowledged=0)
            if settled != part:
                self.session.put(with_part(self.session.mirror(self.head), settled))
        return seen

    def _without_refused(
        self, playlist: PlaylistId, base: tuple[Pair, ...], present: frozenset[TargetId], hidden: int
    ) -> tuple[Pair, ...]:
        """The base, given what Deezer refused. A refusal is believed only when a read does not show the track:
        Deezer refuses what it has, too."""
        for track, receipt in self.declined.pop(playlist, {}).items():
            if track in present:
                continue
            if not receipt.already:
                refused(self.session, (track,), at_once=True)
                self._note(f"Deezer refused {self.names.get(track, track)}: {receipt.reason}")
                base = tuple(pair for pair in base if pair.target != track)
            elif hidden:
                self.concealed.add(track)
                if all(pair.target != track for pair in base):
                    base = (*base, Pair(SourceId(""), track))
        return base

    def _contents(self, part: Part) -> TargetContents:
        if part.playlist in self.session.created and not part.in_flight and part.playlist not in self.acted:
            return TargetContents(())  # created a moment ago
        acted = part.playlist in self.acted
        pauses = iter(LAG_WAITS)
        while True:
            target = self.session.target
            contents = target.favourites() if part.playlist == FAVOURITES else target.tracks(part.playlist)
            present = frozenset(TargetId(track.id) for track in contents.tracks)
            # Of what an earlier run has written only confirmed additions are waited for. Were they taken for lost, and
            # shown later, they would be somebody else's.
            lagging = part.added_in_flight(acknowledged=not acted) - present
            if acted:
                lagging |= part.removed_in_flight() & present
            if not lagging or contents.hidden:
                return contents
            pause = next(pauses, None)
            if pause is None and not acted:
                return contents
            if pause is None:
                raise NotShownYet(
                    f"Deezer confirmed changes to {self.head.name!r} but does not show them", "The next run looks again"
                )
            self.session.gate.wait(pause)

    # Decide

    def _edits(self, kind: ConflictKind) -> HandEdits:
        """How hand edits of this kind are treated now: as set, unless the conflict about them has been decided."""
        edits = self.session.job.policy.edits_for(self.head)
        conflict = self.session.checkpoint.conflicts.get(conflict_id(self.head, kind))
        if edits is not HandEdits.ASK or conflict is None or conflict.decision is None:
            return edits
        return HandEdits.OVERWRITE if conflict.decision is Side.SPOTIFY else HandEdits.KEEP

    def _compare(self, part: Part, chunk: Sequence[Pair], contents: TargetContents) -> Difference:
        mirror = self.session.mirror(self.head)
        elsewhere = {pair.target for other in mirror.parts if other.playlist != part.playlist for pair in other.base}
        difference = diff(
            part.base,
            [pair for pair in mirror.left_out if pair.target not in elsewhere],
            chunk,
            [TargetId(track.id) for track in contents.tracks],
            edits=self._edits(ConflictKind.HAND_REMOVED),
            additions=self._edits(ConflictKind.HAND_ADDED),
            asked=frozenset(mirror.hand_added),
            hidden=contents.hidden,
            concealed=frozenset(self.concealed),
        )
        return difference if len(mirror.parts) > 1 else self._fitting(difference, contents)

    def _fitting(self, difference: Difference, contents: TargetContents) -> Difference:
        """The difference without the additions that Deezer has no room for."""
        limit = FAVOURITES_CAP if self.favourites else self.session.job.policy.playlist_limit
        room = limit - len(contents.tracks) - contents.hidden + (0 if self.favourites else len(difference.remove))
        over = {pair.target for pair in difference.add[max(0, room) :]}
        if not over:
            return difference
        self._note(f"{len(over)} entries do not fit: Deezer takes {limit}, those added by hand included")
        return msgspec.structs.replace(
            difference,
            add=difference.add[: max(0, room)],
            order=tuple(track for track in difference.order if track not in over),
            base=tuple(pair for pair in difference.base if pair.target not in over),
        )

    def _guard(
        self, work: Mapping[PlaylistId, Difference], contents: Mapping[PlaylistId, TargetContents]
    ) -> CollectionResult | None:
        """Stop a plan that would remove too much, until a person has agreed."""
        key = conflict_id(self.head, ConflictKind.MASS_REMOVAL)
        known = self.session.checkpoint.conflicts.get(key)
        mirror = self.session.mirror(self.head)
        placed = {pair.target for part in mirror.parts for pair in part.base}
        shown = sum(len(seen.tracks) for seen in contents.values())
        # What only moves to another part of the same collection stays.
        stays = {pair.target for one in work.values() for pair in one.base}
        going = {track for one in work.values() for track in one.remove} - stays
        if not decide.is_mass_removal(len(going), max(len(placed), shown), self.session.job.policy.max_removals):
            self.session.checkpoint = self.session.checkpoint.without_conflict(key)
            return None
        if known is not None and known.decision is Side.SPOTIFY:
            return None  # the conflict is closed when the removals have been seen to be done
        self._open(
            ConflictKind.MASS_REMOVAL,
            f"{len(going)} of {max(len(placed), shown)} entries would be removed; take spotify to remove them, "
            "deezer to keep them as if added by hand",
        )
        return ended(self.session, self.head, CollectionState.CONFLICT, "too many removals at once", self.tally)

    def _spare(self, desired: Sequence[Pair]) -> None:
        """Carry out "take deezer" for a mass removal: what the source no longer wants is not ours any more."""
        key = conflict_id(self.head, ConflictKind.MASS_REMOVAL)
        known = self.session.checkpoint.conflicts.get(key)
        if known is None or known.decision is not Side.DEEZER:
            return
        wanted = {pair.target for pair in desired}
        mirror = self.session.mirror(self.head)
        parts = tuple(
            msgspec.structs.replace(part, base=tuple(pair for pair in part.base if pair.target in wanted))
            for part in mirror.parts
        )
        self.session.put(msgspec.structs.replace(mirror, parts=parts))
        self.session.checkpoint = self.session.checkpoint.without_conflict(key)

    def _ask(self, work: Mapping[PlaylistId, Difference]) -> None:
        for kind, count, what in (
            (ConflictKind.HAND_REMOVED, sum(len(one.ask_removed) for one in work.values()), "removed from"),
            (ConflictKind.HAND_ADDED, sum(len(one.ask_added) for one in work.values()), "added to"),
        ):
            if count:
                entries = "entry was" if count == 1 else "entries were"
                self._open(
                    kind,
                    f"{count} {entries} {what} the Deezer playlist by hand; take spotify to undo it, deezer to keep it",
                )

    def _open(self, kind: ConflictKind, message: str) -> None:
        self.session.checkpoint = self.session.checkpoint.with_conflict(
            Conflict(
                id=conflict_id(self.head, kind),
                collection=self.head.id,
                name=self.head.name,
                kind=kind,
                message=message,
                opened_at=self.session.now_text(),
            )
        )

    def _changes(self, playlist: PlaylistId, difference: Difference, contents: TargetContents) -> tuple[Change, ...]:
        if not self.favourites:
            limit = self.session.job.policy.playlist_limit
            return decide.playlist_changes(playlist, difference, contents, batch=self.session.target.batch, limit=limit)
        return decide.favourite_changes(difference)

    def _headers(self) -> dict[PlaylistId, tuple[Change, ...]]:
        """What to do about each part's metadata; agreed at once where nothing is to do."""
        parts = self.session.mirror(self.head).parts
        if self.favourites:
            return {part.playlist: () for part in parts}
        policy = self.session.job.policy
        edits = policy.edits_for(self.head)
        found: dict[PlaylistId, tuple[Change, ...]] = {}
        for part, title in zip(parts, decide.titles(self.head, policy, len(parts)), strict=True):
            wanted = decide.wanted_header(self.head, policy, title)
            shown = self.session.listed().get(part.playlist)
            if shown is None or part.playlist in self.stubborn:
                # Not in the listing, but it answers by id (find_gone): judged again when the listing shows it. Or the
                # change was refused a moment ago: tried again by the next run.
                found[part.playlist] = ()
                continue
            todo = decide.metadata(part, wanted, shown, edits)
            for note in todo.kept:
                self._note(note)
            if todo.description is not None and part.header is not None:
                now = self.session.target.header(part.playlist)
                if now.description != part.header.description and edits is not HandEdits.OVERWRITE:
                    self._note("description changed by hand on Deezer")
                    todo = msgspec.structs.replace(todo, description=None)
            change = todo.change(part.playlist)
            found[part.playlist] = (change,) if change else ()
            if change is None:
                agreed = msgspec.structs.replace(part, header=wanted, title=shown.title)
                self.session.put(with_part(self.session.mirror(self.head), agreed))
        return found

    # Do

    def _do(self, playlist: PlaylistId, changes: Sequence[Change]) -> None:
        if changes:
            self.session.job.observer.planned(self.head, tuple(changes), self.names)
            self.session.job.observer.phase(f"write {self.head.name}", len(changes))
        planned = True
        for change in changes:
            if planned or not isinstance(change, ReorderTracks):  # an order that names what was refused is no order
                planned = self._write(playlist, change) and planned

    def _write(self, playlist: PlaylistId, change: Change) -> bool:
        """Make one change, its intent saved first. False when it, or a part of it, was refused."""
        if isinstance(change, UpdatePlaylist):
            return self._update(change)
        if isinstance(change, AddTracks) and len(change.tracks) > (size := self.session.target.batch):
            # The target has learned since the plan was made that it takes fewer at a time.
            first = self._write(playlist, AddTracks(playlist, change.tracks[:size]))
            return self._write(playlist, AddTracks(playlist, change.tracks[size:])) and first
        self.session.put(intend(self.session.mirror(self.head), playlist, change))
        self.session.save()
        receipt = self._apply(playlist, change)
        if isinstance(receipt, Refused):
            self.session.put(withdraw(self.session.mirror(self.head), playlist))
            return self._refused(playlist, change, receipt)
        self.session.put(acknowledge(self.session.mirror(self.head), playlist))
        self.acted.add(playlist)
        self.tally.count(change)
        self.session.job.observer.advance()
        return True

    def _apply(self, playlist: PlaylistId, change: Change) -> Receipt:
        try:
            return self.session.target.apply(change)
        except NotFound as error:
            # Deezer says the same of a playlist and of a track that it does not have.
            if not isinstance(change, AddTracks | LikeTrack):
                raise
            if isinstance(change, AddTracks) and playlist not in self.found:
                self.session.target.header(playlist)
                self.found.add(playlist)
            return Refused(error.message)

    def _update(self, change: UpdatePlaylist) -> bool:
        # Setting metadata twice does no harm and a listing shows whether it was set, so it needs no intent.
        if isinstance(receipt := self.session.target.apply(change), Refused):
            self._note(f"Deezer refused to change the playlist's metadata: {receipt.reason}")
            self.stubborn.add(change.playlist)
            return True
        self.tally.count(change)
        mirror = self.session.mirror(self.head)
        part = next(part for part in mirror.parts if part.playlist == change.playlist)
        title = decide.titles(self.head, self.session.job.policy, len(mirror.parts))[mirror.parts.index(part)]
        wanted = decide.wanted_header(self.head, self.session.job.policy, title)
        shown = self.session.listed()[change.playlist]
        shown = msgspec.structs.replace(
            shown,
            title=shown.title if change.title is None else change.title,
            public=shown.public if change.public is None else change.public,
        )
        self.session.listed()[change.playlist] = shown
        self.session.put(with_part(mirror, msgspec.structs.replace(part, header=wanted, title=shown.title)))
        self.session.save()
        return True

    def _refused(self, playlist: PlaylistId, change: Change, receipt: Refused) -> bool:
        """A refused batch is tried again in halves, so that one blocked track does not hold the others up; a track
        that is refused alone is judged by the next look. Whether everything was taken in the end."""
        match change:
            case AddTracks(tracks=tracks) if len(tracks) > 1:
                middle = len(tracks) // 2
                first = self._write(playlist, AddTracks(playlist, tracks[:middle]))
                return self._write(playlist, AddTracks(playlist, tracks[middle:])) and first
            case AddTracks(tracks=tracks):
                self.declined.setdefault(playlist, {})[tracks[0]] = receipt
            case LikeTrack(track=track):
                self.declined.setdefault(playlist, {})[track] = receipt
            case _:
                self._note(f"Deezer refused a change: {receipt.reason}")
        return False

    # Settle

    def _agreed(
        self, work: Mapping[PlaylistId, Difference], contents: Mapping[PlaylistId, TargetContents], reason: str
    ) -> CollectionResult:
        session, head = self.session, self.head
        mirror = session.mirror(head)
        parts = []
        for part in mirror.parts:
            seen, listed = contents[part.playlist], session.listed().get(part.playlist)
            untouched = not self.tally.changed and listed is not None
            parts.append(
                msgspec.structs.replace(
                    part,
                    base=work[part.playlist].base,
                    in_flight=(),
                    acknowledged=0,
                    fingerprint=seen.fingerprint or (listed.fingerprint if untouched and listed else ""),
                    count=len(seen.tracks) + seen.hidden,
                    modified=listed.modified if untouched and listed else 0,
                )
            )
        if hidden := sum(len(one.hidden) for one in work.values()):
            self._note(f"{hidden} mirrored entries are hidden by Deezer (withdrawn or not available in your country)")
        now = session.now_text()
        state = CollectionState.CHANGED if self.tally.changed else CollectionState.IN_SYNC
        records = (session.checkpoint.matches.get(source) for source in self.waiting)
        retries = sorted((record.retry_at for record in records if record and record.retry_at), key=from_iso)
        if len(parts) > 1:
            self._note(f"longer than Deezer's limit: split into {len(parts)} playlists")
        session.put(
            msgspec.structs.replace(
                mirror,
                state=CollectionState.IN_SYNC,
                reason="",
                parts=tuple(parts),
                left_out=tuple({pair.target: pair for one in work.values() for pair in one.left_out}.values()),
                hand_added=tuple(track for one in work.values() for track in one.hand_added),
                snapshot=head.snapshot,
                reading=None,
                waiting=self.waiting,
                retry_at=retries[0] if retries else None,
                rule=session.job.policy.fingerprint(head),
                entries=len(self.tracks) + self.entries_skipped,
                matched=self.matched,
                skipped=self.entries_skipped,
                duplicates=self.duplicates,
                synced_at=now,
                verified_at=now,
                failures=0,
                missing_since=None,
                missing_runs=0,
                notes=tuple(self.tally.notes),
            )
        )
        self._close_conflicts(work)
        session.save()
        return result_of(session.mirror(head), state, reason, self.tally)

    def _close_conflicts(self, work: Mapping[PlaylistId, Difference]) -> None:
        asks = self.session.job.policy.edits_for(self.head) is HandEdits.ASK
        stands = {
            ConflictKind.MASS_REMOVAL: True,
            ConflictKind.HAND_REMOVED: asks and any(one.left_out for one in work.values()),
            ConflictKind.HAND_ADDED: asks and any(one.hand_added for one in work.values()),
        }
        for kind, caused in stands.items():
            conflict = self.session.checkpoint.conflicts.get(conflict_id(self.head, kind))
            if conflict is not None and (conflict.decision is not None or not caused):
                self.session.checkpoint = self.session.checkpoint.without_conflict(conflict.id)

    def _note(self, note: str) -> None:
        if note not in self.tally.notes:
            self.tally.notes.append(note)
