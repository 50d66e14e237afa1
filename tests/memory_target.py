"""A Deezer account in memory: the target for tests of what lies above it.

It keeps Deezer's rules and nothing else: no track twice in a playlist, a batch with one duplicate refused whole, new
tracks at the end, favourites oldest first, withdrawn entries counted but not shown. Edits by a person have the names
that they have in the sandbox.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from musicdiff_job.core.errors import AuthError, Forbidden, NotFound
from musicdiff_job.core.model import (
    FAVOURITES,
    AccountId,
    Header,
    PlaylistId,
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

DUPLICATE = Refused("This song already exists in this playlist", already=True)


@dataclass
class MemoryPlaylist:
    """One playlist: its header, its tracks in order and which of them are withdrawn. ``rows`` describes some."""

    owner: int
    title: str
    description: str = ""
    public: bool = True
    tracks: list[str] = field(default_factory=list)
    withdrawn: set[str] = field(default_factory=set)
    rows: dict[str, Track] = field(default_factory=dict)

    def contents(self) -> TargetContents:
        ids = [track for track in self.tracks if track not in self.withdrawn]
        shown = [self.rows.get(track) or Track(id=track, title=f"Title {track}") for track in ids]
        return TargetContents(tuple(shown), len(self.tracks) - len(shown), self.fingerprint())

    def fingerprint(self) -> str:
        return hashlib.sha256(",".join(self.tracks).encode()).hexdigest()


class MemoryDeezer:
    """The account itself, which several targets may share. ``rows`` are tracks that its lists describe in full."""

    def __init__(self, user_id: int = 900_000_001) -> None:
        self.user_id = user_id
        self.loved = MemoryPlaylist(user_id, "Loved Tracks")
        self.playlists: dict[str, MemoryPlaylist] = {"1": self.loved}
        self.rows = self.loved.rows
        self._last = 1

    def put(self, playlist: MemoryPlaylist) -> str:
        self._last += 1
        playlist.rows = self.rows
        self.playlists[str(self._last)] = playlist
        return str(self._last)

    def create_by_hand(self, title: str, ids: Iterable[int] = (), *, description: str = "", public: bool = True) -> int:
        return int(self.put(MemoryPlaylist(self.user_id, title, description, public, [str(track) for track in ids])))

    def follow_by_hand(self, title: str, ids: Iterable[int], *, creator_id: int, public: bool = True) -> int:
        return int(self.put(MemoryPlaylist(creator_id, title, "", public, [str(track) for track in ids])))

    def add_by_hand(self, which: int, *ids: int) -> None:
        self.playlists[str(which)].tracks.extend(str(track) for track in ids)

    def hide_by_hand(self, which: int, *ids: int) -> None:
        self.playlists[str(which)].withdrawn.update(str(track) for track in ids)

    def like_by_hand(self, *ids: int) -> None:
        self.loved.tracks.extend(str(track) for track in ids)


class MemoryTarget:
    """``ports.Target`` over a ``MemoryDeezer``; ``accepted=False`` is a target with a credential that is not valid."""

    batch = 50

    def __init__(self, deezer: MemoryDeezer, *, accepted: bool = True) -> None:
        self._deezer = deezer
        self._accepted = accepted

    def account(self) -> AccountId:
        self._check()
        return AccountId(str(self._deezer.user_id))

    def credential(self) -> str:
        return f"memory-{self._accepted}".lower()

    def playlists(self) -> tuple[TargetHead, ...]:
        self._check()
        return tuple(
            TargetHead(
                id=PlaylistId(key),
                title=playlist.title,
                count=len(playlist.tracks),
                fingerprint=playlist.fingerprint(),
                public=playlist.public,
                owned=playlist.owner == self._deezer.user_id,
                loved=playlist is self._deezer.loved,
            )
            for key, playlist in self._deezer.playlists.items()
        )

    def header(self, playlist: PlaylistId) -> Header:
        found = self._find(playlist)
        return Header(found.title, found.description, found.public)

    def tracks(self, playlist: PlaylistId) -> TargetContents:
        return self._find(playlist).contents()

    def favourites(self, which: PlaylistId = FAVOURITES) -> TargetContents:
        self._check()
        return self._deezer.loved.contents()

    def apply(self, change: Change) -> Receipt:
        match change:
            case CreatePlaylist(title, description, public):
                self._check()
                made = MemoryPlaylist(self._deezer.user_id, title, description, public)
                return Created(PlaylistId(self._deezer.put(made)), complete=True)
            case UpdatePlaylist(playlist):
                self._update(self._find(playlist), change)
            case AddTracks(playlist, tracks):
                return self._add(self._find(playlist), tracks)
            case RemoveTracks(playlist, tracks):
                found = self._find(playlist)
                found.tracks = [track for track in found.tracks if track not in tracks]
            case ReorderTracks(playlist, tracks):
                return self._reorder(self._find(playlist), tracks)
            case DeletePlaylist(playlist):
                self._find(playlist)
                del self._deezer.playlists[playlist]
            case LikeTrack(track):
                self._check()
                if track not in self._deezer.loved.tracks:
                    self._deezer.loved.tracks.append(track)
            case UnlikeTrack(track):
                self._check()
                self._deezer.loved.tracks = [liked for liked in self._deezer.loved.tracks if liked != track]
            case _:
                assert_never(change)
        return Written()

    def _update(self, playlist: MemoryPlaylist, change: UpdatePlaylist) -> None:
        playlist.title = playlist.title if change.title is None else change.title
        playlist.description = playlist.description if change.description is None else change.description
        playlist.public = playlist.public if change.public is None else change.public

    def _add(self, playlist: MemoryPlaylist, tracks: Sequence[TargetId]) -> Receipt:
        if len({*playlist.tracks, *tracks}) < len(playlist.tracks) + len(tracks):
            return DUPLICATE
        playlist.tracks.extend(tracks)
        return Written()

    def _reorder(self, playlist: MemoryPlaylist, tracks: Sequence[TargetId]) -> Receipt:
        shown = {track for track in playlist.tracks if track not in playlist.withdrawn}
        if set(tracks) != shown or len(tracks) != len(shown):
            return Refused("the order does not name every visible track")
        playlist.tracks = [*tracks, *(track for track in playlist.tracks if track in playlist.withdrawn)]
        return Written()

    def _find(self, playlist: PlaylistId) -> MemoryPlaylist:
        self._check()
        found = self._deezer.playlists.get(playlist)
        if found is None:
            raise NotFound("no such playlist")
        if not found.public and found.owner != self._deezer.user_id:
            raise Forbidden("not the account's")
        return found

    def _check(self) -> None:
        if not self._accepted:
            raise AuthError("the credential is not valid")
