"""Making the changes to one collection's playlists: intent first, one write each, refusals taken apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from musicdiff_job.core import decide
from musicdiff_job.core.before_image import BeforeImage, Removed
from musicdiff_job.core.checkpoint import acknowledge, intend, with_part, withdraw
from musicdiff_job.core.errors import BadAnswer, NotFound, StalePlan, UnknownOutcome
from musicdiff_job.core.model import CollectionHead, PlaylistId, TargetId
from musicdiff_job.core.plan import (
    AddTracks,
    Change,
    LikeTrack,
    Receipt,
    Refused,
    RemoveTracks,
    ReorderTracks,
    UnlikeTrack,
    UpdatePlaylist,
)
from musicdiff_job.results import Tally
from musicdiff_job.session import Session

HOPELESS = 20
"""Tracks refused one by one, with none taken, after which a playlist is left for this run."""


@dataclass
class Writer:
    """Writes to the parts of one collection, and remembers what the next look has to know."""

    session: Session
    head: CollectionHead
    tally: Tally
    acted: set[PlaylistId] = field(default_factory=set)
    """Playlists in which a write was confirmed in this run."""
    declined: dict[PlaylistId, dict[TargetId, Refused]] = field(default_factory=dict)
    """Tracks that were refused alone since the last look."""
    stubborn: set[PlaylistId] = field(default_factory=set)
    """Playlists whose metadata Deezer refused to change."""
    full: set[PlaylistId] = field(default_factory=set)
    """Playlists of which Deezer says that they take no more."""
    unsure: UnknownOutcome | None = None
    """A write was sent and no answer came. No other one is made before a look has told whether it was applied."""
    _lost: Mapping[TargetId, Removed] = field(default_factory=dict)
    _found: set[PlaylistId] = field(default_factory=set)
    """Playlists that were asked for by id, and exist."""

    def make(
        self,
        playlist: PlaylistId,
        changes: Sequence[Change],
        names: Mapping[TargetId, str],
        lost: Mapping[TargetId, Removed],
    ) -> None:
        """Make the changes in this order, as far as their outcomes are known; ``names`` are for those who watch,
        ``lost`` tells where that stands which the collection loses by them. Raises what ``Target.apply`` raises, but
        ``UnknownOutcome``."""
        self._lost = lost
        if changes:
            self.session.job.observer.planned(self.head, tuple(changes), names)
            self.session.job.observer.phase(f"write {self.head.name}", len(changes))
        planned = True
        for change in changes:
            if self.unsure is not None:
                return
            if planned or not isinstance(change, ReorderTracks):  # an order that names what was refused is no order
                try:
                    planned = self._write(playlist, change) and planned
                except UnknownOutcome as error:
                    self.unsure = error

    def _write(self, playlist: PlaylistId, change: Change) -> bool:
        """Make one change, its intent saved first. False when it, or a part of it, was refused."""
        if isinstance(change, UpdatePlaylist):
            return self._update(change)
        if playlist in self.full and isinstance(change, AddTracks | LikeTrack):
            return False
        if isinstance(change, AddTracks) and len(change.tracks) > (size := self.session.target.batch):
            # The target has learned since the plan was made that it takes fewer at a time.
            first = self._write(playlist, AddTracks(playlist, change.tracks[:size]))
            return self._write(playlist, AddTracks(playlist, change.tracks[size:])) and first
        images = self.session.checkpoint.images
        self._keep_image(playlist, change)
        self.session.put(intend(self.session.mirror(self.head), playlist, change))
        self.session.save()
        try:
            receipt = attempt(self.session, change, self._found)
        except StalePlan:
            self._withdraw(playlist, images)  # it was not even sent
            raise
        if isinstance(receipt, Refused):
            self._withdraw(playlist, images)
            return self._refused(playlist, change, receipt)
        self.session.put(acknowledge(self.session.mirror(self.head), playlist))
        self.acted.add(playlist)
        if isinstance(change, RemoveTracks | UnlikeTrack):
            self.full.discard(playlist)
        self.tally.count(change)
        self.session.job.observer.advance()
        return True

    def _withdraw(self, playlist: PlaylistId, images: tuple[BeforeImage, ...]) -> None:
        self.session.put(withdraw(self.session.mirror(self.head), playlist))
        self.session.put_images(images)

    def _keep_image(self, playlist: PlaylistId, change: Change) -> None:
        match change:
            case RemoveTracks(tracks=tracks):
                going = tracks
            case UnlikeTrack(track=track):
                going = (track,)
            case _:
                return
        session, head = self.session, self.head
        if removed := tuple(self._lost[track] for track in going if track in self._lost):
            part = next(part for part in session.mirror(head).parts if part.playlist == playlist)
            session.keep_image(head, playlist, part.title or head.name, removed)

    def _update(self, change: UpdatePlaylist) -> bool:
        self.session.put(intend(self.session.mirror(self.head), change.playlist, change))
        self.session.save()
        try:
            receipt = self.session.target.apply(change)
        except StalePlan:
            self.session.put(withdraw(self.session.mirror(self.head), change.playlist))  # it was not even sent
            raise
        if isinstance(receipt, Refused):
            self.session.put(withdraw(self.session.mirror(self.head), change.playlist))
            self.tally.note(f"Deezer refused to change the playlist's metadata: {receipt.reason}")
            self.stubborn.add(change.playlist)
            return True
        self.tally.count(change)
        mirror = self.session.mirror(self.head)
        part = next(part for part in mirror.parts if part.playlist == change.playlist)
        headers = decide.wanted_headers(self.head, self.session.job.policy, len(mirror.parts))
        wanted = headers[mirror.parts.index(part)]
        shown = self.session.listed()[change.playlist]
        shown = msgspec.structs.replace(
            shown,
            title=shown.title if change.title is None else change.title,
            public=shown.public if change.public is None else change.public,
            collaborative=shown.collaborative and change.public is None,
        )
        self.session.listed()[change.playlist] = shown
        known = msgspec.structs.replace(part, header=wanted, title=shown.title, in_flight=())
        self.session.put(with_part(mirror, known))
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
            case AddTracks() | LikeTrack() if receipt.full:
                self.full.add(playlist)
            case AddTracks(tracks=(track,)) | LikeTrack(track=track):
                declined = self.declined.setdefault(playlist, {})
                declined[track] = receipt
                if len(declined) >= HOPELESS and playlist not in self.acted:
                    raise BadAnswer(
                        f"Deezer refuses every track for {self.head.name!r}: {receipt.reason}",
                        "The next run tries again",
                    )
            case _:
                self.tally.note(f"Deezer refused a change: {receipt.reason}")
        return False


def attempt(session: Session, change: Change, exist: set[PlaylistId]) -> Receipt:
    """Make one change. An addition of what Deezer does not have is a refusal, once a playlist is known to ``exist``:
    Deezer says the same of a playlist and of a track that it does not have. Raises what ``Target.apply`` raises."""
    try:
        return session.target.apply(change)
    except NotFound as error:
        if not isinstance(change, AddTracks | LikeTrack):
            raise
        if isinstance(change, AddTracks) and change.playlist not in exist:
            session.target.header(change.playlist)
            exist.add(change.playlist)
        return Refused(error.message)
