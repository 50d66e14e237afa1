"""What a Spotify account can hold, as frozen values; the account that edits them is in ``world``."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Final

import msgspec

EPOCH: Final = datetime(2026, 11, 1, tzinfo=UTC)
SPOTIFY: Final = "spotify"
"""The user id that owns editorial playlists; apps have seen ``null`` in place of those since 2024-11-27."""


def base62_id(*parts: str | int) -> str:
    """A 22-character Spotify id that depends on nothing but the parts."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number = int.from_bytes(hashlib.sha256("\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")).digest()[:17])
    return "".join(digits[number // 62**place % 62] for place in range(22))


class CatalogueTrack(msgspec.Struct, frozen=True, gc=False):
    """A track of Spotify's catalogue."""

    id: str


class LocalFile(msgspec.Struct, frozen=True, gc=False):
    """A file on the listener's own computer; artist and album may be empty."""

    artist: str
    album: str
    title: str
    seconds: int


class Episode(msgspec.Struct, frozen=True, gc=False):
    """A podcast episode."""

    id: str
    name: str
    show: str
    seconds: int


class Gone(msgspec.Struct, frozen=True, gc=False):
    """What used to be a track and is served as ``null`` now; it still holds its position."""


Content = CatalogueTrack | LocalFile | Episode | Gone


class ListEntry(msgspec.Struct, frozen=True, gc=False):
    """One position of a playlist. ``added_at`` is None on very old playlists."""

    content: Content
    added_at: str | None


class LikedTrack(msgspec.Struct, frozen=True, gc=False):
    """One liked song."""

    track_id: str
    added_at: str


class Played(msgspec.Struct, frozen=True, gc=False):
    """One play; ``played_at`` is when it ended, with milliseconds. ``context`` is a URI, or None."""

    track_id: str
    played_at: str
    context: str | None


class SavedAlbum(msgspec.Struct, frozen=True, gc=False):
    """One saved album."""

    album_id: str
    added_at: str


class SpotifyPlaylist(msgspec.Struct, frozen=True, kw_only=True):
    """A playlist as it is at one moment. ``description`` is plain text; escaping it is the service's business.

    ``contributes`` says that the account may edit a playlist of somebody else. ``total_hidden`` makes listings say
    ``null`` for the number of entries (observed by other clients).
    """

    id: str
    name: str
    owner_id: str
    owner_name: str
    snapshot: str
    description: str = ""
    public: bool | None = False
    collaborative: bool = False
    contributes: bool = False
    total_hidden: bool = False
    entries: tuple[ListEntry, ...] = ()
