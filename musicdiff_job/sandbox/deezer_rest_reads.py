"""The reads of the public API: catalogue, playlists, people.

Theory. Catalogue and public playlists need no token; ``/user/me`` is the token's owner and the same as the numeric
id. Whoever asks about the library consumes one (possibly stale) read of it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any, Final

from musicdiff_job.sandbox.catalogue import Catalogue
from musicdiff_job.sandbox.deezer_account import DeezerAccount
from musicdiff_job.sandbox.deezer_library import DeezerLibrary, DeezerPlaylist
from musicdiff_job.sandbox.deezer_pieces import permissions, upc
from musicdiff_job.sandbox.deezer_render import DeezerShapes
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.deezer_wire import PRIVATE_PROFILE, Call, failure, failure_without_code

TOP_DEFAULT: Final = 5
"""Rows of ``/artist/{id}/top`` without ``limit`` (recorded)."""


class RestReads:
    """The answers to one GET."""

    def __init__(self, account: DeezerAccount, catalogue: Catalogue, switches: DeezerSwitches, call: Call) -> None:
        self._account = account
        self._catalogue = catalogue
        self._switches = switches
        self._call = call
        self._shapes = DeezerShapes(account, catalogue, switches, signed_in=call.signed_in)

    # Catalogue

    def track(self, key: str) -> Any:
        """``/track/{id}``."""
        track = self._catalogue.deezer_by_id.get(_number(key))
        if track is None:
            raise failure(800)
        return self._shapes.full_track(track)

    def track_by_isrc(self, isrc: str) -> Any:
        """``/track/isrc:{ISRC}``: one copy, whichever; the code must be spelled as Deezer has it."""
        track = self._catalogue.deezer_by_isrc.get(isrc)
        if track is None:
            raise failure(800, status=self._switches.isrc_miss_status)
        return self._shapes.full_track(track)

    def search(self) -> Any:
        """``/search`` and ``/search/track``. ``order`` and ``strict`` are accepted; no recording shows an effect."""
        limit = self._call.limit(cap=self._switches.search_limit_cap)
        found = self._catalogue.search(self._call.text("q"), limit, self._call.index)
        return self._call.envelope([self._shapes.search_row(track) for track in found.tracks], found.total, limit)

    def search_albums(self) -> Any:
        """``/search/album``."""
        found = self._catalogue.search_albums(self._call.text("q"))
        return self._call.page(found, self._shapes.album_hit, cap=self._switches.search_limit_cap)

    def search_artists(self) -> Any:
        """``/search/artist``."""
        found = self._catalogue.search_artists(self._call.text("q"))
        return self._call.page(found, self._shapes.artist_hit, cap=self._switches.search_limit_cap)

    def album(self, key: str) -> Any:
        """``/album/{id}``."""
        album = self._catalogue.albums.get(_number(key))
        if album is None:
            raise failure(800)
        return self._shapes.full_album(album)

    def album_by_upc(self, code: str) -> Any:
        """``/album/upc:{UPC}``."""
        album = self._catalogue.albums.get(_number(code))
        if album is None or upc(album.id) != code:
            raise failure(800)
        return self._shapes.full_album(album)

    def album_tracks(self, key: str) -> Any:
        """``/album/{id}/tracks``."""
        album = self._catalogue.albums.get(_number(key))
        if album is None:
            raise failure(800)
        return self._call.page(album.tracks, self._shapes.album_row)

    def artist(self, key: str) -> Any:
        """``/artist/{id}``."""
        artist = self._catalogue.artists.get(_number(key))
        if artist is None:
            raise failure(800)
        return self._shapes.artist(artist)

    def artist_top(self, key: str) -> Any:
        """``/artist/{id}/top``."""
        artist = self._catalogue.artists.get(_number(key))
        if artist is None:
            raise failure(800)
        return self._call.page(artist.tracks, self._shapes.top_row, default=TOP_DEFAULT)

    def artist_albums(self, key: str) -> Any:
        """``/artist/{id}/albums``."""
        artist = self._catalogue.artists.get(_number(key))
        if artist is None:
            raise failure(800)
        return self._call.page(artist.albums, self._shapes.artist_album)

    def wrong_genre(self, _: str) -> Any:
        """``/genre/{id}``: the sandbox has no genres, so every id is wrong, as -1 is (recorded)."""
        raise failure(500)

    def broken_episode(self, _: str) -> Any:
        """``/episode/{id}`` and ``/podcast/{id}``: the error without a code (recorded)."""
        raise failure_without_code()

    def infos(self) -> Any:
        """``/infos``: the country of the caller's address; the real one also gives tokens, here blank."""
        return {
            "country_iso": self._account.country,
            "country": self._account.country,
            "open": True,
            "pop": "fr",
            "upload_token": "",
            "upload_token_lifetime": 14400,
            "user_token": None,
        }

    # Playlists

    def playlist(self, key: str) -> Any:
        """``/playlist/{id}``."""
        return self._shapes.playlist(self._visible_playlist(key))

    def playlist_tracks(self, key: str) -> Any:
        """``/playlist/{id}/tracks``; ``total`` and offsets count hidden entries (recorded)."""
        playlist = self._visible_playlist(key)
        return self._call.page(
            list(playlist.entries.values()),
            lambda entry: self._shapes.playlist_row(entry, embedded=False),
            checksum=playlist.checksum(self._switches),
        )

    def _visible_playlist(self, key: str) -> DeezerPlaylist:
        playlist = self._account.read().playlists.get(_number(key))
        if playlist is None:
            raise failure(800)
        if not playlist.public and not (self._call.signed_in and playlist.creator_id == self._account.user_id):
            raise failure(200)
        return playlist

    # People

    def user(self, key: str) -> Any:
        """``/user/me`` and ``/user/{id}``; only the owner of the token sees the long form."""
        if self._is_owner(key):
            if self._call.signed_in:
                return self._shapes.me()
            return self._shapes.user(self._account.user_id, self._account.name, self._account.country)
        user_id = _number(key)
        theirs = [p for p in self._account.read().playlists.values() if p.creator_id == user_id]
        if not theirs:
            raise failure(800)
        return self._shapes.user(user_id, theirs[0].creator_name, "FR")

    def permissions(self, key: str) -> Any:
        """``/user/me/permissions``."""
        self._need_owner(key)
        self._call.need()
        return permissions(self._call.permissions or ())

    def user_playlists(self, key: str) -> Any:
        """``/user/{id}/playlists``: everything for the owner, public ones for others."""
        if not self._is_owner(key):
            user_id = _number(key)
            public = [p for p in self._account.read().playlists.values() if p.creator_id == user_id and p.public]
            if not public:
                raise failure(800)
            return self._call.page(public, lambda playlist: self._shapes.playlist_listed(playlist, 0))
        library = self._account.read()
        mine = self._call.signed_in
        listed = [p for p in library.listed() if p.public or (mine and p.creator_id == library.user_id)]
        return self._call.page(
            listed, lambda playlist: self._shapes.playlist_listed(playlist, library.followed.get(playlist.id, 0))
        )

    def user_tracks(self, key: str) -> Any:
        """``/user/{id}/tracks``: the favourites, oldest first (recorded)."""
        loved = self._favourites(key).loved()
        return self._call.page(list(loved.entries.values()), self._shapes.favourite_row)

    def user_albums(self, key: str) -> Any:
        """``/user/{id}/albums``."""
        held = self._favourites(key).albums
        rows = [(self._catalogue.albums[album], since) for album, since in held.items()]
        return self._call.page(rows, lambda row: self._shapes.favourite_album(*row), checksum=_digest(held))

    def user_artists(self, key: str) -> Any:
        """``/user/{id}/artists``."""
        held = self._favourites(key).artists
        rows = [(self._catalogue.artists[artist], since) for artist, since in held.items()]
        return self._call.page(rows, lambda row: self._shapes.artist(*row), checksum=_digest(held))

    def _favourites(self, key: str) -> DeezerLibrary:
        self._need_owner(key)
        if self._switches.private_profile and not self._call.signed_in:
            raise failure(200, PRIVATE_PROFILE)
        return self._account.read()

    def _need_owner(self, key: str) -> None:
        if not self._is_owner(key):
            raise failure(800)

    def _is_owner(self, key: str) -> bool:
        if key == "me":
            self._call.need()
            return True
        return key == str(self._account.user_id)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else -1


def _digest(held: dict[int, int]) -> str:
    return hashlib.md5(str(list(held)).encode(), usedforsecurity=False).hexdigest()


READS: Final[tuple[tuple[re.Pattern[str], Callable[..., Any]], ...]] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        ("/track/isrc:([^/]+)", RestReads.track_by_isrc),
        ("/track/([^/]+)", RestReads.track),
        ("/search(?:/track)?", RestReads.search),
        ("/search/album", RestReads.search_albums),
        ("/search/artist", RestReads.search_artists),
        ("/album/upc:([^/]+)", RestReads.album_by_upc),
        ("/album/([^/]+)", RestReads.album),
        ("/album/([^/]+)/tracks", RestReads.album_tracks),
        ("/artist/([^/]+)", RestReads.artist),
        ("/artist/([^/]+)/top", RestReads.artist_top),
        ("/artist/([^/]+)/albums", RestReads.artist_albums),
        ("/playlist/([^/]+)", RestReads.playlist),
        ("/playlist/([^/]+)/tracks", RestReads.playlist_tracks),
        ("/user/([^/]+)", RestReads.user),
        ("/user/([^/]+)/permissions", RestReads.permissions),
        ("/user/([^/]+)/playlists", RestReads.user_playlists),
        ("/user/([^/]+)/tracks", RestReads.user_tracks),
        ("/user/([^/]+)/albums", RestReads.user_albums),
        ("/user/([^/]+)/artists", RestReads.user_artists),
        ("/infos", RestReads.infos),
        ("/genre/([^/]+)", RestReads.wrong_genre),
        ("/(?:episode|podcast)/([^/]+)", RestReads.broken_episode),
    )
)
"""Every GET route; the groups of a pattern are the arguments."""
