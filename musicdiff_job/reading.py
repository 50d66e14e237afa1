"""Looking at the source: reading a collection to its end, over several runs if one budget does not reach.

What was read is kept in the checkpoint until the collection's mirror is finished. It counts only while the source
still has the snapshot it was begun under; a list that was edited meanwhile is read anew.
"""

from __future__ import annotations

import msgspec

from musicdiff_job.core.checkpoint import Reading
from musicdiff_job.core.model import CollectionHead, Entry, Page, Unreadable
from musicdiff_job.session import Session

RESTARTS = 2
"""How often a list that changes under the reader is begun again before it is left for the next run."""


def read(session: Session, head: CollectionHead) -> Reading | Unreadable:
    """The whole collection, at the price of the calls for what is not read yet, and one more when it took several
    pages. ``Unreadable`` when the service refuses it, or when the pages do not add up to its total: a list that is
    not wholly read is never taken for a shorter one."""
    for _ in range(RESTARTS + 1):
        reading = session.mirror(head).reading
        if reading is None or reading.snapshot != head.snapshot:
            reading = Reading(head.snapshot, total=-1)
        if reading.complete:
            return reading
        pages = 0
        while not reading.complete:
            match session.source.page(head, len(reading.entries)):
                case Unreadable() as unreadable:
                    _keep(session, head, None)
                    return unreadable
                case Page() as page:
                    pages += 1
                    reading = _with_page(reading, page)
                    if reading is None:
                        _keep(session, head, None)
                        return Unreadable("the list changed its length while it was read")
                    if not page.more and len(reading.entries) != reading.total:
                        _keep(session, head, None)
                        return Unreadable(
                            f"Spotify lists {len(reading.entries)} of the {reading.total} entries it counts"
                        )
                    whole = len(reading.entries) >= reading.total
                    # One page cannot be torn; several can, and so can one continued from an earlier run.
                    if whole and len(reading.entries) > len(page.entries) and not session.source.unchanged(head):
                        _keep(session, head, None)
                        break
                    reading = msgspec.structs.replace(reading, complete=whole)
                    _keep(session, head, reading)
        else:
            return reading
    return Unreadable("the list is being edited")


def _with_page(reading: Reading, page: Page) -> Reading | None:
    if reading.total not in (-1, page.total) or page.offset != len(reading.entries):
        return None
    entries: tuple[Entry, ...] = (*reading.entries, *page.entries)
    if not page.entries and page.more:
        return None
    return msgspec.structs.replace(reading, total=page.total, entries=entries)


def _keep(session: Session, head: CollectionHead, reading: Reading | None) -> None:
    session.put(msgspec.structs.replace(session.mirror(head), reading=reading))
    session.save_soon()
