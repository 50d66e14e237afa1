"""Rows of the target's own playlists, as candidates: what is there already need not be looked up.

A playlist that is about to be adopted, or the favourites of somebody who has used both services, are likely to hold
what is wanted, and a hundred of their rows cost one call.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from musicdiff_job.binding import namesakes
from musicdiff_job.core.decide import wanted_headers
from musicdiff_job.core.match import Match
from musicdiff_job.core.model import CollectionHead, PlaylistId, SourceId, Track
from musicdiff_job.core.sweeps import SINGLE_YIELD, TARGET_YIELD
from musicdiff_job.journal import event
from musicdiff_job.lookups import Asker, resolve
from musicdiff_job.session import Session

ROWS = 100
"""Rows of one call, at least."""


def resolve_from(
    session: Session, asker: Asker, head: CollectionHead, tracks: Sequence[Track], *, patient: bool
) -> None:
    """``lookups.resolve``, after a look at the playlists that the collection is mirrored to, or will be, where that is
    expected to be cheaper. Raises what it raises, and what ``Target.tracks`` raises."""
    # For tracks that no run has met before, or runs that a budget ends early would all begin with the same reads.
    new = _new(session, tracks)
    gleaned: dict[str, None] = {}
    for playlist, foreign in _likely(session, head, new).items():
        left = len(new) - len(gleaned)
        if (expected := _expected(session, playlist, left, foreign)) is None:
            continue
        event("sweep.planned", logging.DEBUG, sweep=f"playlist {playlist}", wanted=left, expected=round(expected, 1))
        contents = session.contents(playlist)
        asker.learned.shelf.put(contents.tracks)
        gleaned |= dict.fromkeys(track.id for track in contents.tracks)
    resolve(session, asker, tracks, patient=patient)
    if gleaned:
        decisions = (session.checkpoint.matches[SourceId(track)].decision for track in new)
        found = sum(isinstance(one, Match) and one.target in gleaned for one in decisions)
        event("sweep.answered", logging.DEBUG, sweep="playlists", rows=len(gleaned), found=found)


def is_worth_a_look(session: Session, head: CollectionHead, tracks: Sequence[Track]) -> bool:
    """Whether ``resolve_from`` would look at playlists first. Raises what ``Target.playlists`` raises."""
    new = _new(session, tracks)
    likely = _likely(session, head, new)
    return any(_expected(session, playlist, len(new), foreign) is not None for playlist, foreign in likely.items())


def _new(session: Session, tracks: Sequence[Track]) -> set[str]:
    return {track.id for track in tracks if SourceId(track.id) not in session.checkpoint.matches}


def _expected(session: Session, playlist: PlaylistId, wanted: int, foreign: int) -> float | None:
    """How many of the wanted a look at the playlist is expected to find; None where look-ups would be cheaper."""
    expected = min(wanted, foreign) * TARGET_YIELD.share
    return expected if expected > SINGLE_YIELD.share * -(-session.listed()[playlist].count // ROWS) else None


def _likely(session: Session, head: CollectionHead, new: set[str]) -> dict[PlaylistId, int]:
    """The playlists that may hold what is wanted, with how many of their entries are not known to be mirrored."""
    if not new or session.mirror(head).failures:
        return {}
    listed = session.listed()
    if favourites := session.job.policy.favourites_for(head.kind):
        own = [favourites]  # those of albums and artists are in no listing, and never worth reading for this alone
    else:
        own = [part.playlist for part in session.mirror(head).parts]
    bases = {part.playlist: part.base for part in session.mirror(head).parts}
    matches = session.checkpoint.matches
    if not own:
        title = wanted_headers(head, session.job.policy, 1)[0].title
        own = [shown.id for shown in namesakes(session, title)]
    mirrored = {
        playlist: sum((one := matches.get(pair.source)) is not None and one.decision is not None for pair in base)
        for playlist, base in bases.items()
    }
    return {
        playlist: max(0, listed[playlist].count - mirrored.get(playlist, 0)) for playlist in own if playlist in listed
    }
