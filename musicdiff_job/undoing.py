"""``undo``: putting back what a run removed.

What is put back is a person's wish, so it is never ours: it is remembered as such before it is written, and no intent
claims it. Nothing else needs to be remembered, for what is missing is worked out from the image and a look at the
target, each time anew; so an undo that dies is completed by repeating it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from musicdiff_job.binding import LAG_WAITS
from musicdiff_job.conducting import conduct
from musicdiff_job.core.before_image import BeforeImage, Removed, back_in_place
from musicdiff_job.core.checkpoint import Mirror, restore
from musicdiff_job.core.errors import NotFound, NotShownYet, SkipCollection, StalePlan, StopRun, Wait
from musicdiff_job.core.model import (
    FAVOURITE_LISTS,
    CollectionHead,
    CollectionId,
    PlaylistId,
    Service,
    TargetContents,
    TargetId,
)
from musicdiff_job.core.plan import AddTracks, Change, LikeTrack, Refused, ReorderTracks
from musicdiff_job.core.summary import CollectionState, Summary
from musicdiff_job.journal import event
from musicdiff_job.mirroring import ROUNDS
from musicdiff_job.recreating import recreated
from musicdiff_job.results import Tally, result_of
from musicdiff_job.run_log import RunLog
from musicdiff_job.session import Job, Session
from musicdiff_job.writing import attempt

NEEDS = (Service.DEEZER,)
"""The source has no say in what is put back."""


def undo_once(job: Job, run: str) -> Summary:
    """Put back what the run ``run`` removed. Never raises a ``JobError``."""
    return conduct(job, lambda session, log: put_back(session, log, run), needs=NEEDS)


def images_of(session: Session, run: str, collection: CollectionId | None = None) -> tuple[BeforeImage, ...]:
    """What a run removed, as it is remembered now."""
    images = (image for image in session.checkpoint.images if image.run == run)
    return tuple(image for image in images if collection in (None, image.collection))


def sees_target(session: Session, log: RunLog) -> bool:
    """Whether the target shows its playlists; if not, the log says why."""
    session.job.observer.phase("look", None)
    try:
        session.listed()
    except Wait as wait:
        log.stopped(wait, "deezer")
    return session.knows_target()


def put_back(session: Session, log: RunLog, run: str) -> None:
    """Put back what the run removed, as far as it is not there and the source has not brought it back. Every
    collection gets its line. Raises ``StalePlan`` when nothing is remembered of the run, and what ends a run."""
    images = images_of(session, run)
    if not images:
        raise StalePlan(f"what the run {run} removed is not remembered any more", "`musicdiff-job undo --list`")
    if not sees_target(session, log):
        return
    # What was put back by an earlier try comes last, so that with any budget all of it comes back.
    waiting = sorted(images, key=lambda image: image.undone_at)
    heads = {image.collection: CollectionHead(image.collection, image.kind, image.name, "") for image in waiting}
    stopped: StopRun | None = None
    for head in heads.values():
        session.job.observer.phase("undo", len(heads))
        tally = Tally()
        state, reason = CollectionState.PENDING, f"waits: {stopped.message}" if stopped else ""
        try:
            if stopped is None:
                for number in range(len(images_of(session, run, head.id))):
                    _put_back(session, head, images_of(session, run, head.id)[number], tally)
                state = CollectionState.CHANGED if tally.changed else CollectionState.IN_SYNC
                reason = f"what the run {run} removed is back"
        except StopRun as stop:
            stopped, reason = stop, stop.message
        except Wait as wait:
            reason = wait.message
            log.stopped(wait, head.name)
        except SkipCollection as error:
            state, reason = CollectionState.FAILED, error.message
            log.failed(error, head.name)
        result = result_of(Mirror(id=head.id, kind=head.kind, name=head.name), state, reason, tally)
        log.results[head.id] = result
        event("collection.finished", collection=head.id, name=head.name, state=str(state), added=result.added)
        session.job.observer.finished(result)
    if stopped is not None:
        raise stopped


def _put_back(session: Session, head: CollectionHead, image: BeforeImage, tally: Tally) -> None:
    if image.of_source:
        told = ", ".join(entry.name or entry.track for entry in image.removed[:NAMED])
        more = f" and {len(image.removed) - NAMED} more" if len(image.removed) > NAMED else ""
        tally.note(f"removed from the Spotify list, where only you can put it back: {told}{more}")
        return
    if image.header is not None:
        image = recreated(session, head, image, image.header, tally)
    elif image.playlist in FAVOURITE_LISTS:
        tally.note("favourites come back as the newest ones: Deezer sorts them by the date of the like")
    elif image.playlist not in session.listed():
        try:
            session.target.header(image.playlist)
        except NotFound:
            tally.note(f"the playlist {image.title!r} is gone from Deezer, so nothing comes back there")
            return
    _Return(session, head, image.playlist, _still_gone(session, image), tally).run()
    session.replace_image(image, msgspec.structs.replace(image, undone_at=session.now_text()))


def _still_gone(session: Session, image: BeforeImage) -> tuple[Removed, ...]:
    """The removed entries that the source has not brought back since."""
    mirror = session.checkpoint.mirrors.get(image.collection)
    ours: set[TargetId] = set()
    for part in mirror.parts if mirror is not None else ():
        if part.playlist == image.playlist:
            placed = {pair.target for pair in part.base} | part.added_in_flight()
            ours |= placed - part.removed_in_flight()
    return tuple(entry for entry in image.removed if entry.track not in ours)


NAMED = 20
"""Entries of a Spotify list that are named; more are counted."""


@dataclass
class _Return:
    """Entries on their way back into one playlist."""

    session: Session
    head: CollectionHead
    playlist: PlaylistId
    back: tuple[Removed, ...]
    tally: Tally
    added: set[TargetId] = field(default_factory=set)
    refused: set[TargetId] = field(default_factory=set)
    known: set[PlaylistId] = field(default_factory=set)

    def run(self) -> None:
        self._claim()
        for _ in range(ROUNDS):
            contents = self._look()
            changes = self._changes(contents)
            if not changes:
                return
            names = {entry.track: entry.name for entry in self.back}
            self.session.job.observer.planned(self.head, changes, names)
            planned = True
            for change in changes:
                if planned or not isinstance(change, ReorderTracks):  # an order that names what was refused is no order
                    planned = self._write(change) and planned
        raise NotShownYet(f"Deezer does not show yet what was put back into {self.head.name!r}", "Repeat the undo")

    def _claim(self) -> None:
        """Remember, before anything is written, that these are a person's."""
        mirror = self.session.checkpoint.mirrors.get(self.head.id)
        if mirror is None:
            return
        claimed = restore(mirror, self.playlist, [entry.track for entry in self.back])
        if claimed != mirror:
            self.session.put(claimed)
            self.session.save()

    def _look(self) -> TargetContents:
        for pause in (*LAG_WAITS, None):
            contents = self.session.contents(self.playlist)
            lagging = self.added.difference(track.id for track in contents.tracks)
            if not lagging or contents.hidden:
                return contents
            if pause is not None:
                self.session.gate.wait(pause)
        raise NotShownYet(
            f"Deezer confirmed what was put back into {self.head.name!r} but does not show it", "Repeat the undo"
        )

    def _changes(self, contents: TargetContents) -> tuple[Change, ...]:
        shown = [TargetId(track.id) for track in contents.tracks]
        here = {*shown, *self.added, *self.refused}
        missing = [entry.track for entry in self.back if entry.track not in here]
        if self.playlist in FAVOURITE_LISTS:
            return tuple(LikeTrack(track) for track in missing)
        limit = self.session.job.policy.playlist_limit
        if over := missing[max(0, limit - len(shown) - contents.hidden) :]:
            self.tally.note(f"{len(over)} entries do not fit: Deezer takes {limit}")
            missing = missing[: -len(over)]
        size = self.session.target.batch
        adds = [AddTracks(self.playlist, tuple(missing[at : at + size])) for at in range(0, len(missing), size)]
        after = [*shown, *missing]
        order = back_in_place(after, [entry for entry in self.back if entry.track in {*after}])
        return (*adds, ReorderTracks(self.playlist, order)) if list(order) != after else tuple(adds)

    def _write(self, change: Change) -> bool:
        """Make one change. False when it, or a part of it, was refused."""
        receipt = attempt(self.session, change, self.known)
        if not isinstance(receipt, Refused):
            self.tally.count(change)
            self.session.job.observer.advance()
            self.added.update(_tracks(change))
            return True
        match change:
            case AddTracks(tracks=tracks) if len(tracks) > 1:
                middle = len(tracks) // 2
                first = self._write(AddTracks(self.playlist, tracks[:middle]))
                return self._write(AddTracks(self.playlist, tracks[middle:])) and first
            case AddTracks(tracks=(track,)) | LikeTrack(track=track):
                self.refused.add(track)
                if not receipt.already:
                    name = next(entry.name for entry in self.back if entry.track == track)
                    self.tally.note(f"Deezer refused {name or track}: {receipt.reason}")
            case _:
                self.tally.note(f"Deezer refused a change: {receipt.reason}")
        return False


def _tracks(change: Change) -> Sequence[TargetId]:
    match change:
        case AddTracks(tracks=tracks):
            return tracks
        case LikeTrack(track=track):
            return (track,)
        case _:
            return ()
