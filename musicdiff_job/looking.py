"""Looking at a collection's playlists on the target, which is also what settles the writes that are in flight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from musicdiff_job import contradicting
from musicdiff_job.auditing import suspect
from musicdiff_job.binding import LAG_WAITS
from musicdiff_job.core import decide
from musicdiff_job.core.checkpoint import Pair, Part, settled_base, with_part
from musicdiff_job.core.errors import NotShownYet
from musicdiff_job.core.model import CollectionHead, PlaylistId, SourceId, TargetContents, TargetId
from musicdiff_job.lookups import refused
from musicdiff_job.results import Tally, name_of
from musicdiff_job.session import Session
from musicdiff_job.writing import Writer


@dataclass
class Look:
    """Looks at the parts of one collection, and remembers what the decisions have to know of them."""

    session: Session
    head: CollectionHead
    tally: Tally
    writer: Writer
    names: dict[TargetId, str] = field(default_factory=dict)
    concealed: set[TargetId] = field(default_factory=set)
    """Tracks that Deezer has, but does not show."""
    moved: set[TargetId] = field(default_factory=set)
    """Tracks that a person has moved on Deezer."""

    def at(self, parts: Sequence[Part]) -> dict[PlaylistId, TargetContents]:
        """Read every part, and settle what was in flight by what is seen. Raises what ``Target.tracks`` raises, and
        ``NotShownYet`` while what was confirmed is not to be seen."""
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
            contents = self.session.contents(part.playlist)
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
