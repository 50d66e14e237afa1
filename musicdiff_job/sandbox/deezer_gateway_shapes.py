"""The JSON shapes of the web gateway: upper-case keys, and numbers that are sometimes text.

Theory. No recording of the gateway exists with a licence that lets it be shipped, so the keys are those that several
other clients read. Ids and counts come as text or as numbers, even within one answer (observed live); ``FILESIZE`` is
``"0"`` on rows that are not playable and ``FALLBACK`` names a copy that is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from musicdiff_job.sandbox.catalogue import Catalogue, DeezerAlbum, DeezerArtist, DeezerTrack, deezer_artist_id
from musicdiff_job.sandbox.deezer_account import DeezerAccount, Session
from musicdiff_job.sandbox.deezer_library import DeezerLibrary, DeezerPlaylist, PlaylistEntry
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches

Json = dict[str, Any]

COLLABORATIVE: Final = 2
"""The ``status`` number of a collaborative playlist; public and private are 0 and 1, see the switches."""


class GatewayShapes:
    """Renders one answer; ids change type along it when the switch says ``mixed``."""

    def __init__(self, account: DeezerAccount, catalogue: Catalogue, switches: DeezerSwitches) -> None:
        self._account = account
        self._catalogue = catalogue
        self._switches = switches
        self._text_next = True

    def number(self, value: int) -> int | str:
        """An id or count as this answer happens to type it."""
        match self._switches.id_types:
            case "int":
                return value
            case "string":
                return str(value)
            case "mixed":
                self._text_next = not self._text_next
                return value if self._text_next else str(value)

    def user_data(self, session: Session) -> Json:
        """``deezer.getUserData``; a visitor has the user id 0."""
        signed_in = session.signed_in
        return {
            "USER": {
                "USER_ID": self.number(self._account.user_id) if signed_in else 0,
                "BLOG_NAME": self._account.name if signed_in else "",
                "LOVEDTRACKS_ID": self.number(self._account.loved_id) if signed_in else 0,
                "OPTIONS": {
                    "license_token": "sandbox",
                    "license_country": self._account.country,
                    "web_hq": signed_in,
                    "web_lossless": False,
                },
                "SETTING": {"global": {"language": "en"}},
                "MULTI_ACCOUNT": {"ENABLED": False, "IS_SUB_ACCOUNT": False},
            },
            "SESSION_ID": session.sid,
            "COUNTRY": self._account.country,
            "OFFER_ID": 1 if signed_in else 0,
            "OFFER_NAME": "Sandbox",
            "checkForm": session.csrf,
            "checkFormLogin": hashlib.md5(session.sid.encode(), usedforsecurity=False).hexdigest(),
            "__TYPE__": "user",
        }

    def song(self, track: DeezerTrack) -> Json:
        """A song row; the ISRC is on every one, the version stands apart from the title."""
        readable = self._account.readable(track.id, track.readable, signed_in=True)
        fallback = self._catalogue.deezer_by_id.get(track.alternative)
        names = track.contributors or (track.artist,)
        row: Json = {
            "SNG_ID": self.number(track.id),
            "SNG_TITLE": track.title_short,
            "VERSION": track.title_version,
            "ART_ID": self.number(track.artist_id),
            "ART_NAME": track.artist,
            "ARTISTS": [
                {
                    "ART_ID": self.number(deezer_artist_id(name)),
                    "ART_NAME": name,
                    "ROLE_ID": "0",
                    "ARTISTS_SONGS_ORDER": str(at),
                    "__TYPE__": "artist",
                }
                for at, name in enumerate(names)
            ],
            "ALB_ID": self.number(track.album_id),
            "ALB_TITLE": track.album,
            "ALB_PICTURE": hashlib.md5(f"cover{track.album_id}".encode(), usedforsecurity=False).hexdigest(),
            "DURATION": str(track.duration),
            "ISRC": track.isrc,
            "TRACK_NUMBER": "1",
            "DISK_NUMBER": "1",
            "RANK_SNG": self.number(track.rank),
            "EXPLICIT_LYRICS": str(int(track.explicit)),
            "EXPLICIT_TRACK_CONTENT": {
                "EXPLICIT_LYRICS_STATUS": int(track.explicit),
                "EXPLICIT_COVER_STATUS": 0,
            },
            "FILESIZE": str(track.duration * 16_000) if readable else "0",
            "RIGHTS": {"STREAM_ADS_AVAILABLE": readable} if readable else [],
            "TRACK_TOKEN": hashlib.md5(f"token{track.id}".encode(), usedforsecurity=False).hexdigest(),
            "__TYPE__": "song",
        }
        if not readable and fallback is not None:
            row["FALLBACK"] = {"SNG_ID": self.number(fallback.id), "ISRC": fallback.isrc, "__TYPE__": "song"}
        return row

    def songs(self, playlist: DeezerPlaylist, start: int, nb: int) -> Json:
        """A page of a playlist. ``total`` and ``start`` count hidden entries, ``filtered_count`` says how many of them
        lie in this page; ``nb`` below 0 means all, up to the switch's cap."""
        entries = list(playlist.entries.values())
        cap = self._switches.gateway_songs_cap
        wanted = len(entries) if nb < 0 else nb
        taken = entries[start : start + (wanted if cap is None else min(wanted, cap))]
        data = [self._entry(track, entry) for entry in taken if (track := self._listed(entry)) is not None]
        page: Json = {
            "data": data,
            "count": self.number(len(data)),
            "total": self.number(len(entries)),
            "filtered_count": self.number(len(taken) - len(data)),
            "filtered_items": [],
            "checksum": playlist.checksum(self._switches),
        }
        if start + len(taken) < len(entries):
            page["next"] = start + len(taken)
        return page

    def favourite_ids(self, loved: DeezerPlaylist, start: int, nb: int) -> Json:
        """``song.getFavoriteIds``: ids with the time of liking, oldest first."""
        entries = [entry for entry in loved.entries.values() if not entry.hidden]
        taken = entries[start : start + nb] if nb >= 0 else entries[start:]
        return {
            "data": [
                {"SNG_ID": self.number(entry.track_id), "DATE_FAVORITE": self.number(entry.time_add)} for entry in taken
            ],
            "count": self.number(len(taken)),
            "total": self.number(len(entries)),
            "checksum": loved.checksum(self._switches),
        }

    def found_songs(self, tracks: Sequence[DeezerTrack]) -> Json:
        """``song.getListData``: what was found of the ids asked for."""
        return {
            "data": [self.song(track) for track in tracks],
            "count": self.number(len(tracks)),
            "total": self.number(len(tracks)),
        }

    def playlist(self, playlist: DeezerPlaylist, *, listed: bool) -> Json:
        """A playlist's header: ``DATA`` of ``deezer.pagePlaylist``, or a row of ``deezer.pageProfile`` (``listed``)."""
        header: Json = {
            "PLAYLIST_ID": self.number(playlist.id),
            "TITLE": playlist.title,
            "TYPE": "4" if playlist.loved else "0",
            "STATUS": self.number(self.status(playlist)),
            "PARENT_USER_ID": self.number(playlist.creator_id),
            "PARENT_USERNAME": playlist.creator_name,
            "PARENT_USER_PICTURE": "",
            "PLAYLIST_PICTURE": "",
            "PICTURE_TYPE": "cover",
            "NB_SONG": self.number(len(playlist.entries)),
            "NB_FAN": playlist.fans,
            "DURATION": self._duration(playlist),
            "DATE_ADD": _date(playlist.created),
            "DATE_MOD": _date(playlist.modified),
            "DATE_CREATE": _date(playlist.created),
            "__TYPE__": "playlist",
        }
        if not listed:
            header["DESCRIPTION"] = playlist.description
        if not listed or self._switches.profile_checksum:
            header["CHECKSUM"] = playlist.checksum(self._switches)
        return header

    def status(self, playlist: DeezerPlaylist) -> int:
        """The ``status`` number: collaborative, public or private."""
        if playlist.collaborative:
            return COLLABORATIVE
        return self._switches.public_status if playlist.public else 1 - self._switches.public_status

    def profile_tab(self, library: DeezerLibrary, tab: str, nb: int) -> Json | None:
        """One tab of ``deezer.pageProfile``, a single page; None for a tab that does not exist."""
        match tab:
            case "playlists":
                rows = [self.playlist(playlist, listed=True) for playlist in library.listed()]
            case "loved":
                return self.songs(library.loved(), 0, nb)
            case "albums":
                rows = [self._album(self._catalogue.albums[album], since) for album, since in library.albums.items()]
            case "artists":
                rows = [self._artist(self._catalogue.artists[key], since) for key, since in library.artists.items()]
            case _:
                return None
        page = rows if nb < 0 else rows[:nb]
        return {"data": page, "count": self.number(len(page)), "total": self.number(len(rows))}

    def _entry(self, track: DeezerTrack, entry: PlaylistEntry) -> Json:
        return {**self.song(track), "DATE_ADD": self.number(entry.time_add)}

    def _listed(self, entry: PlaylistEntry) -> DeezerTrack | None:
        return None if entry.hidden else self._catalogue.deezer_by_id.get(entry.track_id)

    def _duration(self, playlist: DeezerPlaylist) -> int:
        found = (self._catalogue.deezer_by_id.get(key) for key in playlist.entries)
        return sum(track.duration for track in found if track is not None)

    def _album(self, album: DeezerAlbum, since: int) -> Json:
        return {
            "ALB_ID": self.number(album.id),
            "ALB_TITLE": album.title,
            "ART_ID": self.number(album.artist_id),
            "ART_NAME": album.artist,
            "NUMBER_TRACK": str(len(album.tracks)),
            "DATE_FAVORITE": self.number(since),
            "__TYPE__": "album",
        }

    def _artist(self, artist: DeezerArtist, since: int) -> Json:
        return {
            "ART_ID": self.number(artist.id),
            "ART_NAME": artist.name,
            "NB_FAN": artist.id % 1_000_000,
            "DATE_FAVORITE": self.number(since),
            "__TYPE__": "artist",
        }


def _date(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
