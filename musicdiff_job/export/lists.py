"""What an export holds, as plain values, whichever files it came from."""

from __future__ import annotations

import hashlib

import msgspec

from musicdiff_job.core.model import Entry, SourceId

MADE_UP = "00000000"
"""How the ids begin that are made for tracks of which an export tells none. Spotify's are random numbers of 128 bits,
so none of them begins like this."""


class ExportedList(msgspec.Struct, frozen=True):
    """One playlist. ``began`` is the date of its oldest entry, "" when not known; ``description`` is plain text."""

    name: str
    entries: tuple[Entry, ...]
    description: str = ""
    collaborative: bool = False
    began: str = ""


class SavedAlbum(msgspec.Struct, frozen=True):
    """An album that the account has saved; ``id`` is Spotify's, "" when the export does not tell it."""

    id: str
    title: str
    artist: str
    saved_at: str | None = None


class FollowedArtist(msgspec.Struct, frozen=True):
    """An artist that the account follows; ``id`` is Spotify's, "" when the export does not tell it."""

    id: str
    name: str


class Library(msgspec.Struct, frozen=True):
    """All that an export tells of a library. None stands for what it says nothing about, which is not empty.

    Liked songs, albums and artists are in the order of their files; Exportify writes the newest first.
    """

    playlists: tuple[ExportedList, ...] | None = None
    liked: tuple[Entry, ...] | None = None
    albums: tuple[SavedAlbum, ...] | None = None
    artists: tuple[FollowedArtist, ...] | None = None
    owner: str = ""


def made_up_id(title: str, artist: str, album: str) -> SourceId:
    """The same id whenever a track is described by the same words. It has the form of Spotify's ids, so that it can be
    given to commands."""
    digest = hashlib.sha256(f"{title}\0{artist}\0{album}".encode()).hexdigest()
    return SourceId(MADE_UP + digest[: 22 - len(MADE_UP)])


def began(entries: tuple[Entry, ...]) -> str:
    """The date of the oldest entry, "" when none has one."""
    return min((entry.added_at for entry in entries if entry.added_at), default="")
