"""Ending the mirror of a collection that is gone from the source."""

from __future__ import annotations

import msgspec

from musicdiff_job.core.checkpoint import Mirror, Part
from musicdiff_job.core.decide import FAVOURITES
from musicdiff_job.core.errors import BadAnswer, NotFound
from musicdiff_job.core.plan import DeletePlaylist, Refused
from musicdiff_job.core.summary import CollectionResult, CollectionState
from musicdiff_job.journal import event
from musicdiff_job.results import result_of
from musicdiff_job.session import Session


def bury(session: Session, gone: Mirror, *, delete: bool) -> CollectionResult:
    """Detach the mirror (its playlist stays as it is, nothing follows it any more), or delete its playlists: only
    those that we created and that hold nothing but what we placed there. Raises what the target raises, and
    ``BadAnswer`` when it refuses; what is deleted by then is remembered."""
    notes: list[str] = []
    for part in gone.parts if delete else ():
        match _ours_alone(session, part):
            case None:
                pass  # a person, or a run whose answer was lost, has deleted it
            case False:
                notes.append("its Deezer playlist holds entries added by hand and was kept")
                continue
            case True:
                receipt = session.target.apply(DeletePlaylist(part.playlist))
                if isinstance(receipt, Refused):
                    raise BadAnswer(f"Deezer refused to delete the mirror of {gone.name!r}: {receipt.reason}")
                event("playlist.deleted", collection=gone.id, playlist=part.playlist)
        gone = msgspec.structs.replace(gone, parts=tuple(other for other in gone.parts if other is not part))
        session.put(gone)
        session.save()
    reason = "deleted on Spotify; its mirror was " + ("deleted" if delete and not notes else "detached")
    ended = msgspec.structs.replace(
        gone, state=CollectionState.DETACHED, reason=reason, parts=(), reading=None, notes=tuple(notes)
    )
    session.put(ended)
    session.checkpoint = session.checkpoint.without_conflicts_of(gone.id)
    session.save()
    return result_of(ended, CollectionState.DETACHED, reason)


def _ours_alone(session: Session, part: Part) -> bool | None:
    """Whether the playlist holds nothing but what we placed; None when there is no such playlist."""
    if not part.created or part.playlist == FAVOURITES:
        return False
    try:
        contents = session.target.tracks(part.playlist)
    except NotFound:
        if session.knows_target() and part.playlist in session.listed():
            raise  # Deezer lists it, so it is there
        return None
    placed = {pair.target for pair in part.base}
    # Of the hidden entries only the number is known: no more than those of ours that are not seen.
    unseen = len(placed) - len(contents.tracks)
    return all(track.id in placed for track in contents.tracks) and contents.hidden <= unseen
