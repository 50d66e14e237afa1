"""Ending the mirror of a collection that is gone from the source."""

from __future__ import annotations

import msgspec

from musicdiff_job.core.checkpoint import Mirror
from musicdiff_job.core.decide import FAVOURITES
from musicdiff_job.core.errors import NotFound
from musicdiff_job.core.model import PlaylistId
from musicdiff_job.core.plan import DeletePlaylist
from musicdiff_job.core.summary import CollectionResult, CollectionState
from musicdiff_job.journal import event
from musicdiff_job.mirroring import result_of
from musicdiff_job.session import Session


def bury(session: Session, gone: Mirror, *, delete: bool) -> CollectionResult:
    """Detach the mirror (its playlist stays as it is, nothing follows it any more), or delete its playlists: only
    those that we created and that hold nothing but what we placed there."""
    notes: list[str] = []
    if delete:
        for part in gone.parts:
            if not _ours_alone(session, gone, part.playlist):
                notes.append("its Deezer playlist holds entries added by hand and was kept")
                continue
            session.target.apply(DeletePlaylist(part.playlist))
            event("playlist.deleted", collection=gone.id, playlist=part.playlist)
    reason = "deleted on Spotify; its mirror was " + ("deleted" if delete and not notes else "detached")
    ended = msgspec.structs.replace(
        gone, state=CollectionState.DETACHED, reason=reason, parts=(), reading=None, notes=tuple(notes)
    )
    session.put(ended)
    session.save()
    return result_of(ended, CollectionState.DETACHED, reason)


def _ours_alone(session: Session, gone: Mirror, playlist: PlaylistId) -> bool:
    part = next(part for part in gone.parts if part.playlist == playlist)
    if not part.created or playlist == FAVOURITES:
        return False
    try:
        contents = session.target.tracks(playlist)
    except NotFound:
        return False
    placed = {pair.target for pair in part.base}
    return all(track.id in placed for track in contents.tracks)
