"""Which target playlists stand for a collection: finding, adopting and creating them.

A mirror is bound to playlists by id. Names matter twice only: at the first sync an own playlist of exactly the same
title that nothing is bound to is adopted instead of duplicated; and a playlist that was being created when a run died
is found again by the title it was created under, among the playlists that were not there before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from musicdiff_job import asking
from musicdiff_job.core.checkpoint import Creating, Mirror, Part, with_part
from musicdiff_job.core.conflict import ConflictKind, Side
from musicdiff_job.core.decide import wanted_headers
from musicdiff_job.core.errors import (
    BadAnswer,
    LedgerSpent,
    NotFound,
    NotShownYet,
    OutOfBudget,
    RateLimited,
    StalePlan,
    UnknownOutcome,
)
from musicdiff_job.core.model import FAVOURITE_LISTS, CollectionHead, Header, TargetHead, TargetId
from musicdiff_job.core.plan import Change, Created, CreatePlaylist, Refused
from musicdiff_job.core.policy import HandEdits
from musicdiff_job.journal import event
from musicdiff_job.session import Session

LAG_WAITS = (1.0, 3.0, 6.0)
"""Seconds to wait before looking again for what Deezer has been told, or may have been, and does not show."""
NEW_BELIEVED = 3
"""A playlist that was never in step is taken for deleted only after this many runs have not found it: until Deezer
has shown it once, it may as well be late."""


class Gone(msgspec.Struct, frozen=True):
    """A bound playlist no longer exists on the target, and what is done about it."""

    detach: bool
    reason: str


def find_gone(session: Session, head: CollectionHead) -> Gone | None:
    """Whether a person deleted one of the collection's playlists on the target. The listing alone is not believed:
    a playlist that is missing there is asked for by id, which costs a call only in this rare case."""
    mirror = session.mirror(head)
    listed = session.listed()
    for part in mirror.parts:
        if part.playlist in FAVOURITE_LISTS or part.playlist in listed:
            continue
        try:
            session.target.header(part.playlist)
        except NotFound:
            if not (part.fingerprint or part.modified) and mirror.failures < NEW_BELIEVED:
                raise NotShownYet(
                    f"Deezer does not show the new playlist of {head.name!r}", "The next run looks again"
                ) from None
            if gone := _deleted(session, head, part):
                return gone
    asking.close(session, head, ConflictKind.DELETED_ON_TARGET)
    return None


def _deleted(session: Session, head: CollectionHead, part: Part) -> Gone | None:
    mirror = session.mirror(head)
    edits = session.job.policy.edits_for(head)
    decision = asking.decision(session, head, ConflictKind.DELETED_ON_TARGET)
    if edits is HandEdits.OVERWRITE or decision is Side.SPOTIFY:
        kept = tuple(other for other in mirror.parts if other.playlist != part.playlist)
        session.put(msgspec.structs.replace(mirror, parts=kept, snapshot=""))
        return None
    # Whatever else was asked about it, or answered, was about the playlist that is gone.
    for kind in set(ConflictKind) - {ConflictKind.DELETED_ON_TARGET}:
        asking.close(session, head, kind)
    if edits is HandEdits.ASK and decision is None:
        message = "its playlist was deleted on Deezer; take spotify to create it again, deezer to stop mirroring it"
        asking.ask(session, head, ConflictKind.DELETED_ON_TARGET, message)
        return Gone(detach=False, reason="its playlist was deleted on Deezer; waits for a decision")
    asking.close(session, head, ConflictKind.DELETED_ON_TARGET)
    return Gone(detach=True, reason="its playlist was deleted on Deezer by hand; `reset --playlist` mirrors it again")


def recover(session: Session, head: CollectionHead) -> None:
    """Attach the playlist that was being created when a run ended, if a listing shows it. No call; when the listing
    does not show it, a few more, some seconds apart: it may be older than the creation, and to create again what is
    there makes a playlist that nobody looks after."""
    mirror = session.mirror(head)
    if mirror.creating is None:
        return
    pauses = iter(LAG_WAITS)
    while not (ours := _made(mirror, _unbound(session))):
        pause = next(pauses, None)
        if pause is None:
            return
        session.gate.wait(pause)
        session.listed_again()
    _attach(session, mirror, Part(ours[0].id, title=ours[0].title, created=True))


def bind(
    session: Session,
    head: CollectionHead,
    count: int,
    done: Callable[[Change], None],
    wanted_tracks: frozenset[TargetId] = frozenset(),
) -> Sequence[Part]:
    """The collection's parts, ``count`` of them or more; missing ones are adopted or created, one call each.
    ``done`` is told of every playlist that is created. Of several namesakes the one that holds most of
    ``wanted_tracks`` is adopted, at the price of a read of each."""
    mirror = session.mirror(head)
    in_favourites = any(part.playlist in FAVOURITE_LISTS for part in mirror.parts)
    if favourites := session.job.policy.favourites_for(head.kind):
        if not in_favourites:
            session.put(msgspec.structs.replace(mirror, parts=(Part(favourites, created=False),)))
        return session.mirror(head).parts
    if in_favourites:  # `liked_as` has changed
        session.put(msgspec.structs.replace(mirror, parts=()))
    headers = wanted_headers(head, session.job.policy, count)
    while (bound := len(session.mirror(head).parts)) < count:
        _bind_next(session, head, headers[bound], done, wanted_tracks)
    if session.mirror(head).creating is not None:
        session.put(msgspec.structs.replace(session.mirror(head), creating=None))  # needed no more, and not found
    return session.mirror(head).parts


def namesakes(session: Session, title: str) -> list[TargetHead]:
    """The playlists of this title that may be adopted."""
    return [shown for shown in _free(session) if shown.is_called(title)]


def _bind_next(
    session: Session,
    head: CollectionHead,
    header: Header,
    done: Callable[[Change], None],
    wanted_tracks: frozenset[TargetId],
) -> None:
    mirror = session.mirror(head)
    title = header.title
    if mirror.creating is None and (same := namesakes(session, title)):
        # What it holds counts as added by hand; its privacy and description are the owner's choice until the
        # source's change.
        best = same[0] if len(same) == 1 else max(same, key=lambda shown: _overlap(session, shown, wanted_tracks))
        event("playlist.adopted", collection=head.id, playlist=best.id)
        _attach(session, mirror, Part(best.id, created=False, title=best.title, header=header))
        return
    known = tuple(shown.id for shown in session.listed().values() if shown.is_called(title))
    session.put(msgspec.structs.replace(mirror, creating=Creating(title, known)))
    session.save()
    change = CreatePlaylist(header.title, header.description, header.public)
    session.job.observer.planned(head, (change,), {})
    try:
        receipt = session.target.apply(change)
    except (StalePlan, OutOfBudget, RateLimited, LedgerSpent):
        session.put(mirror)  # it was not sent, or refused; the next run need not look for it
        raise
    except UnknownOutcome:
        # A listing that does not show it proves nothing: it may be late, and a second playlist would be one too many.
        recover(session, head)
        if session.mirror(head).creating is not None:
            raise
        return
    match receipt:
        case Created(playlist, complete):
            session.listed()[playlist] = TargetHead(
                playlist, title, count=0, public=header.public if complete else None
            )
            session.created.add(playlist)
            done(change)
            event("playlist.created", collection=head.id, playlist=playlist)
            _attach(session, mirror, Part(playlist, title=title, count=0, header=header if complete else None))
        case Refused(reason):
            session.put(mirror)
            raise BadAnswer(f"Deezer refused to create the playlist {title!r}: {reason}")
        case _:
            raise BadAnswer(f"Deezer did not give the id of the playlist {title!r}", "The next run looks for it")


def _overlap(session: Session, shown: TargetHead, wanted_tracks: frozenset[TargetId]) -> int:
    return sum(track.id in wanted_tracks for track in session.target.tracks(shown.id).tracks)


def _attach(session: Session, mirror: Mirror, part: Part) -> None:
    session.put(with_part(msgspec.structs.replace(mirror, creating=None), part))
    session.save()


def _unbound(session: Session) -> list[TargetHead]:
    bound = session.bound()
    return [shown for shown in session.listed().values() if shown.owned and not shown.loved and shown.id not in bound]


def _made(mirror: Mirror, among: Sequence[TargetHead]) -> list[TargetHead]:
    """The playlists that may be the one that was being created for this mirror."""
    if mirror.creating is None:
        return []
    return [
        shown for shown in among if shown.is_called(mirror.creating.title) and shown.id not in mirror.creating.known
    ]


def _free(session: Session) -> list[TargetHead]:
    """The playlists that may be adopted: nobody's, and not in the making for another mirror."""
    unbound = _unbound(session)
    making = {shown.id for mirror in session.checkpoint.mirrors.values() for shown in _made(mirror, unbound)}
    return [shown for shown in unbound if shown.id not in making]
