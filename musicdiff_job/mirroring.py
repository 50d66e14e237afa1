"""One collection: look, decide, do.

The loop is level-triggered: read the target, compare, write what is missing, read again. The collection is in step
when a read shows nothing left to do; that read is also the proof that the writes arrived. Until then the changes stay
in flight. A change is saved as an intent before it is written, always.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from musicdiff_job import consulting, contradicting, metadata
from musicdiff_job.binding import bind, find_gone, recover
from musicdiff_job.core import decide
from musicdiff_job.core.before_image import stood
from musicdiff_job.core.checkpoint import Mirror, Pair, Part, Reading
from musicdiff_job.core.conflict import ConflictKind
from musicdiff_job.core.diff import Difference, collapse, diff
from musicdiff_job.core.errors import NotShownYet
from musicdiff_job.core.match import Match, Reason
from musicdiff_job.core.model import (
    FAVOURITE_LISTS,
    FAVOURITES,
    CollectionHead,
    PlaylistId,
    SkipReason,
    SourceId,
    TargetContents,
    TargetId,
    Track,
    Unreadable,
)
from musicdiff_job.core.plan import Change
from musicdiff_job.core.schedule import ASKED_AGAIN, BY_CONTENT, Due, changed, unfinished
from musicdiff_job.core.summary import CollectionResult, CollectionState
from musicdiff_job.core.timestamps import from_iso, to_iso
from musicdiff_job.gleaning import resolve_from
from musicdiff_job.looking import Look
from musicdiff_job.lookups import Asker
from musicdiff_job.reading import Edited, content_of, read
from musicdiff_job.results import Tally, ended, name_of, result_of
from musicdiff_job.session import Session
from musicdiff_job.writing import Writer

ROUNDS = 4
"""Looks at one collection's target in one run. One proves that nothing is to do, two are usual after a change."""
PATIENCE = 2
"""Failures of a collection after which it is mirrored without the tracks on which Deezer's catalogue fails."""
PASSING = frozenset({Reason.REFUSED, Reason.UNANSWERED, Reason.UNREADABLE})
"""Reasons for having no counterpart that are no reason to remove one that is in place."""
EMPTIED_AGAIN = timedelta(days=1)
"""When a list is looked at again in which places have become empty."""
FAVOURITES_CAP = 10_000
"""Deezer takes no more favourite tracks than this (reported by several users; not documented). Nobody has met a limit
for albums or artists; where there is one, Deezer says that the list is full."""


def mirror(session: Session, asker: Asker, head: CollectionHead, reason: str, tally: Tally) -> CollectionResult:
    """Bring one collection in step. ``tally`` counts what was done even when an error ends it. Raises every
    ``JobError`` but those about single changes; whatever was found and done by then is in the session."""
    before = session.mirror(head)
    begun = msgspec.structs.replace(before, tried_at=session.now_text(), name=head.name, whose=head.whose)
    session.put(begun)
    match read(session, head):
        case Unreadable(why, expected):
            state = CollectionState.SKIPPED if expected else CollectionState.FAILED
            if expected and head.owned and before.parts:
                tally.note("its mirror stays as it was")
            if expected and not head.owned and (before.state, before.reason) != (state, why):
                tally.news.append(f"left alone; asked for again after {ASKED_AGAIN.days} days")
            return ended(session, head, state, why, tally)
        case Edited():
            reason = "edited while it was read; the next run reads it again"
            return ended(session, head, CollectionState.PENDING, reason, tally)
        case Reading(entries=entries):
            pass
    if not head.snapshot:
        head = msgspec.structs.replace(head, snapshot=content_of(entries))
        if reason == BY_CONTENT and (same := _unchanged(session, head, begun, tally)):
            return same
    tracks = [entry.track for entry in entries if entry.track is not None]
    tally.sources, tally.entries = tuple(SourceId(track.id) for track in tracks), entries
    if gone := find_gone(session, head):
        state = CollectionState.DETACHED if gone.detach else CollectionState.CONFLICT
        return ended(session, head, state, gone.reason, tally)
    resolve_from(session, asker, head, tracks, patient=session.mirror(head).failures < PATIENCE)
    empty = sum(entry.skipped is SkipReason.REMOVED for entry in entries)
    return _Work(session, head, len(entries) - len(tracks), tracks, tally, gone=empty).run(reason)


def _unchanged(session: Session, head: CollectionHead, known: Mirror, tally: Tally) -> CollectionResult | None:
    """The end of a collection that was only read to compare its content, if that is as it was; None when there is work
    on it for this or for another reason. No call."""
    settled = msgspec.structs.replace(known, reading=None, checked_at=to_iso(session.started))
    if not session.knows_target() or unfinished(settled) or settled.state is CollectionState.PENDING:
        return None
    if isinstance(changed(head, settled, session.listed(), session.job.policy, session.now()), Due):
        return None
    session.put(settled)
    session.save_soon()
    return result_of(settled, settled.state, "the same content", tally)


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
    gone: int = 0
    withdrawn: tuple[SourceId, ...] = ()

    def __post_init__(self) -> None:
        self.writer = Writer(self.session, self.head, self.tally)
        self.look = Look(self.session, self.head, self.tally, self.writer)

    @property
    def favourites(self) -> bool:
        return self.session.job.policy.favourites_for(self.head.kind) is not None

    def run(self, reason: str) -> CollectionResult:
        if not self.favourites:
            metadata.tell_what_is_cut(self.session, self.head, self.tally)
        for _ in range(ROUNDS):
            self.writer.unsure = None
            recover(self.session, self.head)
            desired = self._desired()
            wanted = frozenset(pair.target for pair in desired)
            parts = bind(self.session, self.head, len(self._chunks(desired)), self.tally.count, wanted)
            contents = self.look.at(parts)
            desired = self._desired()  # anew: the look may have shown that tracks are refused
            chunks = self._chunks(desired, contents)
            if len(chunks) > len(parts):
                more = bind(self.session, self.head, len(chunks), self.tally.count, wanted)[len(parts) :]
                contents |= self.look.at(more)
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
                going = stood(shown, frozenset(work[playlist].remove), self.look.names)
                lost = {entry.track: entry for entry in going if entry.track not in stays}
                self.writer.make(playlist, (*headers.get(playlist, ()), *changes[playlist]), self.look.names, lost)
        raise self.writer.unsure or NotShownYet(
            f"{self.head.name!r} still differs after {ROUNDS} looks at Deezer", "The next run looks again"
        )

    # Decide

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
                self.look.names[TargetId(decision.target)] = name_of(track)
            elif source in placed and (decision is None or decision.reason in PASSING):
                pairs.append(Pair(source, placed[source]))
            else:
                waiting.append(source)
        self.matched, self.waiting = len(pairs), tuple(dict.fromkeys(waiting))
        withdrawn = self._withdrawn(mirror)
        self.withdrawn = tuple(pair.source for pair in withdrawn)
        pairs.extend(withdrawn)
        # Liked songs and albums come newest first; Deezer shows what was liked last on top, so the oldest goes first.
        desired, self.duplicates = collapse(reversed(pairs) if self.favourites else pairs)
        return desired

    def _withdrawn(self, mirror: Mirror) -> list[Pair]:
        """Mirrored entries that Spotify may have withdrawn: it shows an empty place then, and not what stood there.
        What has gone missing while places became empty, and is no more than these, stays until they fill again."""
        if not self.gone:
            return []
        present = frozenset(self.tally.sources)
        base = (pair for part in mirror.parts for pair in part.base)
        missing = [pair for pair in base if pair.source and pair.source not in present]
        known = frozenset(mirror.withdrawn)
        kept = [pair for pair in missing if pair.source in known or self.gone > mirror.gone]
        return kept if len(kept) <= self.gone else []

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
            concealed=frozenset(self.look.concealed),
        )
        difference = contradicting.spare(self.session, self.head, difference, part, self.look.moved)
        if len(mirror.parts) > 1:
            return difference
        return self._fitting(part, difference, contents, full=part.playlist in self.writer.full)

    def _fitting(self, part: Part, difference: Difference, contents: TargetContents, *, full: bool) -> Difference:
        """The difference without the additions that Deezer has no room for, or, if it calls the list ``full``, without
        any."""
        limit = self.session.job.policy.playlist_limit
        if part.playlist in FAVOURITE_LISTS:
            limit = FAVOURITES_CAP if part.playlist == FAVOURITES else sys.maxsize
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
        if self.favourites:
            return {}
        return metadata.changes(self.session, self.head, self.tally, self.writer.stubborn)

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
        retries = [record.retry_at for record in records if record and record.retry_at]
        if self.withdrawn:
            self.tally.note(f"{len(self.withdrawn)} that Spotify no longer shows stay on Deezer")
        if self.gone > mirror.gone:
            # Places have been seen to fill again without a new snapshot.
            retries.append(to_iso(session.now() + EMPTIED_AGAIN))
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
                retry_at=min(retries, key=from_iso, default=None),
                rule=session.job.policy.fingerprint(head),
                entries=len(self.tracks) + self.entries_skipped,
                matched=self.matched,
                skipped=self.entries_skipped,
                gone=self.gone,
                withdrawn=self.withdrawn,
                duplicates=self.duplicates,
                synced_at=now,
                verified_at=now,
                checked_at=to_iso(session.started),
                reopened=False,
                failures=0,
                missing_since=None,
                missing_runs=0,
                notes=tuple(self.tally.notes),
            )
        )
        consulting.close(session, head, work)
        session.save()
        return result_of(session.mirror(head), state, reason, self.tally)
