"""Looking ahead: while one collection is written, those that come after it are read and their tracks looked up.

Deezer takes ten look-ups a second and one write; one after the other, the look-ups' quota lies idle while a collection
is written and while the next one is read. So between two calls for the collection at hand its successors are gone on
with, in their order and one at a time, and only by this thread: it alone touches the checkpoint and the planner. What
is found is recorded and saved as if an earlier run had been stopped there, so no state is new. Why a list could not be
read is told in the collection's own turn, without asking again; a look-up that failed is tried again then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Self

from musicdiff_job.core.checkpoint import Reading
from musicdiff_job.core.errors import JobError, SkipCollection, Wait
from musicdiff_job.core.model import (
    FAVOURITES,
    CollectionHead,
    CollectionId,
    Page,
    PlaylistId,
    TargetContents,
    Track,
    Unreadable,
)
from musicdiff_job.core.plan import Change, Receipt
from musicdiff_job.core.summary import CollectionResult
from musicdiff_job.gleaning import is_worth_a_look
from musicdiff_job.lookups import Asker, Conversation, begin
from musicdiff_job.ports import Source, Target
from musicdiff_job.reading import read
from musicdiff_job.report.silent import Silent
from musicdiff_job.results import Tally
from musicdiff_job.session import Session
from musicdiff_job.wrapped import WrappedTarget

CALLS_KEPT = 200
"""Calls of the budget that are kept for the collection at hand."""
SECONDS_KEPT = 30.0
"""The same of its time."""
ENTRIES_AHEAD = 5_000
"""How much is read ahead, for all that is read is saved with every save until it is mirrored."""


Hand = Callable[[Session, Asker, CollectionHead, str, Tally], CollectionResult]
"""How one collection is worked on; ``mirroring.mirror``, or something wrapped around it."""


class Ahead:
    """Works on the collections that come next, before every call to the target from the first write on, for as long as
    it is entered."""

    def __init__(self, session: Session, asker: Asker, heads: Iterable[CollectionHead]) -> None:
        self._session = session
        self._asker = asker
        self._heads = deque(heads)
        self._entries = 0
        self._halted = False
        """The first of these heads is to be looked up in its own turn, and so nothing after it before that: in another
        order other copies might be found."""
        self._refused: dict[CollectionId, JobError | Unreadable] = {}
        self._read: tuple[CollectionHead, list[Track]] | None = None
        self._conversation: Conversation | None = None
        self._about: CollectionHead | None = None

    def __enter__(self) -> Self:
        connections = self._session.connections
        self._source, self._target = connections.source, connections.target
        self._session.connections = replace(
            connections,
            source=_ReadBefore(connections.source, self._refused),
            target=_Attended(connections.target, self._go_on),
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._session.connections = replace(self._session.connections, source=self._source, target=self._target)
        try:
            while self._session.job.stop.signal is None and self._converse(waiting=True, asking=False):
                pass  # what has been asked is answered, or ends with the run's budget
        finally:
            self._leave()

    def then(self, one: Hand) -> Hand:
        """``one``, which first ends what was begun for its collection."""

        def in_its_turn(
            session: Session, asker: Asker, head: CollectionHead, reason: str, tally: Tally
        ) -> CollectionResult:
            self._arrive(head)
            return one(session, asker, head, reason, tally)

        return in_its_turn

    def _arrive(self, head: CollectionHead) -> None:
        if self._heads and self._heads[0].id == head.id:
            self._heads.popleft()
            self._halted = False
        else:
            self._entries -= head.total or 0
        if self._read is not None and self._read[0].id == head.id:
            self._read = None
        if self._about is not None and self._about.id == head.id:
            if self._affords():
                self._read_next()  # while the answers are on their way
            while self._converse(waiting=True):
                pass
            self._leave()

    def _go_on(self, *, begins: bool) -> None:
        if not self._affords():
            return
        if self._conversation is None and not begins:
            return
        self._read_next()
        if self._conversation is None and self._read is not None:
            self._about, tracks = self._read
            self._read = None
            self._conversation = begin(self._session, self._asker, tracks)
        if not self._converse(waiting=False):
            self._leave()

    def _affords(self) -> bool:
        calls, seconds = self._session.gate.calls_left(), self._session.gate.seconds_left()
        return (calls is None or calls > CALLS_KEPT) and (seconds is None or seconds > SECONDS_KEPT)

    def _read_next(self) -> None:
        """Read the next list, if none waits to be looked up."""
        if self._read is not None or not self._heads or self._halted or self._entries > ENTRIES_AHEAD:
            return
        head = self._heads[0]
        # For what flows back it matters when it was read; where the target knows all tracks nothing is looked up.
        if self._session.job.policy.flows_back(head) or self._session.connections.tell is not None:
            self._halted = True
            return
        try:
            reading = read(self._session, head)
        except (SkipCollection, Wait) as error:
            self._refused[head.id] = error
        else:
            if isinstance(reading, Unreadable):
                self._refused[head.id] = reading
            elif isinstance(reading, Reading):
                tracks = [entry.track for entry in reading.entries if entry.track is not None]
                self._halted = is_worth_a_look(self._session, head, tracks)
                self._read = None if self._halted else (head, tracks)
        if not self._halted:
            self._entries += head.total or 0
            self._heads.popleft()

    def _converse(self, *, waiting: bool, asking: bool = True) -> bool:
        """Whether more is to come of the conversation."""
        if self._conversation is None:
            return False
        job = self._session.job
        self._session.job = replace(job, observer=Silent())  # who watches is told of the collection at hand
        try:
            return self._conversation.go_on(waiting=waiting, asking=asking)
        finally:
            self._session.job = job

    def _leave(self) -> None:
        if self._conversation is not None:
            self._conversation.close()
        self._conversation = self._about = None


class _ReadBefore:
    """A ``Source`` that says what it has said before about lists that were ``refused``, once each."""

    def __init__(self, real: Source, refused: dict[CollectionId, JobError | Unreadable]) -> None:
        self._real = real
        self._refused = refused
        self.account, self.credential = real.account, real.credential
        self.library, self.unchanged = real.library, real.unchanged

    def page(self, head: CollectionHead, offset: int, after: str = "") -> Page | Unreadable:
        before = self._refused.pop(head.id, None)
        if isinstance(before, JobError):
            raise before
        return self._real.page(head, offset, after) if before is None else before


class _Attended(WrappedTarget):
    """A ``Target`` that calls ``first`` before its every call, and says whether that is a write."""

    def __init__(self, real: Target, first: Callable[..., None]) -> None:
        super().__init__(real)
        self._first = first

    def tracks(self, playlist: PlaylistId) -> TargetContents:
        self._first(begins=False)
        return self._real.tracks(playlist)

    def favourites(self, which: PlaylistId = FAVOURITES) -> TargetContents:
        self._first(begins=False)
        return self._real.favourites(which)

    def apply(self, change: Change) -> Receipt:
        self._first(begins=True)
        return self._real.apply(change)
