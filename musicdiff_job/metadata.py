"""The metadata of a collection's playlists on the target: title, description and privacy, beside what a person did."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import msgspec

from musicdiff_job import consulting
from musicdiff_job.core import decide
from musicdiff_job.core.checkpoint import with_part
from musicdiff_job.core.conflict import ConflictKind
from musicdiff_job.core.model import CollectionHead, PlaylistId, same_title
from musicdiff_job.core.plan import Change
from musicdiff_job.core.policy import HandEdits
from musicdiff_job.results import Tally
from musicdiff_job.session import Session


def tell_what_is_cut(session: Session, head: CollectionHead, tally: Tally) -> None:
    """Once: when the metadata that is cut has not been agreed on yet."""
    parts = session.mirror(head).parts
    policy = session.job.policy
    wanted = decide.wanted_headers(head, policy, max(1, len(parts)))
    if tuple(part.header for part in parts) != wanted:
        tally.news.extend(decide.too_long(head, policy))


def changes(
    session: Session, head: CollectionHead, tally: Tally, stubborn: AbstractSet[PlaylistId]
) -> dict[PlaylistId, tuple[Change, ...]]:
    """What to do about each part's metadata; agreed at once where nothing is to do. Of the ``stubborn`` Deezer has
    refused it a moment ago. Raises what ``Target.playlists`` and ``Target.header`` raise."""
    parts = session.mirror(head).parts
    edits = consulting.hand_edits(session, head, ConflictKind.RENAMED)
    found: dict[PlaylistId, tuple[Change, ...]] = {}
    titles: dict[str, bool] = {}
    for part, wanted in zip(parts, decide.wanted_headers(head, session.job.policy, len(parts)), strict=True):
        shown = session.listed().get(part.playlist)
        if shown is None or part.playlist in stubborn:
            # Not in the listing, but it answers by id (find_gone): judged again when the listing shows it. Or the
            # change was refused: tried again by the next run.
            found[part.playlist] = ()
            if not same_title(part.title, wanted.title):
                titles[part.title] = False
            continue
        pending = decide.updates_in_flight(part)
        todo = decide.metadata(part, wanted, shown, edits)
        if not shown.is_called(wanted.title):
            titles[shown.title] = todo.renamed
        for note in todo.kept:
            tally.note(note)
        if todo.description is not None and part.header is not None:
            now = session.target.header(part.playlist).description
            ours = {part.header.description, wanted.description, *(one.description for one in pending)}
            if not any(same_title(now, one or "") for one in ours) and edits is not HandEdits.OVERWRITE:
                tally.note("description changed by hand on Deezer")
                todo = msgspec.structs.replace(todo, description=None)
        change = todo.change(part.playlist)
        found[part.playlist] = (change,) if change else ()
        if change is None:
            agreed = msgspec.structs.replace(part, header=wanted, title=shown.title, in_flight=())
            session.put(with_part(session.mirror(head), agreed))
    consulting.ask_titles(session, head, titles)
    return found
