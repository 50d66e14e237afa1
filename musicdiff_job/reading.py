"""Looking at the source: reading a collection to its end, over several runs if one budget does not reach.

What was read is kept in the checkpoint until the collection's mirror is finished. It counts only while the source
still has the snapshot it was begun under; a list that was edited meanwhile is read anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from musicdiff_job.core.checkpoint import Reading
from musicdiff_job.core.model import CollectionHead, Entry, Kind, Page, Unreadable, bare_id
from musicdiff_job.session import Session


class Edited(msgspec.Struct, frozen=True):
    """Somebody edited the list while it was read. The next run sees its new snapshot and reads it again; reading it
    again now could not be told from a list that is still being edited."""


def read(session: Session, head: CollectionHead) -> Reading | Unreadable | Edited:
    """The whole collection, at the price of the calls for what is not read yet, and one more when it took several
    pages. ``Unreadable`` when the service refuses it, or when the pages do not add up to its total: a list that is
    not wholly read is never taken for a shorter one. ``Edited`` without asking when that was found in this run."""
    if session.edited.get(head.id) == head.snapshot:
        return Edited()
    reading = session.mirror(head).reading
    if reading is None or reading.snapshot != head.snapshot:
        reading = Reading(head.snapshot, total=-1)
    reading = msgspec.structs.replace(reading, head=head)
    while not reading.complete:
        match _next_step(session, head, reading):
            case Reading() as longer:
                reading = longer
                _keep(session, head, reading)
            case ended:
                if isinstance(ended, Edited):
                    session.edited[head.id] = head.snapshot
                _keep(session, head, None)
                return ended
    return reading


def _next_step(session: Session, head: CollectionHead, reading: Reading) -> Reading | Unreadable | Edited:
    if reading.total == len(reading.entries):
        # One page cannot be torn; several can, and so can one that continues an earlier run's.
        return msgspec.structs.replace(reading, complete=True) if _is_still(session, head, reading) else Edited()
    last = reading.entries[-1].track if reading.entries else None
    page = session.source.page(head, len(reading.entries), bare_id(last.id) if last else "")
    if isinstance(page, Unreadable):
        return page
    if page.offset != len(reading.entries):
        return Unreadable("Spotify answers with other entries than were asked for")
    if reading.total not in (-1, page.total):
        return Edited()
    entries = (*reading.entries, *page.entries)
    if trouble := _does_not_add_up(page, len(entries)):
        return Unreadable(trouble)
    if head.kind is Kind.ARTISTS and len({entry.track for entry in entries}) < len(entries):
        # Paged by id rather than by number: what ignores that gives the same rows again, in the right number.
        return Unreadable("Spotify lists an artist twice")
    alone = not page.more and len(entries) == len(page.entries)
    return msgspec.structs.replace(reading, total=page.total, entries=entries, complete=alone)


def _is_still(session: Session, head: CollectionHead, reading: Reading) -> bool:
    """Whether the list is what was read, at the price of one call. Where no snapshot tells, its first page does:
    Spotify replaces the lists that it makes from the top."""
    if head.snapshot:
        return session.source.unchanged(head)
    page = session.source.page(head, 0)
    if isinstance(page, Unreadable) or page.total != reading.total:
        return False
    return content_of(page.entries) == content_of(reading.entries[: len(page.entries)])


def content_of(entries: Sequence[Entry]) -> str:
    """A snapshot made of the entries themselves, for lists whose own says nothing: equal for equal tracks in an equal
    order."""
    digest = hashlib.sha256()
    for entry in entries:
        digest.update(f"{entry.track.id if entry.track else entry.skipped}\n".encode())
    return f"content:{digest.hexdigest()[:16]}"


def _does_not_add_up(page: Page, count: int) -> str:
    if page.more and (not page.entries or count >= page.total):
        return "Spotify announces more entries but does not list them"
    if not page.more and count != page.total:
        return f"Spotify lists {count} of the {page.total} entries it counts"
    return ""


def _keep(session: Session, head: CollectionHead, reading: Reading | None) -> None:
    session.put(msgspec.structs.replace(session.mirror(head), reading=reading))
    session.save_soon()
