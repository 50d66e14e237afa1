"""Spotify's JSON: how each object looks to an app, by the app's cohort.

Three cohorts of apps exist side by side since 2026 (documented in the February 2026 migration guide, observed by other
clients since): apps in development mode created after 2026-02-11 (``restricted``) see fewer fields and the names
``items`` and ``item``; older apps in development mode (``grace``) and apps with extended quota (``extended``) see the
old fields and the names ``tracks`` and ``track``. Nothing in a token tells the cohort.

Functions here take values of ``spotify_library`` and return JSON-ready values; they know nothing of requests.
"""

from __future__ import annotations

import html
from enum import StrEnum
from typing import Final, assert_never

from musicdiff_job.sandbox.spotify_albums import albums_of, artists_of
from musicdiff_job.sandbox.spotify_library import (
    CatalogueTrack,
    Episode,
    Gone,
    LikedTrack,
    ListEntry,
    LocalFile,
    Played,
    SavedAlbum,
    SpotifyPlaylist,
    base62_id,
)
from musicdiff_job.sandbox.spotify_objects import Json, MusicObjects, local_file
from musicdiff_job.sandbox.world import SpotifyAccount


class Cohort(StrEnum):
    """Which kind of app is asking."""

    RESTRICTED = "restricted"
    GRACE = "grace"
    EXTENDED = "extended"


class Renderer:
    """Renders for one account, one cohort and one origin (``http://host:port/prefix``, put into every ``href``).

    ``entry_key`` overrides the name under which a playlist entry holds its track: for some weeks of 2026 the new path
    still answered with the old key (observed by other clients), so the two vary independently.
    """

    def __init__(self, account: SpotifyAccount, cohort: Cohort, origin: str, entry_key: str | None = None) -> None:
        self.account: Final = account
        self.restricted: Final = cohort is Cohort.RESTRICTED
        self.origin: Final = origin
        self.music: Final = MusicObjects(origin, self.restricted)
        self.listing_key: Final = "items" if self.restricted else "tracks"
        self.entry_key: Final = entry_key or ("item" if self.restricted else "track")

    # People

    def me(self) -> Json:
        """``GET /me``. The market (``country``) can no longer be read by restricted apps."""
        user_id = self.account.user_id
        profile = {
            **self._user(user_id),
            "account_id": base62_id("account", user_id),
            "display_name": self.account.display_name,
            "images": [],
        }
        if not self.restricted:
            profile |= {
                "country": "FR",
                "email": f"{user_id}@example.invalid",
                "explicit_content": {"filter_enabled": False, "filter_locked": False},
                "followers": {"href": None, "total": 0},
                "product": "premium",
            }
        return profile

    def _user(self, user_id: str) -> Json:
        return {
            "external_urls": {"spotify": f"https://open.spotify.com/user/{user_id}"},
            "href": f"{self.origin}/users/{user_id}",
            "id": user_id,
            "type": "user",
            "uri": f"spotify:user:{user_id}",
        }

    # Playlists

    def listed_playlist(self, playlist: SpotifyPlaylist) -> Json:
        """An element of ``GET /me/playlists``. An empty playlist has ``images: null`` (observed by other clients)."""
        total = None if playlist.total_hidden else len(playlist.entries)
        return {
            **self._playlist_header(playlist),
            self.listing_key: {"href": self.entries_href(playlist), "total": total},
        }

    def full_playlist(self, playlist: SpotifyPlaylist, first_page: Json | None) -> Json:
        """``GET /playlists/{id}``; ``first_page`` holds the first 100 entries, None leaves the key out."""
        full = self._playlist_header(playlist)
        if not self.restricted:
            full["followers"] = {"href": None, "total": 0}
        if first_page is not None:
            full[self.listing_key] = first_page
        return full

    def entries_href(self, playlist: SpotifyPlaylist) -> str:
        """Where the entries of a playlist are read, under the name the cohort knows."""
        return f"{self.origin}/playlists/{playlist.id}/{self.listing_key}"

    def _playlist_header(self, playlist: SpotifyPlaylist) -> Json:
        return {
            "collaborative": playlist.collaborative,
            "description": html.escape(playlist.description) or None,
            "external_urls": {"spotify": f"https://open.spotify.com/playlist/{playlist.id}"},
            "href": f"{self.origin}/playlists/{playlist.id}",
            "id": playlist.id,
            "images": [{"url": f"{self.origin}/image/{playlist.id}", "height": None, "width": None}]
            if playlist.entries
            else None,
            "name": playlist.name,
            "owner": {**self._user(playlist.owner_id), "display_name": playlist.owner_name},
            "primary_color": None,
            "public": playlist.public,
            "snapshot_id": self.account.shown_snapshot(playlist),
            "type": "playlist",
            "uri": f"spotify:playlist:{playlist.id}",
        }

    def entry(self, entry: ListEntry, owner_id: str, *, episodes: bool, market: bool) -> Json:
        """An entry of a playlist. ``episodes`` says whether ``additional_types`` asked for them, ``market`` whether
        the request named one (only then is playability told)."""
        match entry.content:
            case CatalogueTrack(id=track_id):
                shown: Json | None = self.music.track(self.account.catalogue.spotify[track_id], market=market)
                if not self.restricted and shown is not None:
                    # Old answers carry these flags inside the track (spotify/web-api issue 1528).
                    shown |= {"track": True, "episode": False}
            case LocalFile() as local:
                shown = local_file(local)
            case Episode() as episode:
                shown = self.music.episode(episode) if episodes else self.music.episode_as_track(episode)
            case Gone():
                shown = None
            case _:
                assert_never(entry.content)
        return {
            "added_at": entry.added_at,
            "added_by": self._user(owner_id) if entry.added_at else None,
            "is_local": isinstance(entry.content, LocalFile),
            "primary_color": None,
            self.entry_key: shown,
            "video_thumbnail": {"url": None},
        }

    # Albums and artists

    def saved_album(self, saved: SavedAlbum) -> Json:
        """An element of ``GET /me/albums``; its key is ``album`` in every cohort."""
        return {
            "added_at": saved.added_at,
            "album": self.music.album(albums_of(self.account.catalogue)[saved.album_id]),
        }

    def followed_artist(self, artist_id: str) -> Json:
        """An element of ``GET /me/following``."""
        return self.music.artist(artists_of(self.account.catalogue)[artist_id])

    # Liked songs

    def saved_track(self, liked: LikedTrack, *, market: bool) -> Json:
        """An element of ``GET /me/tracks``; its key is ``track`` in every cohort."""
        return {
            "added_at": liked.added_at,
            "track": self.music.track(self.account.catalogue.spotify[liked.track_id], market=market),
        }

    def play(self, played: Played) -> Json:
        """An element of ``GET /me/player/recently-played``; its key is ``track`` in every cohort."""
        return {
            "track": self.music.track(self.account.catalogue.spotify[played.track_id]),
            "played_at": played.played_at,
            "context": None if played.context is None else self._context(played.context),
        }

    def _context(self, uri: str) -> Json:
        _, kind, identity = uri.split(":")
        return {
            "type": kind,
            "href": f"{self.origin}/{kind}s/{identity}",
            "external_urls": {"spotify": f"https://open.spotify.com/{kind}/{identity}"},
            "uri": uri,
        }
