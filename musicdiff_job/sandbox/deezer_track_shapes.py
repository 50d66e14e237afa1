"""The six JSON shapes of a track on the public API, key for key as recorded in 2026.

Theory. Which keys a track has depends on the list it stands in, and clients break on the difference. Each shape is
one function, and the tests compare its keys with the recordings.
"""

from __future__ import annotations

from musicdiff_job.sandbox.catalogue import Catalogue, DeezerTrack
from musicdiff_job.sandbox.deezer_account import DeezerAccount
from musicdiff_job.sandbox.deezer_library import PlaylistEntry
from musicdiff_job.sandbox.deezer_pieces import (
    COUNTRIES,
    WEB,
    Json,
    album_keys,
    album_tail,
    artist_head,
    artist_names,
    artist_tail,
    artist_wide,
    as_recorded,
    contributor,
    cover_hash,
    explicit_keys,
    hex_digest,
    middle_keys,
    picture_keys,
    preview_link,
    share_link,
    title_keys,
    upc,
    without,
)
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches


class TrackShapes:
    """Renders tracks for one caller: ``signed_in`` decides what is readable (account's country, or the address's)."""

    def __init__(
        self, account: DeezerAccount, catalogue: Catalogue, switches: DeezerSwitches, *, signed_in: bool
    ) -> None:
        self._account = account
        self._catalogue = catalogue
        self._switches = switches
        self._signed_in = signed_in

    def full_track(self, track: DeezerTrack) -> Json:
        """``GET /track/{id}``."""
        readable = self.readable(track)
        row: Json = {
            **title_keys(track, readable),
            "isrc": track.isrc,
            "link": f"{WEB}/track/{track.id}",
            "share": share_link("track", track.id),
            "duration": track.duration,
            "track_position": self._position(track),
            "disk_number": 1,
            "rank": track.rank,
            "release_date": track.release_date or "1900-01-01",
            **explicit_keys(track),
            "preview": preview_link(track, readable),
            "bpm": 0,
            "gain": -(track.id % 120) / 10 - 0.1,
            "available_countries": [c for c in COUNTRIES if readable or c != self._account.country],
            "contributors": [contributor(name) for name in artist_names(track)],
            "md5_image": cover_hash(track.album_id),
            "track_token": hex_digest(f"token{track.id}"),
            "artist": artist_wide(track.artist),
            "album": {
                **album_keys(track, link=True),
                "release_date": track.release_date or "1900-01-01",
                **album_tail(track.album_id),
            },
            "type": "track",
        }
        return as_recorded(track, row)

    def search_row(self, track: DeezerTrack) -> Json:
        """A row of ``/search``; ``isrc`` since 2026."""
        readable = self.readable(track)
        row: Json = {
            **title_keys(track, readable),
            **self._isrc(track),
            **middle_keys(track),
            "preview": preview_link(track, readable),
            "md5_image": cover_hash(track.album_id),
            **self._alternative(track, readable),
            "artist": {
                **artist_head(track, link=True),
                **picture_keys("artist", track.artist_id),
                **artist_tail(track),
            },
            "album": {**album_keys(track), **album_tail(track.album_id)},
            "type": "track",
        }
        return as_recorded(track, row)

    def top_row(self, track: DeezerTrack) -> Json:
        """A row of ``/artist/{id}/top``: a search row with all contributors."""
        row = self.search_row(track)
        row["contributors"] = [contributor(name) for name in artist_names(track)]
        return as_recorded(track, row)

    def playlist_row(self, entry: PlaylistEntry, *, embedded: bool) -> Json | None:
        """A row of ``/playlist/{id}/tracks``, or embedded in ``/playlist/{id}``, where the artist has no pictures.
        None when the catalogue no longer has the track: Deezer counts it but does not list it."""
        track = self._catalogue.deezer_by_id.get(entry.track_id)
        if track is None or entry.hidden:
            return None
        readable = self.readable(track)
        pictures = {} if embedded else picture_keys("artist", track.artist_id)
        album = album_keys(track)
        if self._switches.row_isrc:
            album = {"id": album.pop("id"), "title": album.pop("title"), "upc": upc(track.album_id), **album}
        row: Json = {
            **title_keys(track, readable),
            **self._isrc(track),
            **middle_keys(track),
            "preview": preview_link(track, readable),
            "md5_image": cover_hash(track.album_id),
            "time_add": entry.time_add,
            **self._alternative(track, readable),
            "artist": {**artist_head(track, link=True), **pictures, **artist_tail(track)},
            "album": {**album, **album_tail(track.album_id)},
            "type": "track",
        }
        return as_recorded(track, row)

    def favourite_row(self, entry: PlaylistEntry) -> Json | None:
        """A row of ``/user/{id}/tracks``: no ISRC, no preview, no short title. None as in :meth:`playlist_row`."""
        track = self._catalogue.deezer_by_id.get(entry.track_id)
        if track is None or entry.hidden:
            return None
        row: Json = {
            "id": track.id,
            "readable": self.readable(track),
            "title": track.title,
            **middle_keys(track),
            "md5_image": cover_hash(track.album_id),
            "time_add": entry.time_add,
            "album": {**album_keys(track), **album_tail(track.album_id)},
            "artist": {**artist_head(track), **picture_keys("artist", track.artist_id), **artist_tail(track)},
            "type": "track",
        }
        return as_recorded(track, row)

    def album_row(self, track: DeezerTrack) -> Json:
        """A row of ``/album/{id}/tracks``: ISRC and position, no album."""
        readable = self.readable(track)
        row: Json = {
            **title_keys(track, readable),
            "isrc": track.isrc,
            "link": f"{WEB}/track/{track.id}",
            "duration": track.duration,
            "track_position": self._position(track),
            "disk_number": 1,
            "rank": track.rank,
            **explicit_keys(track),
            "preview": preview_link(track, readable),
            "md5_image": cover_hash(track.album_id),
            "artist": {**artist_head(track), **artist_tail(track)},
            "type": "track",
        }
        return as_recorded(track, row)

    def embedded_album_row(self, track: DeezerTrack) -> Json:
        """A row inside ``/album/{id}``: neither ISRC nor position."""
        readable = self.readable(track)
        row: Json = {
            **title_keys(track, readable),
            **middle_keys(track),
            "preview": preview_link(track, readable),
            "md5_image": cover_hash(track.album_id),
            "artist": {**artist_head(track), **artist_tail(track)},
            "album": {**album_keys(track), **album_tail(track.album_id)},
            "type": "track",
        }
        return as_recorded(track, row)

    def readable(self, track: DeezerTrack) -> bool:
        """Whether this caller can play it."""
        return self._account.readable(track.id, track.readable, signed_in=self._signed_in)

    def _isrc(self, track: DeezerTrack) -> Json:
        return {"isrc": track.isrc} if self._switches.row_isrc else {}

    def _alternative(self, track: DeezerTrack, readable: bool) -> Json:
        other = self._catalogue.deezer_by_id.get(track.alternative)
        if readable or other is None:
            return {}
        row = without(self.search_row(other), {"title_version", "isrc", "md5_image", "alternative"})
        row["album"] = without(row["album"], {"md5_image"})
        return {"alternative": row}

    def _position(self, track: DeezerTrack) -> int:
        if "album" in track.absent:
            return 1
        album = self._catalogue.albums[track.album_id]
        return 1 + next(at for at, other in enumerate(album.tracks) if other.id == track.id)
