"""The protocols between the job and the world. Adapters implement them, the job knows nothing else.

Every method that reaches a service makes exactly the calls its docstring says, each through the gate, and raises
only errors of ``core.errors``: ``Interrupted``, ``OutOfBudget``, ``RateLimited``, ``Unavailable`` and ``AuthError``
from any of them, others where said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol, TypeVar

from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.document import DocumentHeader
from musicdiff_job.core.model import (
    FAVOURITES,
    AccountId,
    CollectionHead,
    Header,
    Kind,
    Library,
    Page,
    PlaylistId,
    Service,
    SourceId,
    TargetContents,
    TargetHead,
    TargetId,
    Track,
    Unreadable,
)
from musicdiff_job.core.plan import AnyChange, Change, Receipt
from musicdiff_job.core.play_counts import Period
from musicdiff_job.core.plays import Line, NotALine, Play, PlayKey, Shown
from musicdiff_job.core.questions import ByFields, ByIsrc, BySearch, Question, Sweep
from musicdiff_job.core.summary import CollectionResult

T = TypeVar("T")


class Clock(Protocol):
    """Time. Tests bring their own."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    def wait(self, seconds: float) -> None:
        """Wait; returns at once when the stop flag is set."""
        ...


class Door(Protocol):
    """What an adapter sees of the gate."""

    def call(self, service: Service, request: Callable[[float], T], *, write: bool = False, auth: bool = False) -> T:
        """Make one HTTP request: ``request(timeout)`` gets the seconds it may take for connecting and for each
        read, makes one request and returns its parsed answer, or raises ``CallFailed`` or another ``JobError``.

        Asks stop flag, budgets and rate window first, counts every attempt, retries reads. A ``write`` is repeated
        only when it was certainly not applied (throttled, unsent); else it ends in ``UnknownOutcome``. ``auth``
        calls (token refresh, gateway session) are counted apart and are not part of the call budget.
        Raises everything named in this module's docstring, and what ``request`` raises besides ``CallFailed``;
        ``Unauthorized`` is passed on to the adapter.
        """
        ...


class Source(Protocol):
    """The account that is copied from."""

    def account(self) -> AccountId:
        """The account's id as owners of playlists carry it. One call the first time, none after."""
        ...

    def credential(self) -> str:
        """A fingerprint of the credential in use, stable while it is the same: the same fingerprint means the same
        account, so ``account()`` need not be asked. No call. Not a secret."""
        ...

    def library(self, kinds: frozenset[Kind]) -> Library:
        """The heads of all collections of these kinds: one call for 50 playlists, one each for the liked songs, the
        albums and the artists. What of the latter two cannot be listed has a head that says nothing; its ``page``
        tells why."""
        ...

    def page(self, head: CollectionHead, offset: int, after: str = "") -> Page | Unreadable:
        """Entries from ``offset`` on, as many as one call gives. At most one call (none where ``library`` has read
        the page already); a legacy path may cost a second one, once per run. ``after`` is the id of the entry before,
        by which some lists are paged."""
        ...

    def unchanged(self, head: CollectionHead) -> bool:
        """Whether the collection still has ``head.snapshot``, to be asked after reading several pages. One call.
        Raises ``BadAnswer`` and ``Forbidden`` when the service does not say."""
        ...


class Listening(Protocol):
    """What the account has played last."""

    def recently_played(self, before: int | None = None) -> Shown:
        """The last plays, or the last of those before a time (Unix milliseconds): at most 50, newest first.
        One call. Raises ``BadAnswer``, ``Forbidden``, ``NotFound``."""
        ...


class History(Protocol):
    """Where the listening history is kept; append-only. Every method raises ``HistoryUnusable``."""

    @property
    def place(self) -> str:
        """Where it is, for people."""
        ...

    def is_empty(self) -> bool:
        """Whether nothing was ever written."""
        ...

    def holding(self, plays: Sequence[Play]) -> frozenset[PlayKey]:
        """Which of these plays it holds."""
        ...

    def append(self, lines: Sequence[Line]) -> None:
        """Write lines durably, in their order; a process that dies meanwhile has written the first of them."""
        ...

    def read(self, period: Period) -> Iterator[Line | NotALine]:
        """The lines of a period, month by month, each month's in the order in which they were written."""
        ...


class SourceWrites(Protocol):
    """What may be done on the source besides reading, where hand edits flow back to it."""

    @property
    def batch(self) -> int:
        """How many tracks one write may name."""
        ...

    def missing(self, head: CollectionHead) -> str:
        """The permissions to edit this list that the consent lacks, by name; "" when there are all of them or it is
        not known. No call."""
        ...

    def find(self, question: ByIsrc | BySearch | ByFields) -> tuple[Track, ...]:
        """What the source's search finds, best first. One call. Raises ``BadAnswer``, ``Forbidden``, ``NotFound``."""
        ...

    def append(self, head: CollectionHead, tracks: Sequence[SourceId]) -> str:
        """Append at most ``batch`` tracks, in this order, whether they are there or not, by one write; the new
        snapshot. Where the app has another path a second call, once for each write. Raises ``UnknownOutcome`` when no
        answer came, ``Forbidden``, ``NotFound``, ``BadAnswer``."""
        ...

    def remove(self, head: CollectionHead, tracks: Sequence[SourceId], snapshot: str) -> str:
        """Remove every copy of at most ``batch`` tracks, which the list held under ``snapshot``. As ``append``."""
        ...


class Target(Protocol):
    """The account that is written to."""

    @property
    def batch(self) -> int:
        """How many tracks one ``AddTracks`` or ``RemoveTracks`` may name."""
        ...

    def account(self) -> AccountId:
        """The account's id. REST: one call the first time; gateway: none besides its session."""
        ...

    def credential(self) -> str:
        """As for ``Source``."""
        ...

    def playlists(self) -> tuple[TargetHead, ...]:
        """All playlists of the account, followed ones and the favourites list included. One call per 100 (REST) or
        2,000 (gateway). Complete, or raises."""
        ...

    def header(self, playlist: PlaylistId) -> Header:
        """Title, description and privacy of one playlist. One call. Raises ``NotFound``."""
        ...

    def tracks(self, playlist: PlaylistId) -> TargetContents:
        """Everything in a playlist, in order. One call per 100 (REST) or 500 to 2,000 (gateway) tracks.
        Raises ``NotFound``, ``Forbidden``, ``BadAnswer``."""
        ...

    def favourites(self, which: PlaylistId = FAVOURITES) -> TargetContents:
        """One of ``FAVOURITE_LISTS``, oldest first. As ``tracks``; albums and artists have no fingerprint that another
        call would tell."""
        ...

    def apply(self, change: Change) -> Receipt:
        """Make one change by one write. Raises ``UnknownOutcome`` when no answer came, ``NotFound``, ``Forbidden``,
        ``BadAnswer``; a refusal of the change itself is a ``Refused``."""
        ...


class Catalogue(Protocol):
    """Deezer's public catalogue: look-ups without any account."""

    def ask(self, question: Question | Sweep) -> tuple[Track, ...]:
        """The candidates for one question, best first, empty when there are none. One call. Thread-safe."""
        ...


class Lease(Protocol):
    """The exclusive right to one checkpoint, while it is held."""

    def load(self) -> Checkpoint:
        """The checkpoint as it was last saved; an empty one when there is none. Raises ``CheckpointInvalid``."""
        ...

    def prove_writable(self) -> None:
        """Prove that the checkpoint can be replaced, without replacing it. Nothing where taking the lease has proved
        it. Raises ``CheckpointUnwritable``."""
        ...

    def save(self, checkpoint: Checkpoint, *, last: bool = False) -> None:
        """Replace the checkpoint atomically and durably. After the ``last`` save none may follow, so that it can give
        the lease back. Raises ``CheckpointUnwritable``, ``LostLease``."""
        ...


class Store(Protocol):
    """Where the checkpoint lives."""

    def peek(self) -> Checkpoint | None:
        """The checkpoint without taking the lease; None when there is none. Raises ``CheckpointInvalid``."""
        ...

    def lease(self, run_id: str, until: datetime) -> AbstractContextManager[Lease]:
        """Take the lease for a run that ends by ``until``. Raises ``Locked`` on entry when another run has it. A run
        may take it again: the state before the run stays the one that is kept."""
        ...


class CheckpointStore(Store, Protocol):
    """A store as the command line knows it: there it is also created, looked at, checked and rolled back."""

    @property
    def place(self) -> str:
        """Where the checkpoint is, for people."""
        ...

    def create(self, run_id: str) -> bool:
        """Create an empty checkpoint where there is none, and whether that was so; what is there is not touched.
        Raises ``Locked``, ``CheckpointUnwritable``."""
        ...

    def peek_header(self) -> DocumentHeader | None:
        """The header alone, unverified and cheaply; None when there is no checkpoint. Raises ``CheckpointInvalid``."""
        ...

    def prove_free(self) -> None:
        """Raise ``Locked`` when somebody holds the checkpoint. Takes no lease."""
        ...

    def rehearse(self) -> tuple[str, ...]:
        """Prove that a run could save here, without leaving anything behind and without the lease; what could not be
        proven, and what to do about it. Raises ``CheckpointUnwritable``."""
        ...

    def verify(self) -> DocumentHeader:
        """Read all of the checkpoint, check it, and give its header. Raises ``CheckpointInvalid``, also when there
        is none."""
        ...

    def previous_header(self) -> DocumentHeader | None:
        """The header of what ``restore_previous`` would restore, checked; None when there is nothing whole."""
        ...

    def restore_previous(self) -> DocumentHeader:
        """Put the state before the latest run back and give its header; the present one, whole or not, becomes the
        previous one. Raises ``Locked``, ``CheckpointInvalid`` when there is nothing whole to go back to, and
        ``CheckpointUnwritable``."""
        ...


class Observer(Protocol):
    """Who watches a run: a progress bar, a plan being written down. Must not raise."""

    def phase(self, name: str, total: int | None) -> None:
        """A phase begins ("look", "match Morning mix", "sync"); ``total`` steps are ahead if known."""
        ...

    def advance(self, steps: int = 1) -> None:
        """Steps of the current phase are done."""
        ...

    def planned(self, head: CollectionHead, changes: tuple[AnyChange, ...], names: Mapping[TargetId, str]) -> None:
        """These changes are about to be made (in a dry run: would be), with names for the tracks they mention
        (an ``EditSource`` mentions the source's)."""
        ...

    def finished(self, result: CollectionResult) -> None:
        """One collection is done with, for this run."""
        ...
