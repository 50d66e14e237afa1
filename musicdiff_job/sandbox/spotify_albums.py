"""The albums and artists of the sandbox's Spotify, worked out from its tracks.

Theory. The catalogue's rows are tracks. An album is the tracks of one album title and main artist, in catalogue order;
an artist is a name. What no recording has is derived from what Deezer's side of the catalogue is known to hold: an
album has the bar code, and the number of tracks, of the Deezer album on which the known counterparts of its tracks
stand, if that is of the same name by the same artist. Neither side's albums are whole, so counting each side's rows
would make two albums of what is one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import lru_cache

import msgspec

from musicdiff_job.sandbox.catalogue import Catalogue, DeezerAlbum, SpotifyTrack, words
from musicdiff_job.sandbox.spotify_library import base62_id


class SpotifyAlbum(msgspec.Struct, frozen=True, gc=False):
    """An album with those of its tracks that the catalogue has. ``size`` is the number of tracks it is said to have;
    ``upc`` is empty and ``deezer_id`` 0 where the counterpart is not known. No service serves ``deezer_id``."""

    id: str
    name: str
    artist: str
    tracks: tuple[SpotifyTrack, ...]
    size: int
    year: int = 0
    upc: str = ""
    deezer_id: int = 0


def album_id(artist: str, album: str) -> str:
    """The id of an album of a main artist."""
    return base62_id("album", artist, album)


def artist_id(name: str) -> str:
    """The id of an artist."""
    return base62_id("artist", name)


@lru_cache(maxsize=16)
def albums_of(catalogue: Catalogue) -> dict[str, SpotifyAlbum]:
    """Every album by id, in catalogue order."""
    grouped: dict[tuple[str, str], list[SpotifyTrack]] = defaultdict(list)
    for track in catalogue.spotify.values():
        if track.album and track.artists:
            grouped[track.artists[0], track.album].append(track)
    albums = (_album(catalogue, artist, name, tuple(tracks)) for (artist, name), tracks in grouped.items())
    return {album.id: album for album in albums}


@lru_cache(maxsize=16)
def artists_of(catalogue: Catalogue) -> dict[str, str]:
    """The name of every artist by id, in catalogue order."""
    return {artist_id(name): name for track in catalogue.spotify.values() for name in track.artists}


def _album(catalogue: Catalogue, artist: str, name: str, tracks: tuple[SpotifyTrack, ...]) -> SpotifyAlbum:
    twin = _counterpart(catalogue, artist, name, tracks)
    return SpotifyAlbum(
        id=album_id(artist, name),
        name=name,
        artist=artist,
        tracks=tracks,
        size=len(twin.tracks) if twin else len(tracks),
        year=max(track.year for track in tracks),
        upc=f"{twin.id:013d}" if twin else "",
        deezer_id=twin.id if twin else 0,
    )


def _counterpart(catalogue: Catalogue, artist: str, name: str, tracks: tuple[SpotifyTrack, ...]) -> DeezerAlbum | None:
    known = (catalogue.deezer_by_id.get(track.deezer_id) for track in tracks)
    found = Counter(row.album_id for row in known if row is not None and "album" not in row.absent)
    if not found:
        return None
    twin = catalogue.albums[found.most_common(1)[0][0]]
    same = words(twin.title) == words(name) and words(twin.artist) == words(artist)
    return twin if same else None
