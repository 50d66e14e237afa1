"""A folder of files as the target of a sync: ``ports.Target`` without an account and without a call.

Every track is its own counterpart, so nothing is looked up. Changes name tracks by their ids; what a track is called
comes from who knows it: the job tells (``tell``) before it writes, and what stands in a file stays as it is.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar, assert_never

import msgspec

from musicdiff_job.core.errors import ConfigError, NotFound, Unavailable
from musicdiff_job.core.model import (
    FAVOURITES,
    AccountId,
    Header,
    PlaylistId,
    Service,
    TargetContents,
    TargetHead,
    TargetId,
    Track,
)
from musicdiff_job.core.plan import (
    AddTracks,
    Change,
    Created,
    CreatePlaylist,
    DeletePlaylist,
    LikeTrack,
    Receipt,
    Refused,
    RemoveTracks,
    ReorderTracks,
    UnlikeTrack,
    UpdatePlaylist,
    Written,
)
from musicdiff_job.core.questions import Question, Sweep
from musicdiff_job.files import jspf
from musicdiff_job.files.folder import Folder, Kept
from musicdiff_job.files.jspf import Jspf
from musicdiff_job.ports import Clock

T = TypeVar("T")

BATCH = 1_000_000
"""A file takes any number of tracks at once."""


class FilesTarget:
    """The folder at ``path``. ``check`` raises when the run must end; it is asked before every change. ``expected``
    says that playlists have been written there before, so that an empty folder is not the one that was meant: a disk
    that is not mounted, say."""

    def __init__(self, path: Path, clock: Clock, check: Callable[[], None], *, expected: bool) -> None:
        self._path = path
        self._clock = clock
        self._check = check
        self._expected = expected
        self._folder = Folder(path)
        self._kept: dict[PlaylistId, Kept] | None = None
        self._known: dict[str, Track] = {}

    def tell(self, tracks: Iterable[Track]) -> None:
        """What tracks are called that changes will name."""
        self._known.update((track.id, track) for track in tracks)

    @property
    def batch(self) -> int:
        """See ``ports.Target``."""
        return BATCH

    def account(self) -> AccountId:
        """The place: another folder is another account. No call."""
        return AccountId(f"files:{self._path}")

    def credential(self) -> str:
        """See ``ports.Target``."""
        return hashlib.sha256(self.account().encode(errors="surrogateescape")).hexdigest()[:16]

    def playlists(self) -> tuple[TargetHead, ...]:
        """See ``ports.Target``. No call. Raises ``ConfigError`` when nothing is left of what was ``expected``."""
        found = self._scan()
        if self._expected and not found:
            raise ConfigError(
                [f"target.path: {self._path} holds none of the files that were written there"],
                "Mount its disk or put the files back; to begin anew, `musicdiff-job reset --all`",
            )
        return tuple(_head(kept) for kept in found.values())

    def header(self, playlist: PlaylistId) -> Header:
        """See ``ports.Target``."""
        _, found = self._find(playlist)
        return Header(found.title, found.description)

    def tracks(self, playlist: PlaylistId) -> TargetContents:
        """See ``ports.Target``."""
        kept, found = self._find(playlist)
        return TargetContents(tuple(map(jspf.track_of, found.rows)), fingerprint=kept.fingerprint)

    def favourites(self, which: PlaylistId = FAVOURITES) -> TargetContents:
        """None: a folder has playlists only."""
        return TargetContents(())

    def apply(self, change: Change) -> Receipt:
        """See ``ports.Target``. A track that nobody has told of is refused."""
        self._check()
        match change:
            case CreatePlaylist(title, description):
                made = Jspf(self._new_id(title), title, description)
                self._write(made, None)
                return Created(made.id, complete=True)
            case UpdatePlaylist(playlist):
                kept, found = self._find(playlist)
                title = found.title if change.title is None else change.title
                description = found.description if change.description is None else change.description
                self._write(msgspec.structs.replace(found, title=title, description=description), kept)
            case AddTracks(playlist, tracks):
                return self._add(playlist, tracks)
            case RemoveTracks(playlist, tracks):
                kept, found = self._find(playlist)
                gone = set(tracks)
                rows = tuple(row for row in found.rows if row.id not in gone)
                self._write(msgspec.structs.replace(found, rows=rows), kept)
            case ReorderTracks(playlist, tracks):
                kept, found = self._find(playlist)
                by_id = {row.id: row for row in found.rows}
                if set(tracks) != by_id.keys() or len(tracks) != len(by_id):
                    return Refused("the order does not name every track")
                rows = tuple(by_id[track] for track in tracks)
                self._write(msgspec.structs.replace(found, rows=rows), kept)
            case DeletePlaylist(playlist):
                kept, _ = self._find(playlist)
                self._try(lambda: self._folder.remove(kept))
                self._scan().pop(playlist, None)
            case LikeTrack() | UnlikeTrack():
                return Refused("files have no favourites")
            case _:
                assert_never(change)
        return Written()

    def _add(self, playlist: PlaylistId, tracks: tuple[TargetId, ...]) -> Receipt:
        kept, found = self._find(playlist)
        if unknown := [track for track in tracks if track not in self._known]:
            return Refused(f"nothing is known of {unknown[0]}")
        if not {row.id for row in found.rows}.isdisjoint(tracks):
            return Refused("a track is there already", already=True)
        added = (jspf.row_of(self._known[track]) for track in tracks)
        self._write(msgspec.structs.replace(found, rows=(*found.rows, *added)), kept)
        return Written()

    def _write(self, playlist: Jspf, before: Kept | None) -> None:
        written = self._try(lambda: self._folder.write(playlist, before, self._clock.now()))
        self._scan()[playlist.id] = written

    def _new_id(self, title: str) -> PlaylistId:
        """An id that no playlist has, a number like Deezer's: made of the title, so that one backup is like another."""
        for number in itertools.count():
            digest = hashlib.sha256(f"{title}\0{number}".encode(errors="replace")).digest()
            made = PlaylistId(str(int.from_bytes(digest[:7])))
            if made not in self._scan():
                return made
        raise AssertionError("numbers do not end")

    def _find(self, playlist: PlaylistId) -> tuple[Kept, Jspf]:
        """A playlist as it is now, whatever the listing has shown."""
        kept = self._scan().get(playlist)
        found = self._try(lambda: self._folder.read(kept)) if kept is not None else None
        if kept is None or found is None:
            raise NotFound(f"no file in {self._path} is this playlist ({playlist})")
        return kept, found

    def _scan(self) -> dict[PlaylistId, Kept]:
        if self._kept is None:
            self._kept = self._try(self._folder.scan)
        return self._kept

    def _try(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except OSError as error:
            self._kept = None  # what stands there now is not known
            raise Unavailable(
                f"target.path: {self._path}: {error.strerror or error}",
                "Make room, or the folder writable; the next run goes on",
                service=Service.DEEZER,
            ) from None


class NothingToAsk:
    """``ports.Catalogue`` for a target that takes every track as it is."""

    def ask(self, question: Question | Sweep) -> tuple[Track, ...]:
        """Nothing: whatever has no counterpart here has none."""
        return ()


def _head(kept: Kept) -> TargetHead:
    return TargetHead(kept.id, kept.title, count=kept.tracks, fingerprint=kept.fingerprint)
