"""A run without any network: Spotify, Deezer, its catalogue and the checkpoint in memory, the clock told to move."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from memory_target import MemoryDeezer, MemoryTarget
from told_clock import ToldClock

from musicdiff_job.clock import StopFlag
from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord, Mirror
from musicdiff_job.core.errors import JobError
from musicdiff_job.core.match import MATCHER_VERSION, Match, Method, Rules
from musicdiff_job.core.model import (
    LIKED,
    AccountId,
    CollectionHead,
    CollectionId,
    Entry,
    Item,
    Kind,
    Library,
    Page,
    SkipReason,
    SourceId,
    TargetId,
    Track,
    Unreadable,
    item_of,
)
from musicdiff_job.core.override_file import Overrides
from musicdiff_job.core.plan import AnyChange, Change, Receipt
from musicdiff_job.core.policy import Policy
from musicdiff_job.core.questions import (
    AlbumById,
    AlbumByUpc,
    AlbumSearch,
    AlbumsOf,
    ArtistSearch,
    ByAlbum,
    ByArtist,
    ByFields,
    ById,
    ByIsrc,
    BySearch,
    Question,
    Sweep,
)
from musicdiff_job.core.summary import CollectionResult
from musicdiff_job.core.terms import Terms
from musicdiff_job.gate import Gate, Limits
from musicdiff_job.session import Connections, Job, Session


def song(number: str | int, **fields: object) -> Track:
    """The source's track "s<number>"; its counterpart is ``copy(number)``."""
    known: dict[str, object] = {
        "title": f"Song number {number}", "artists": ("Singer",), "duration_ms": 200_000,
        "isrc": f"USAAA26{int(number):05}",
    }  # fmt: skip
    return Track(id=f"s{number}", **{**known, **fields})  # type: ignore[arg-type]


def copy(number: str | int, **fields: object) -> Track:
    """The target's counterpart of ``song(number)``."""
    known: dict[str, object] = {
        "title": f"Song number {number}", "artists": ("Singer",), "duration_ms": 200_000,
        "isrc": f"USAAA26{int(number):05}",
    }  # fmt: skip
    return Track(id=str(number), **{**known, **fields})  # type: ignore[arg-type]


def matched(*numbers: str | int) -> dict[SourceId, MatchRecord]:
    """Match records, as if these songs had been looked up before."""
    return {
        SourceId(f"s{number}"): MatchRecord(song(number), Match(str(number), Method.ISRC, 1.0), matcher=MATCHER_VERSION)
        for number in numbers
    }


@dataclass
class MemorySource:
    """``ports.Source``: lists of songs that a test edits between and during reads. ``calls`` are the calls made."""

    lists: dict[CollectionId, list[Entry]] = field(default_factory=dict)
    edits: dict[CollectionId, int] = field(default_factory=dict)
    names: dict[CollectionId, str] = field(default_factory=dict)
    page_size: int = 50
    unreadable: dict[CollectionId, Unreadable] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    on_page: Callable[[CollectionHead, int], None] = lambda head, offset: None

    def put(self, id_: str, *numbers: int, name: str = "Gym") -> CollectionHead:
        """Give a list these songs; a negative number is an episode."""
        key = CollectionId(id_)
        self.lists[key] = [
            Entry(track=song(number)) if number >= 0 else Entry(skipped=SkipReason.EPISODE) for number in numbers
        ]
        self.edits[key] = self.edits.get(key, 0) + 1
        self.names[key] = name
        return self.head(id_)

    def head(self, id_: str) -> CollectionHead:
        key = CollectionId(id_)
        kind = Kind.LIKED if key == LIKED else Kind.PLAYLIST
        return CollectionHead(key, kind, self.names[key], f"edit {self.edits[key]}", total=len(self.lists[key]))

    def account(self) -> AccountId:
        return AccountId("listener")

    def credential(self) -> str:
        return "listener's"

    def library(self, kinds: frozenset[Kind]) -> Library:
        self.calls.append("library")
        heads = [self.head(key) for key in self.lists]
        return Library(tuple(head for head in heads if head.kind in kinds))

    def page(self, head: CollectionHead, offset: int, after: str = "") -> Page | Unreadable:
        self.calls.append(f"page {offset}")
        self.on_page(head, offset)
        if head.id in self.unreadable:
            return self.unreadable[head.id]
        entries = self.lists[head.id]
        shown = tuple(entries[offset : offset + self.page_size])
        return Page(shown, offset, len(entries), more=offset + len(shown) < len(entries))

    def unchanged(self, head: CollectionHead) -> bool:
        self.calls.append("unchanged")
        return self.head(head.id).snapshot == head.snapshot


class MemoryCatalogue:
    """``ports.Catalogue``: knows tracks by ISRC, id and title. ``trouble`` is raised for the questions it names."""

    def __init__(self, *tracks: Track) -> None:
        self.tracks = list(tracks)
        self.asked: list[Question | Sweep] = []
        self.trouble: dict[Question | Sweep, JobError] = {}
        self._lock = threading.Lock()

    def ask(self, question: Question | Sweep) -> tuple[Track, ...]:
        with self._lock:
            self.asked.append(question)
        if question in self.trouble:
            raise self.trouble[question]
        match question:
            case ByIsrc(isrc):
                return tuple(track for track in self.tracks if track.isrc == isrc)
            case ById(id_):
                return tuple(track for track in self.tracks if track.id == id_)
            case BySearch(text):
                return tuple(track for track in self.tracks if track.title in text)
            case ByFields(_, title):
                return tuple(track for track in self.tracks if track.title == title)
            case ByAlbum(album):
                return tuple(track for track in self.tracks if track.album_id == album)
            case ByArtist(artist):
                return tuple(track for track in self.tracks if track.artist_id == artist)
            case AlbumById(album):
                return tuple(track for track in self.tracks if track.id == f"album:{album}")
            case AlbumByUpc(upc):
                return tuple(track for track in self.tracks if track.upc == upc)
            case AlbumSearch(text):
                return tuple(track for track in self.tracks if item_of(track.id) is Item.ALBUM and track.title in text)
            case ArtistSearch(name):
                return tuple(track for track in self.tracks if item_of(track.id) is Item.ARTIST and track.title == name)
            case AlbumsOf(artist):
                albums = (track for track in self.tracks if item_of(track.id) is Item.ALBUM)
                return tuple(album for album in albums if album.artist_id == artist)


class WatchedTarget(MemoryTarget):
    """A target that remembers its writes. ``answers`` may answer in Deezer's stead, ``after`` may raise when a write
    has been made, as a connection that breaks does."""

    def __init__(self, deezer: MemoryDeezer) -> None:
        super().__init__(deezer)
        self.writes: list[Change] = []
        self.answers: Callable[[Change], Receipt | None] = lambda change: None
        self.after: Callable[[Change], object] = lambda change: None

    def apply(self, change: Change) -> Receipt:
        self.writes.append(change)
        if (answer := self.answers(change)) is not None:
            return answer
        receipt = super().apply(change)
        self.after(change)
        return receipt


class MemoryStore:
    """``ports.Store`` and ``ports.Lease`` at once. ``saved`` are all checkpoints saved, oldest first."""

    def __init__(self, checkpoint: Checkpoint | None = None) -> None:
        self.saved: list[Checkpoint] = [checkpoint] if checkpoint else []
        self.on_save: Callable[[Checkpoint], None] = lambda checkpoint: None

    def peek(self) -> Checkpoint | None:
        return self.saved[-1] if self.saved else None

    @contextmanager
    def lease(self, run_id: str, until: datetime) -> Iterator[MemoryStore]:
        yield self

    def load(self) -> Checkpoint:
        return self.peek() or Checkpoint()

    def prove_writable(self) -> None:
        pass

    def save(self, checkpoint: Checkpoint, *, last: bool = False) -> None:
        self.on_save(checkpoint)
        self.saved.append(checkpoint)


class Silent:
    """An observer that looks away."""

    def phase(self, name: str, total: int | None) -> None:
        pass

    def advance(self, steps: int = 1) -> None:
        pass

    def planned(self, head: CollectionHead, changes: tuple[AnyChange, ...], names: Mapping[TargetId, str]) -> None:
        pass

    def finished(self, result: CollectionResult) -> None:
        pass


@dataclass
class Stage:
    """One account on either side. ``session()`` begins a run, with what the last one saved."""

    source: MemorySource = field(default_factory=MemorySource)
    deezer: MemoryDeezer = field(default_factory=MemoryDeezer)
    catalogue: MemoryCatalogue = field(default_factory=MemoryCatalogue)
    clock: ToldClock = field(default_factory=ToldClock)
    stop: StopFlag = field(default_factory=StopFlag)
    store: MemoryStore = field(default_factory=MemoryStore)
    policy: Policy = field(default_factory=Policy)
    rules: Rules = field(default_factory=Rules)
    overrides: dict[SourceId, TargetId | None] = field(default_factory=dict)
    terms: dict[SourceId, Terms] = field(default_factory=dict)
    retry: tuple[float, ...] = (86_400.0, 3 * 86_400.0)

    def __post_init__(self) -> None:
        self.target = WatchedTarget(self.deezer)

    def job(self) -> Job:
        return Job(
            store=self.store,
            clock=self.clock,
            stop=self.stop,
            connect=lambda checkpoint: self._connections(),
            policy=self.policy,
            rules=self.rules,
            observer=Silent(),
            run_id="run",
            retry=self.retry,
            overrides=Overrides(self.overrides, self.terms),
        )

    def _connections(self) -> Connections:
        gate = Gate(Limits(None, None, {}, {}), self.clock, self.stop)
        return Connections(gate, self.source, self.target, self.catalogue, lambda: None)

    def session(self, checkpoint: Checkpoint | None = None) -> Session:
        return Session(self.job(), self.store, checkpoint or self.store.load(), self._connections())

    def know(self, *numbers: int) -> None:
        """Have these songs matched before the next run."""
        self.store.saved.append(self.store.load().with_matches(matched(*numbers)))

    def remember(self, mirror: Mirror) -> None:
        """Have the next run remember this of a collection."""
        self.store.saved.append(self.store.load().with_mirror(mirror))

    def tracks(self, playlist: str) -> list[int]:
        return [int(track) for track in self.deezer.playlists[playlist].tracks]

    def own(self) -> dict[str, list[int]]:
        """The account's playlists by title, without the favourites."""
        lists = [one for one in self.deezer.playlists.values() if one is not self.deezer.loved]
        return {one.title: [int(track) for track in one.tracks] for one in lists}


def numbers(entries: Sequence[Entry]) -> list[str]:
    return [entry.track.id if entry.track else str(entry.skipped) for entry in entries]
