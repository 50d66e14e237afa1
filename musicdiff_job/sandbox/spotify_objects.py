"""Spotify's JSON for what one listens to: tracks with albums and artists, episodes with shows, local files.

Restricted apps no longer get ``available_markets``, ``popularity`` and ``publisher`` (documented in the February 2026
migration guide); ``external_ids`` stays.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote_plus

from musicdiff_job.sandbox.catalogue import SpotifyTrack
from musicdiff_job.sandbox.spotify_albums import SpotifyAlbum, album_id, artist_id
from musicdiff_job.sandbox.spotify_library import Episode, LocalFile, base62_id

Json = dict[str, Any]

ALBUM_TRACKS: Final = 50
"""How many tracks an album holds in a list of albums."""
LEGACY_MARKETS: Final = ("DE", "FR", "GB", "US")
"""A token list of markets: which ones does not matter here, only that legacy apps get the field."""


class MusicObjects:
    """Renders for one origin (put into every ``href``), with or without the fields that restricted apps lost."""

    def __init__(self, origin: str, restricted: bool) -> None:
        self.origin: Final = origin
        self.restricted: Final = restricted

    def track(self, track: SpotifyTrack, *, market: bool = False) -> Json:
        """A full track object. ``external_ids`` is empty where no ISRC is known, as it is on Spotify at times."""
        shown: Json = {
            "album": self._album(track),
            "artists": [self._artist(name) for name in track.artists],
            "disc_number": 1,
            "duration_ms": track.duration_ms,
            "explicit": track.explicit,
            "external_ids": {"isrc": track.isrc} if track.isrc else {},
            "external_urls": {"spotify": f"https://open.spotify.com/track/{track.id}"},
            "href": f"{self.origin}/tracks/{track.id}",
            "id": track.id,
            "is_local": False,
            "name": track.name,
            "preview_url": None,
            "track_number": 1,
            "type": "track",
            "uri": f"spotify:track:{track.id}",
        }
        if market:
            shown["is_playable"] = True
        if not self.restricted:
            shown |= {"available_markets": list(LEGACY_MARKETS), "popularity": 50}
        return shown

    def album(self, album: SpotifyAlbum) -> Json:
        """A full album object with the first 50 of its tracks, simplified ones: without ISRC (documented)."""
        shown = self._album_head(album.artist, album.name, album.year, album.size, single=album.size < 4)
        href = f"{self.origin}/albums/{album.id}/tracks"
        rows = [self._album_track(track, at) for at, track in enumerate(album.tracks[:ALBUM_TRACKS], 1)]
        shown |= {
            "copyrights": [],
            "external_ids": {"upc": album.upc} if album.upc else {},
            "genres": [],
            "tracks": {
                "href": f"{href}?offset=0&limit={ALBUM_TRACKS}",
                "items": rows,
                "limit": ALBUM_TRACKS,
                "next": f"{href}?offset={ALBUM_TRACKS}&limit={ALBUM_TRACKS}" if album.size > ALBUM_TRACKS else None,
                "offset": 0,
                "previous": None,
                "total": album.size,
            },
        }
        if not self.restricted:
            shown |= {"label": "Sandbox Records", "popularity": 50}
        return shown

    def artist(self, name: str) -> Json:
        """A full artist object."""
        shown: Json = {**self._artist(name), "genres": [], "images": []}
        if not self.restricted:
            shown |= {"followers": {"href": None, "total": 0}, "popularity": 50}
        return shown

    def _album_track(self, track: SpotifyTrack, number: int) -> Json:
        full = self.track(track)
        lost = ("album", "external_ids", "popularity")
        return {**{key: value for key, value in full.items() if key not in lost}, "track_number": number}

    def _album(self, track: SpotifyTrack) -> Json:
        return self._album_head(track.artists[0], track.album, track.year, 1, single=track.album == track.name)

    def _album_head(self, artist: str, name: str, year: int, size: int, *, single: bool) -> Json:
        identity = album_id(artist, name)
        album: Json = {
            "album_type": "single" if single else "album",
            "artists": [self._artist(artist)],
            "external_urls": {"spotify": f"https://open.spotify.com/album/{identity}"},
            "href": f"{self.origin}/albums/{identity}",
            "id": identity,
            "images": [],
            "name": name,
            "release_date": str(year) if year else "0000",
            "release_date_precision": "year",
            "total_tracks": size,
            "type": "album",
            "uri": f"spotify:album:{identity}",
        }
        if not self.restricted:
            album["available_markets"] = list(LEGACY_MARKETS)
        return album

    def _artist(self, name: str) -> Json:
        identity = artist_id(name)
        return {
            "external_urls": {"spotify": f"https://open.spotify.com/artist/{identity}"},
            "href": f"{self.origin}/artists/{identity}",
            "id": identity,
            "name": name,
            "type": "artist",
            "uri": f"spotify:artist:{identity}",
        }

    # Episodes

    def episode(self, episode: Episode) -> Json:
        """An episode for a client that asked for episodes."""
        show_id = base62_id("show", episode.show)
        show: Json = {
            "copyrights": [],
            "description": "",
            "explicit": False,
            "external_urls": {"spotify": f"https://open.spotify.com/show/{show_id}"},
            "href": f"{self.origin}/shows/{show_id}",
            "html_description": "",
            "id": show_id,
            "images": [],
            "is_externally_hosted": False,
            "languages": ["en"],
            "media_type": "audio",
            "name": episode.show,
            "total_episodes": 1,
            "type": "show",
            "uri": f"spotify:show:{show_id}",
        }
        if not self.restricted:
            show |= {"available_markets": list(LEGACY_MARKETS), "publisher": episode.show}
        return {
            "audio_preview_url": None,
            "description": "",
            "duration_ms": episode.seconds * 1000,
            "explicit": False,
            "external_urls": {"spotify": f"https://open.spotify.com/episode/{episode.id}"},
            "href": f"{self.origin}/episodes/{episode.id}",
            "html_description": "",
            "id": episode.id,
            "images": [],
            "is_externally_hosted": False,
            "is_playable": True,
            "language": "en",
            "languages": ["en"],
            "name": episode.name,
            "release_date": "2026-01-01",
            "release_date_precision": "day",
            "show": show,
            "type": "episode",
            "uri": f"spotify:episode:{episode.id}",
        }

    def episode_as_track(self, episode: Episode) -> Json:
        """An episode for a client that did not ask for episodes: in the form of a track, flags and all
        (spotify/web-api issue 1528)."""
        disguised = self.track(
            SpotifyTrack(episode.id, episode.name, (episode.show,), episode.show, episode.seconds * 1000)
        )
        return disguised | {
            "type": "episode",
            "uri": f"spotify:episode:{episode.id}",
            "href": f"{self.origin}/episodes/{episode.id}",
            "external_urls": {"spotify": f"https://open.spotify.com/episode/{episode.id}"},
            "is_playable": False,
            "track": True,
            "episode": False,
        }


def local_file(local: LocalFile) -> Json:
    """A local file: known by its URI only, every id is null (recorded, tekore issue 200). The URI's parts are quoted
    like a query, but a colon stays as it is, so that its last part alone is safe to split off."""
    parts = (local.artist, local.album, local.title, str(local.seconds))
    return {
        "album": {
            "album_type": None,
            "artists": [],
            "external_urls": {},
            "href": None,
            "id": None,
            "images": [],
            "name": local.album,
            "release_date": None,
            "release_date_precision": None,
            "type": "album",
            "uri": None,
        },
        "artists": [
            {
                "external_urls": {},
                "href": None,
                "id": None,
                "name": local.artist,
                "type": "artist",
                "uri": None,
            }
        ],
        "disc_number": 0,
        "duration_ms": local.seconds * 1000,
        "explicit": False,
        "external_ids": {},
        "external_urls": {},
        "href": None,
        "id": None,
        "is_local": True,
        "name": local.title,
        "preview_url": None,
        "track_number": 0,
        "type": "track",
        "uri": "spotify:local:" + ":".join(quote_plus(part, safe=":") for part in parts),
    }
