"""The packs of one lease: stored before the document that names them, removed when none does any more.

Theory. Four documents name packs: the checkpoint, the previous one, and those of older schemas. Which pack a document
of another run will name is never guessed; a lease removes only what no document, of whichever run, can come to name:

- what it has stored itself and replaced by a later save of its own that is known to have succeeded. ``.prev`` is from
  before this lease, and whoever takes over begins with what that save left, or something later
- what only the previous document named, once that has been replaced and a save has succeeded
- what is named nowhere and older than ``ORPHANED_AFTER``: it was stored a moment before its run died

No pack comes back under a name that was removed, because each has a name of its own (see ``core.packs``). The last pack
of a run that has lost its lease is left alone even where its document seems not to have been written: it may have been
after all, and the next run have built on it. So a run that is taken for dead and is not can remove nothing that is in
use, with locks or without. What cannot be seen counts as named.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Protocol

from musicdiff_job.core.checkpoint import SCHEMA, Checkpoint
from musicdiff_job.core.document import DocumentHeader
from musicdiff_job.core.packs import Label
from musicdiff_job.core.pieces import Pieces

ORPHANED_AFTER = timedelta(days=1)
"""A pack is named by a document moments after it was stored."""
FIRST_SCHEMA = 2
"""The first one whose documents may name packs."""


class Unseen(Exception):
    """A document that may name a pack cannot be read."""


class PackPlace(Protocol):
    """Where packs are, beside the checkpoint. A ``suffix`` is what a name has besides the checkpoint's."""

    @property
    def free(self) -> bool:
        """Whether looking around costs nothing, so that runs of small libraries may do so too."""
        ...

    def put(self, suffix: str, content: bytes) -> None:
        """Store a pack durably. Raises ``CheckpointUnwritable``."""
        ...

    def remove(self, suffix: str) -> None:
        """Remove a pack, if that is possible: one too many costs space, nothing else."""
        ...

    def header(self, suffix: str) -> DocumentHeader | None:
        """What a document beside the checkpoint says of itself; None when there is none. Raises ``Unseen``."""
        ...

    def old(self, age: timedelta) -> Iterable[str]:
        """The suffixes of the packs that are older, as far as that can be seen."""
        ...


class Packing:
    """What one lease does about packs."""

    def __init__(self, place: PackPlace) -> None:
        self._place = place
        self._stored: set[str] = set()
        self._start: Label | None = None
        self._left: set[str] = set()  # named by the previous document until this lease replaced it
        self._has_replaced = False  # the previous document
        self._swept = False

    def renew(self, pieces: Pieces, checkpoint: Checkpoint) -> None:
        """Store a new pack if it is time for one. To be called before each save. Raises ``CheckpointUnwritable``."""
        renewed = pieces.renewed(checkpoint, secrets.token_hex(8))
        if renewed is None:
            return
        pack, content = renewed
        self._place.put(pack.label.suffix, content)
        self._stored.add(pack.label.suffix)
        pieces.adopt(pack)

    def keep(self, start: DocumentHeader) -> None:
        """The document with this header is about to replace the previous one."""
        self._start, self._has_replaced = start.pack, True
        if self._start is None and not self._place.free:
            return
        try:
            previous = self._place.header(".prev")
        except Unseen:
            return
        if previous is not None and previous.pack is not None:
            self._left.add(previous.pack.suffix)

    def tidy(self, present: DocumentHeader) -> None:
        """Remove what nothing names any more. To be called after a save that is known to have succeeded."""
        found = self._stored | self._left
        if not self._swept and (present.pack or self._start or self._place.free):
            found.update(self._place.old(ORPHANED_AFTER))
            self._swept = True
        found -= {label.suffix for label in (present.pack, self._start) if label}
        if not found:
            return
        # Where there was no checkpoint, there may be a previous one all the same.
        others = [".prev"] * (not self._has_replaced) + [f".v{schema}" for schema in range(FIRST_SCHEMA, SCHEMA)]
        try:
            headers = [self._place.header(suffix) for suffix in others]
        except Unseen:
            return
        for suffix in found - {header.pack.suffix for header in headers if header and header.pack}:
            self._place.remove(suffix)
        self._stored -= found
        self._left -= found
