"""One collection: look, decide, do.

The loop is level-triggered: read the target, compare, write what is missing, read again. The collection is in step
when a read shows nothing left to do; that read is also the proof that the writes arrived. Until then the changes stay
in flight. A change is saved as an intent before it is written, always.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from musicdiff_job import consulting, contradicting
from musicdiff_job.auditing import suspect
from musicdiff_job.binding import LAG_WAITS, bind, find_gone, recover
from musicdiff_job.core import decide
from musicdiff_job.core.before_image import stood
from musicdiff_job.core.checkpoint import Pair, Part, Reading, settled_base, with_part
from musicdiff_job.core.conflict import ConflictKind
from musicdiff_job.core.decide import FAVOURITES
from musicdiff_job.core.diff import Difference, collapse, diff
from musicdiff_job.core.errors import NotShownYet
from musicdiff_job.core.match import Match, Reason
from musicdiff_job.core.model import (
    CollectionHead,
    PlaylistId,
    SourceId,
    TargetContents,
    TargetId,
    Track,
    Unreadable,
    same_title,
)
from musicdiff_job.core.plan import (
    Change,
)
from musicdiff_job.core.policy import HandEdits
from musicdiff_job.core.summary import CollectionResult, CollectionState
from musicdiff_job.core.timestamps import from_iso
from musicdiff_job.gleaning import resolve_from
from musicdiff_job.lookups import Asker, refused
from musicdiff_job.reading import Edited, read
from musicdiff_job.results import Tally, ended, name_of, result_of
from musicdiff_job.session import Session
from musicdiff_job.writing import Writer

ROUNDS = 4
"""Looks at one collection's target in one run. One proves that nothing is to do, two are usual after a change."""
PATIENCE = 2
"""Failures of a collection after which it is mirrored without the tracks on which Deezer's catalogue fails."""
PASSING = frozenset({Reason.REFUSED, Reason.UNANSWERED, Reason.UNREADABLE})
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
            if expected and head.owned and session.mirror(head).parts:
                tally.note("its mirror stays as it was")
            return ended(session, head, state, why, tally)
        case Edited():
            reason = "edited while it was read; the next run reads it again"
            return ended(session, head, CollectionState.PENDING, reason, tally)
        case Reading(entries=entries):
            pass
    tracks = [entry.track for entry in entries if entry.track is not None]
    tally.sources, tally.entries = tuple(SourceId(track.id) for track in tracks), entries
    if gone := find_gone(session, head):
        state = CollectionState.DETACHED if gone.detach else CollectionState.CONFLICT
        return ended(session, head, state, gone.reason, tally)
    resolve_from(session, asker, head, tracks, patient=session.mirror(head).failures < PATIENCE)
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
    concealed: set[TargetId] = field(default_factory=set)
    """Tracks that Deezer has, but does not show."""
    moved: set[TargetId] = field(default_factory=set)
    """Tracks that a person has moved on Deezer."""

    def __post_init__(self) -> None:
        self.writer = Writer(self.session, self.head, self.tally)

    @property
    def favourites(self) -> bool:
        return self.session.job.policy.is_favourites(self.head.kind)

    def run(self, reason: str) -> CollectionResult:
        for _ in range(ROUNDS):
            self.writer.unsure = None
            recover(self.session, self.head)
            desired = self._desired()
            wanted = frozenset(pair.target for pair in desired)
            parts = bind(self.session, self.head, len(self._chunks(desired)), self.tally.count, wanted)
            contents = self._look(parts)
            desired = self._desired()  # anew: the look may have shown that tracks are refused
            chunks = self._chunks(desired, contents)
            if len(chunks) > len(parts):
                more = bind(self.session, self.head, len(chunks), self.tally.count, wanted)[len(parts) :]
                contents |= self._look(more)
            consulting.spare(self.session, self.head, desired)
            work = {
                part.playlist: self._compare(part, chunk, contents)
                for part, chunk in zip(self.session.mirror(self.head).parts, chunks, strict=True)
            }
            if consulting.stops(self.session, self.head, work, contents):
                return ended(self.session, self.head, CollectionState.CONFLICT, "too many removals at once", self.tally)
            consulting.ask(self.session, self.head, work)
            changes = {playlist: self._changes(playlist, work[playlist], contents[playlist]) for playlist in work}
            headers = self._headers()
            if not any(changes.values()) and not any(headers.values()):
                return self._agreed(work, contents, reason)
            stays = {pair.target for one in work.values() for pair in one.base}
            for playlist in decide.in_turn(work):
                shown = [TargetId(track.id) for track in contents[playlist].tracks]
                going = stood(shown, frozenset(work[playlist].remove), self.names)
                lost = {entry.track: entry for entry in going if entry.track not in stays}
                self.writer.make(playlist, (*headers[playlist], *changes[playlist]), self.names, lost)
        raise self.writer.unsure or NotShownYet(
            f"{self.head.name!r} still differs after {ROUNDS} looks at Deezer", "The next run looks again"
        )

    # Look

    def _chunks(
        self, desired: tuple[Pair, ...], contents: Mapping[PlaylistId, TargetContents] | None = None
    ) -> tuple[tuple[Pair, ...], ...]:
        """The entries of each part; with ``contents``, of what the parts have room for. A list that fits one playlist
        stays in one: what others have put there limits it then."""
        if self.favourites:
            return (desired,)
        known = self.session.mirror(self.head)
        limit = self.session.job.policy.playlist_limit
        if contents is None or len(known.parts) == 1:
            return decide.split(desired, limit, len(known.parts))
        ours = {pair.target for part in known.parts for pair in part.base} | {pair.target for pair in desired}
        taken = [sum(track.id not in ours for track in contents[part.playlist].tracks) for part in known.parts]
        return decide.split(desired, limit, len(known.parts), taken)

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
                self.names[TargetId(decision.target)] = name_of(track)
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
                self.names.setdefault(TargetId(track.id), name_of(track))
                self.tally.shown[TargetId(track.id)] = track
            self.tally.hidden = contents.hidden
            self.moved |= contradicting.moved_by_hand(part, contents)
            present = frozenset(TargetId(track.id) for track in contents.tracks)
            seen[part.playlist] = contents
            suspect(self.session, {pair.target: pair.source for pair in part.base}, contents.tracks)
            lost = part.added_in_flight(acknowledged=True) - present
            if lost and not contents.hidden:
                refused(self.session, lost)
            base = self._without_refused(part.playlist, settled_base(part, present), present, contents.hidden)
            if contents.hidden:
                # Deezer may say that it added what it holds already and hides.
                self.concealed |= lost
                base = (*base, *(Pair(SourceId(""), track) for track in sorted(lost)))
            updates = decide.updates_in_flight(part)  # settled by the listing
            settled = msgspec.structs.replace(part, base=base, in_flight=updates, acknowledged=0)
            if settled != part:
                self.session.put(with_part(self.session.mirror(self.head), settled))
        return seen

    def _without_refused(
        self, playlist: PlaylistId, base: tuple[Pair, ...], present: frozenset[TargetId], hidden: int
    ) -> tuple[Pair, ...]:
        """The base, given what Deezer refused. A refusal is believed only when a read does not show the track:
        Deezer refuses what it has, too."""
        for track, receipt in self.writer.declined.pop(playlist, {}).items():
            if track in present:
                continue
            if not receipt.already:
                refused(self.session, (track,), at_once=True)
                self.tally.note(f"Deezer refused {self.names.get(track, track)}: {receipt.reason}")
                base = tuple(pair for pair in base if pair.target != track)
            elif hidden:
                self.concealed.add(track)
                if all(pair.target != track for pair in base):
                    base = (*base, Pair(SourceId(""), track))
        return base

    def _contents(self, part: Part) -> TargetContents:
        if part.playlist in self.session.created and not part.in_flight and part.playlist not in self.writer.acted:
            return TargetContents(())  # created a moment ago
        acted = part.playlist in self.writer.acted
        pauses = iter(LAG_WAITS)
        while True:
            target = self.session.target
            contents = target.favourites() if part.playlist == FAVOURITES else target.tracks(part.playlist)
            present = frozenset(TargetId(track.id) for track in contents.tracks)
            # Only what was confirmed is waited for, of what an earlier run has written only additions. Were they taken
            # for lost, and shown later, they would be somebody else's.
            lagging = part.added_in_flight(acknowledged=True) - present
            if acted:
                lagging |= part.removed_in_flight(acknowledged=True) & present
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

    def _compare(self, part: Part, chunk: Sequence[Pair], seen: Mapping[PlaylistId, TargetContents]) -> Difference:
        mirror = self.session.mirror(self.head)
        contents = seen[part.playlist]
        others = [pair for other in mirror.parts if other.playlist != part.playlist for pair in other.base]
        elsewhere = {pair.target for pair in others}
        # Removed by hand from another part, and wanted in this one by now: still removed by hand.
        shown = {track.id for one in seen.values() for track in one.tracks}
        hiding = any(one.hidden for one in seen.values())
        removed = [] if hiding else [pair for pair in others if pair.target not in shown]
        difference = diff(
            part.base,
            [*(pair for pair in mirror.left_out if pair.target not in elsewhere), *removed],
            chunk,
            [TargetId(track.id) for track in contents.tracks],
            edits=consulting.hand_edits(self.session, self.head, ConflictKind.HAND_REMOVED),
            additions=consulting.hand_edits(self.session, self.head, ConflictKind.HAND_ADDED),
            asked=frozenset(mirror.hand_added),
            restored=frozenset(mirror.restored),
            hidden=contents.hidden,
            concealed=frozenset(self.concealed),
        )
        difference = contradicting.spare(self.session, self.head, difference, part, self.moved)
        if len(mirror.parts) > 1:
            return difference
        return self._fitting(difference, contents, full=part.playlist in self.writer.full)

    def _fitting(self, difference: Difference, contents: TargetContents, *, full: bool) -> Difference:
        """The difference without the additions that Deezer has no room for, or, if it calls the list ``full``, without
        any."""
        limit = FAVOURITES_CAP if self.favourites else self.session.job.policy.playlist_limit
        room = limit - len(contents.tracks) - contents.hidden + (0 if self.favourites else len(difference.remove))
        room = 0 if full else max(0, room)
        over = {pair.target for pair in difference.add[room:]}
        if not over:
            return difference
        why = "says that the list is full" if full else f"takes {limit}, those added by hand included"
        self.tally.note(f"{len(over)} entries do not fit: Deezer {why}")
        return msgspec.structs.replace(
            difference,
            add=difference.add[:room],
            order=tuple(track for track in difference.order if track not in over),
            base=tuple(pair for pair in difference.base if pair.target not in over),
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
        edits = consulting.hand_edits(self.session, self.head, ConflictKind.RENAMED)
        found: dict[PlaylistId, tuple[Change, ...]] = {}
        titles: dict[str, bool] = {}
        for part, wanted in zip(parts, decide.wanted_headers(self.head, policy, len(parts)), strict=True):
            shown = self.session.listed().get(part.playlist)
            if shown is None or part.playlist in self.writer.stubborn:
                # Not in the listing, but it answers by id (find_gone): judged again when the listing shows it. Or the
                # change was refused a moment ago: tried again by the next run.
                found[part.playlist] = ()
                if not same_title(part.title, wanted.title):
                    titles[part.title] = False
                continue
            pending = decide.updates_in_flight(part)
            todo = decide.metadata(part, wanted, shown, edits)
            if not shown.is_called(wanted.title):
                titles[shown.title] = todo.renamed
            for note in todo.kept:
                self.tally.note(note)
            if todo.description is not None and part.header is not None:
                now = self.session.target.header(part.playlist).description
                ours = {part.header.description, wanted.description, *(one.description for one in pending)}
                if not any(same_title(now, one or "") for one in ours) and edits is not HandEdits.OVERWRITE:
                    self.tally.note("description changed by hand on Deezer")
                    todo = msgspec.structs.replace(todo, description=None)
            change = todo.change(part.playlist)
            found[part.playlist] = (change,) if change else ()
            if change is None:
                agreed = msgspec.structs.replace(part, header=wanted, title=shown.title, in_flight=())
                self.session.put(with_part(self.session.mirror(self.head), agreed))
        consulting.ask_titles(self.session, self.head, titles)
        return found

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
                    in_flight=decide.updates_in_flight(part),
                    acknowledged=0,
                    fingerprint=seen.fingerprint or (listed.fingerprint if untouched and listed else ""),
                    count=len(seen.tracks) + seen.hidden,
                    modified=listed.modified if untouched and listed else 0,
                )
            )
        if hidden := sum(len(one.hidden) for one in work.values()):
            self.tally.note(
                f"{hidden} mirrored entries are hidden by Deezer (withdrawn or not available in your country)"
            )
        if foreign := sum(len(one.hand_added) for one in work.values()):
            self.tally.note(f"{foreign} added by hand on Deezer")
        if out := sum(len(one.left_out) for one in work.values()):
            self.tally.note(f"{out} removed by hand on Deezer, left out")
        by_hand = tuple(track for one in work.values() for track in one.hand_added)
        hiding = any(seen.hidden for seen in contents.values())
        now = session.now_text()
        state = CollectionState.CHANGED if self.tally.changed else CollectionState.IN_SYNC
        records = (session.checkpoint.matches.get(source) for source in self.waiting)
        retries = sorted((record.retry_at for record in records if record and record.retry_at), key=from_iso)
        if len(parts) > 1:
            self.tally.note(f"longer than Deezer's limit: split into {len(parts)} playlists")
        session.put(
            msgspec.structs.replace(
                mirror,
                state=CollectionState.IN_SYNC,
                reason="",
                parts=tuple(parts),
                left_out=tuple({pair.target: pair for one in work.values() for pair in one.left_out}.values()),
                hand_added=by_hand,
                # Removed by hand after all, or on the source again; what cannot be seen may be hidden.
                restored=tuple(track for track in mirror.restored if hiding or track in by_hand),
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
        consulting.close(session, head, work)
        session.save()
        return result_of(session.mirror(head), state, reason, self.tally)
