"""Creating again a playlist that a run deleted.

Creating is not idempotent, so the image says from before the call until the playlist has its whole header that it is
being made, and which playlists of its title there were before: an undo that died here finds what it made.
"""

from __future__ import annotations

import msgspec

from musicdiff_job.core.before_image import BeforeImage
from musicdiff_job.core.errors import BadAnswer, StalePlan
from musicdiff_job.core.model import CollectionHead, Header, TargetHead
from musicdiff_job.core.plan import Change, Created, CreatePlaylist, Receipt, Refused, UpdatePlaylist
from musicdiff_job.journal import event
from musicdiff_job.results import Tally
from musicdiff_job.session import Session


def recreated(session: Session, head: CollectionHead, image: BeforeImage, header: Header, tally: Tally) -> BeforeImage:
    """The image with a playlist that exists: the deleted one if it is still there, else a new one. One call for a new
    one, up to three where the way of writing does not take the whole header at once. Raises what the target raises,
    and ``BadAnswer``."""
    if image.playlist not in session.listed() and image.making is not None:
        image = _found(session, image)
    if image.playlist not in session.listed():
        image = _created(session, head, image, header, tally)
    if image.making is not None:
        now = session.target.header(image.playlist)
        change = UpdatePlaylist(
            image.playlist,
            description=header.description if now.description != header.description else None,
            public=header.public if now.public is not header.public else None,
        )
        if change.description is not None or change.public is not None:
            if isinstance(receipt := _write(session, head, change), Refused):
                tally.note(f"Deezer refused to change the playlist's metadata: {receipt.reason}")
            else:
                tally.count(change)
        image = _remember(session, image, msgspec.structs.replace(image, making=None))
    return image


def _found(session: Session, image: BeforeImage) -> BeforeImage:
    """The image with the playlist that an undo was creating when it died, if a listing shows it; the first listing may
    be as old as the creation."""
    for look in (session.listed, session.listed_again):
        look()
        for shown in session.listed().values():
            free = shown.owned and not shown.loved and shown.id not in session.bound()
            if free and shown.is_called(image.title) and shown.id not in (image.making or ()):
                return _remember(session, image, msgspec.structs.replace(image, playlist=shown.id))
    return image


def _created(session: Session, head: CollectionHead, image: BeforeImage, header: Header, tally: Tally) -> BeforeImage:
    known = tuple(shown.id for shown in session.listed().values() if shown.is_called(header.title))
    change = CreatePlaylist(header.title, header.description, header.public)
    making = _remember(session, image, msgspec.structs.replace(image, title=header.title, making=known))
    try:
        receipt = _write(session, head, change)
    except StalePlan:
        _remember(session, making, image)  # it was not even sent
        raise
    match receipt:
        case Created(playlist, complete):
            session.listed()[playlist] = TargetHead(playlist, header.title, count=0)
            session.created.add(playlist)
            tally.count(change)
            event("playlist.created", collection=head.id, playlist=playlist)
            made = msgspec.structs.replace(making, playlist=playlist, making=None if complete else known)
            return _remember(session, making, made)
        case Refused(reason):
            _remember(session, making, image)
            raise BadAnswer(f"Deezer refused to create the playlist {header.title!r}: {reason}")
        case _:
            raise BadAnswer(f"Deezer did not give the id of the playlist {header.title!r}", "Repeat the undo")


def _write(session: Session, head: CollectionHead, change: Change) -> Receipt:
    session.job.observer.planned(head, (change,), {})
    return session.target.apply(change)


def _remember(session: Session, before: BeforeImage, image: BeforeImage) -> BeforeImage:
    session.replace_image(before, image)
    session.save()
    return image
