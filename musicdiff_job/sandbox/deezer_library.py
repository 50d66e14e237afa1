"""The library of a Deezer account as values, and what each edit makes of it.

Theory. The whole library is one frozen value; an edit is a function from a library to the next one, or to a
:class:`Refusal` that says why not. Old libraries therefore stay valid for free, which is how late reads are shown
(see ``deezer_account``). Deezer refuses to hold one track id twice in a playlist (observed by other clients), so the
entries of a playlist are an ordered mapping from track id to entry and a duplicate cannot even be expressed.

Favourite tracks are a playlist with a flag, as on Deezer ("Loved Tracks"); its order is oldest first (recorded).
Nothing here knows HTTP, tokens or the catalogue.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from enum import StrEnum

import msgspec

from musicdiff_job.sandbox.deezer_switches import DeezerSwitches


class Refusal(StrEnum):
    """Why a write did not (wholly) happen."""

    NOT_FOUND = "no such playlist"
    NOT_ALLOWED = "not the account's to change"
    WRONG = "wrong parameters"
    DUPLICATE = "already in the playlist"
    UNKNOWN_TRACK = "no such track"
    UNREADABLE = "track not available"
    FULL = "too many entries"
    ALREADY_LIKED = "already a favourite"


class PlaylistEntry(msgspec.Struct, frozen=True):
    """One position: when it was added (Unix seconds) and whether Deezer still counts but no longer lists it."""

    track_id: int
    time_add: int
    hidden: bool = False


class DeezerPlaylist(msgspec.Struct, frozen=True, kw_only=True):
    """A playlist of anybody. ``entries`` is ordered by position. Times are Unix seconds."""

    id: int
    title: str
    creator_id: int
    creator_name: str
    description: str = ""
    public: bool = True
    collaborative: bool = False
    loved: bool = False
    fans: int = 0
    created: int = 0
    modified: int = 0
    entries: dict[int, PlaylistEntry] = {}

    def visible(self) -> list[PlaylistEntry]:
        """The entries that a listing shows, in order."""
        return [entry for entry in self.entries.values() if not entry.hidden]

    def checksum(self, switches: DeezerSwitches) -> str:
        """32 hex digits that depend on the entries, never on the header (recorded: equal counts, other tracks, other
        checksum; that a header does not count is a guess)."""
        ids = list(self.entries) if switches.checksum_sees_order else sorted(self.entries)
        return hashlib.md5(f"{self.id}:{ids}".encode(), usedforsecurity=False).hexdigest()


class DeezerLibrary(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an account holds or follows.

    ``playlists`` also holds other people's; ``followed`` maps those that the account follows to when it began.
    ``albums`` and ``artists`` map favourite ids to when they were added, oldest first.
    """

    user_id: int
    loved_id: int
    playlists: dict[int, DeezerPlaylist]
    followed: dict[int, int] = {}
    albums: dict[int, int] = {}
    artists: dict[int, int] = {}

    def loved(self) -> DeezerPlaylist:
        """The favourite tracks."""
        return self.playlists[self.loved_id]

    def own(self) -> list[DeezerPlaylist]:
        """The account's own playlists, newest first, without the favourites."""
        mine = [p for p in self.playlists.values() if p.creator_id == self.user_id and not p.loved]
        return sorted(mine, key=lambda p: (p.created, p.id), reverse=True)

    def listed(self) -> list[DeezerPlaylist]:
        """What ``/user/me/playlists`` mixes, in the recorded order: own, the favourites, followed."""
        return [*self.own(), self.loved(), *(self.playlists[i] for i in self.followed if i in self.playlists)]

    def with_playlist(self, playlist: DeezerPlaylist) -> DeezerLibrary:
        """This library with one playlist put in or replaced."""
        return msgspec.structs.replace(self, playlists={**self.playlists, playlist.id: playlist})

    def owned(self, playlist_id: int) -> DeezerPlaylist | Refusal:
        """A playlist that the account may change; the favourites are not one (they have their own verbs)."""
        match self.playlists.get(playlist_id):
            case None:
                return Refusal.NOT_FOUND
            case DeezerPlaylist() as playlist if playlist.creator_id != self.user_id or playlist.loved:
                return Refusal.NOT_ALLOWED
            case playlist:
                return playlist


class Edited(msgspec.Struct, frozen=True):
    """What an edit came to. ``refusal`` beside a changed library means that only a part was done."""

    library: DeezerLibrary
    refusal: Refusal | None = None


def _appended(
    playlist: DeezerPlaylist, ids: list[int], now: int, *, limit: int, switches: DeezerSwitches, offset: int = -1
) -> tuple[DeezerPlaylist, Refusal | None]:
    fresh = [track for track in dict.fromkeys(ids) if track not in playlist.entries]
    duplicate = len(fresh) < len(ids)
    if duplicate and switches.duplicate_add == "refuse":
        return playlist, Refusal.DUPLICATE
    if len(playlist.entries) + len(fresh) > limit:
        return playlist, Refusal.FULL
    if not fresh:
        return playlist, Refusal.DUPLICATE if duplicate and switches.duplicate_add == "partial_error" else None
    added = {track: PlaylistEntry(track, now) for track in fresh}
    before = list(playlist.entries.items())
    at = len(before) if offset < 0 else offset
    entries = {**dict(before[:at]), **added, **dict(before[at:])}
    grown = msgspec.structs.replace(playlist, entries=entries, modified=now)
    return grown, Refusal.DUPLICATE if duplicate and switches.duplicate_add == "partial_error" else None


def create(
    library: DeezerLibrary, playlist: DeezerPlaylist, songs: Iterable[int], now: int, switches: DeezerSwitches
) -> Edited:
    """Put in a new own playlist with its first tracks. An empty title, or one that is private and collaborative
    (schema published by Deezer forbids it), is refused."""
    if not playlist.title.strip() or (playlist.collaborative and not playlist.public):
        return Edited(library, Refusal.WRONG)
    filled, refusal = _appended(playlist, list(songs), now, limit=switches.playlist_limit, switches=switches)
    if refusal is not None and filled is playlist:
        return Edited(library, refusal)
    return Edited(library.with_playlist(filled), refusal)


def change_header(
    library: DeezerLibrary,
    playlist_id: int,
    now: int,
    *,
    title: str | None = None,
    description: str | None = None,
    public: bool | None = None,
    collaborative: bool | None = None,
) -> Edited:
    """Change the named parts of an own playlist's header; None leaves a part as it is."""
    playlist = library.owned(playlist_id)
    if isinstance(playlist, Refusal):
        return Edited(library, playlist)
    changed = msgspec.structs.replace(
        playlist,
        title=playlist.title if title is None else title,
        description=playlist.description if description is None else description,
        public=playlist.public if public is None else public,
        collaborative=playlist.collaborative if collaborative is None else collaborative,
        modified=now,
    )
    if not changed.title.strip() or (changed.collaborative and not changed.public):
        return Edited(library, Refusal.WRONG)
    return Edited(library.with_playlist(changed))


def delete(library: DeezerLibrary, playlist_id: int) -> Edited:
    """Delete an own playlist for good; Deezer has no trash (observed by other clients)."""
    playlist = library.owned(playlist_id)
    if isinstance(playlist, Refusal):
        return Edited(library, playlist)
    rest = {key: value for key, value in library.playlists.items() if key != playlist_id}
    return Edited(msgspec.structs.replace(library, playlists=rest))


def add(
    library: DeezerLibrary,
    playlist_id: int,
    ids: Iterable[int],
    now: int,
    switches: DeezerSwitches,
    *,
    offset: int = -1,
) -> Edited:
    """Add tracks to an own playlist at ``offset``, -1 for the end, by the rule of ``switches.duplicate_add``."""
    playlist = library.owned(playlist_id)
    if isinstance(playlist, Refusal):
        return Edited(library, playlist)
    grown, refusal = _appended(
        playlist, list(ids), now, limit=switches.playlist_limit, switches=switches, offset=offset
    )
    return Edited(library if grown is playlist else library.with_playlist(grown), refusal)


def remove(library: DeezerLibrary, playlist_id: int, ids: Iterable[int], now: int) -> Edited:
    """Remove tracks by id; ids that are not there are passed over (a guess: nothing else has been reported)."""
    playlist = library.owned(playlist_id)
    if isinstance(playlist, Refusal):
        return Edited(library, playlist)
    return Edited(library.with_playlist(_without(playlist, ids, now)))


def _without(playlist: DeezerPlaylist, ids: Iterable[int], now: int) -> DeezerPlaylist:
    gone = set(ids)
    kept = {key: entry for key, entry in playlist.entries.items() if key not in gone}
    return msgspec.structs.replace(playlist, entries=kept, modified=now)


def reorder(
    library: DeezerLibrary, playlist_id: int, order: Iterable[int], now: int, switches: DeezerSwitches
) -> Edited:
    """Put an own playlist's entries in ``order``; entries that are not named (hidden ones cannot be) follow behind in
    their old order. Unknown or repeated ids are refused, missing visible ones by ``switches.partial_order``."""
    playlist = library.owned(playlist_id)
    if isinstance(playlist, Refusal):
        return Edited(library, playlist)
    wanted = list(order)
    named = set(wanted)
    missing = [entry for entry in playlist.visible() if entry.track_id not in named]
    if len(named) < len(wanted) or not named <= set(playlist.entries):
        return Edited(library, Refusal.WRONG)
    if missing and switches.partial_order == "refuse":
        return Edited(library, Refusal.WRONG)
    entries = {track: playlist.entries[track] for track in wanted}
    entries.update((key, entry) for key, entry in playlist.entries.items() if key not in named)
    return Edited(library.with_playlist(msgspec.structs.replace(playlist, entries=entries, modified=now)))


def follow(library: DeezerLibrary, playlist_id: int, now: int) -> Edited:
    """Follow somebody else's public playlist; following twice is refused (a bare ``false`` was recorded)."""
    playlist = library.playlists.get(playlist_id)
    if playlist is None or (not playlist.public and playlist.creator_id != library.user_id):
        return Edited(library, Refusal.NOT_FOUND)
    if playlist.creator_id == library.user_id or playlist_id in library.followed:
        return Edited(library, Refusal.NOT_ALLOWED)
    return Edited(msgspec.structs.replace(library, followed={**library.followed, playlist_id: now}))


def unfollow(library: DeezerLibrary, playlist_id: int) -> Edited:
    """Stop following a playlist."""
    if playlist_id not in library.followed:
        return Edited(library, Refusal.NOT_FOUND)
    rest = {key: since for key, since in library.followed.items() if key != playlist_id}
    return Edited(msgspec.structs.replace(library, followed=rest))


def like(library: DeezerLibrary, ids: Iterable[int], now: int, switches: DeezerSwitches) -> Edited:
    """Add favourite tracks at the end. Ones that are there keep their place; when nothing is new the refusal is
    ALREADY_LIKED, which a service answers by ``switches.readd_favourite``."""
    loved = library.loved()
    fresh = [track for track in dict.fromkeys(ids) if track not in loved.entries]
    if not fresh:
        return Edited(library, Refusal.ALREADY_LIKED)
    grown, refusal = _appended(loved, fresh, now, limit=switches.favourites_limit, switches=switches)
    return Edited(library if grown is loved else library.with_playlist(grown), refusal)


def unlike(library: DeezerLibrary, ids: Iterable[int], now: int) -> Edited:
    """Remove favourite tracks; ones that are not there are passed over."""
    return Edited(library.with_playlist(_without(library.loved(), ids, now)))
