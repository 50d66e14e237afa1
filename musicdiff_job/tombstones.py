"""Ending the mirror of a collection that is gone from the source."""

from __future__ import annotations

import msgspec

from musicdiff_job.binding import recover
from musicdiff_job.core.before_image import stood
from musicdiff_job.core.checkpoint import Mirror, Part, settled_base
from musicdiff_job.core.errors import BadAnswer, NotFound
from musicdiff_job.core.model import FAVOURITE_LISTS, CollectionHead, TargetContents, TargetId
from musicdiff_job.core.plan import DeletePlaylist, Refused
from musicdiff_job.core.summary import CollectionResult, CollectionState
from musicdiff_job.journal import event
from musicdiff_job.results import name_of, result_of
from musicdiff_job.session import Session


def bury(session: Session, gone: Mirror, *, delete: bool) -> CollectionResult:
    """Detach the mirror (its playlist stays as it is, nothing follows it any more), or delete its playlists: only
    those that we created and that hold nothing but what we placed there. Raises what the target raises, and
    ``BadAnswer`` when it refuses; what is deleted by then is remembered."""
    notes: list[str] = []
    if delete:
        recover(
            session, CollectionHead(gone.id, gone.kind, gone.name, gone.snapshot)
        )  # a run may have died creating one
        gone = session.checkpoint.mirrors.get(gone.id, gone)
    for part in gone.parts if delete else ():
        try:
            contents = _ours_alone(session, part)
        except NotFound:
            if session.knows_target() and part.playlist in session.listed():
                raise  # Deezer lists it, so it is there
            # else a person, or a run whose answer was lost, has deleted it
        else:
            if contents is None:
                notes.append("its Deezer playlist holds entries added by hand and was kept")
                continue
            _delete(session, gone, part, contents)
        session.forget_listed(part.playlist)  # else a new list of that name would adopt it
        gone = msgspec.structs.replace(gone, parts=tuple(other for other in gone.parts if other is not part))
        session.put(gone)
        session.save()
    reason = "deleted on Spotify; its mirror was " + ("deleted" if delete and not notes else "detached")
    ended = msgspec.structs.replace(
        gone, state=CollectionState.DETACHED, reason=reason, parts=(), creating=None, reading=None, notes=tuple(notes)
    )
    session.put(ended)
    session.checkpoint = session.checkpoint.without_conflicts_of(gone.id)
    session.save()
    return result_of(ended, CollectionState.DETACHED, reason)


def _ours_alone(session: Session, part: Part) -> TargetContents | None:
    """What the playlist holds, if that is nothing but what we placed. Raises ``NotFound``."""
    if not part.created or part.playlist in FAVOURITE_LISTS:
        return None
    contents = session.target.tracks(part.playlist)
    present = frozenset(TargetId(track.id) for track in contents.tracks)
    placed = {pair.target for pair in settled_base(part, present)}
    # Of the hidden entries only the number is known: no more than those of ours that are not seen.
    unseen = len(placed) - len(contents.tracks)
    alone = all(track.id in placed for track in contents.tracks) and contents.hidden <= unseen
    return contents if alone else None


def _delete(session: Session, gone: Mirror, part: Part, contents: TargetContents) -> None:
    """Delete the playlist; what it was is saved before."""
    names = {TargetId(track.id): name_of(track) for track in contents.tracks}
    header = session.target.header(part.playlist)
    images = session.checkpoint.images
    session.keep_image(gone, part.playlist, header.title, stood(tuple(names), names, names), header)
    session.save()
    change = DeletePlaylist(part.playlist)
    session.job.observer.planned(CollectionHead(gone.id, gone.kind, gone.name, gone.snapshot), (change,), names)
    receipt = session.target.apply(change)
    if isinstance(receipt, Refused):
        session.put_images(images)
        raise BadAnswer(f"Deezer refused to delete the mirror of {gone.name!r}: {receipt.reason}")
    event("playlist.deleted", collection=gone.id, playlist=part.playlist)
