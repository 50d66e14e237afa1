"""Deezer's public catalogue: look-ups by ISRC, bar code, free text, fields and id, without any account.

Theory. The public API still answers catalogue questions without a token, so matching works for those who have an ARL
only. What it finds depends on the country of the asking address, and ``readable`` with it (observed by other clients).

Free text is the better question: as soon as one ``field:"value"`` is present the free words are discarded, and
``track:"Get Lucky" artist:"Daft Punk"`` was seen to find nothing where the plain words find it first (measured by
https://github.com/beetbox/beets/pull/6895). Search answers are candidates, not matches; judging is the core's work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never
from urllib.parse import quote

import msgspec

from musicdiff_job.core.errors import BadAnswer, NotFound
from musicdiff_job.core.model import Service, Track
from musicdiff_job.core.questions import (
    AlbumById,
    AlbumByUpc,
    AlbumSearch,
    AlbumsOf,
    ArtistSearch,
    ByAlbum,
    ByArtist,
    ByFields,
    ById,
    ByIsrc,
    BySearch,
    Question,
    Sweep,
)
from musicdiff_job.core.secret import Redactor
from musicdiff_job.deezer import decode
from musicdiff_job.deezer.fields import obj
from musicdiff_job.deezer.public_api import PublicApi

if TYPE_CHECKING:
    from musicdiff_job.ports import Door

CANDIDATES = 25
"""Rows of one search: the service's own default."""
SWEPT = 100
"""Rows of one sweep: as many as one answer of any list has been seen to hold."""
UPC_DIGITS = 12
"""A bar code of fewer digits is one whose leading zeros were left out."""
LONGEST_QUERY = 300
"""Characters of a search that are sent; it travels in the URL, and no title needs more to be found."""


class DeezerCatalogue:
    """``ports.Catalogue`` over the public API. ``close`` it. Safe to use from several threads."""

    def __init__(self, door: Door, redactor: Redactor, api_url: str) -> None:
        self._door = door
        # It sends no secret, but who answers may know some from elsewhere.
        self._api = PublicApi(api_url, redactor)

    def close(self) -> None:
        """Close the connections."""
        self._api.close()

    def ask(self, question: Question | Sweep) -> tuple[Track, ...]:
        """See ``ports.Catalogue``. An ISRC gives one arbitrary copy of the recording, playable or not."""
        match question:
            case ByIsrc(isrc):
                return self._one(f"track/isrc:{quote(isrc, safe='')}", decode.track, "a track")
            case ById(track_id):
                return self._one(f"track/{quote(track_id, safe='')}", decode.track, "a track")
            case BySearch(text):
                return self._search(text)
            case ByFields(artist, title):
                return self._search(" ".join(_field(name, value) for name, value in _named(artist, title)))
            case ByAlbum(album, title):
                rows = self._rows(f"album/{quote(album, safe='')}/tracks", {"limit": str(SWEPT)})
                return tuple(msgspec.structs.replace(row, album=title, album_id=album) for row in rows)
            case ByArtist(artist):
                return self._rows(f"artist/{quote(artist, safe='')}/top", {"limit": str(SWEPT)})
            case AlbumByUpc(upc):
                # Deezer writes bar codes with twelve digits or more (recorded).
                return self._one(f"album/upc:{quote(upc.zfill(UPC_DIGITS), safe='')}", decode.album, "an album")
            case AlbumById(album):
                return self._one(f"album/{quote(album, safe='')}", decode.album, "an album")
            case AlbumSearch(text):
                return self._search(text, "search/album", decode.album)
            case ArtistSearch(name):
                return self._search(name, "search/artist", decode.artist)
            case AlbumsOf(artist, name):
                rows = self._rows(f"artist/{quote(artist, safe='')}/albums", {"limit": str(SWEPT)}, decode.album)
                return tuple(msgspec.structs.replace(row, artists=(name,), artist_id=artist) for row in rows)
            case _:
                assert_never(question)

    def _one(self, path: str, read: decode.Reader, what: str) -> tuple[Track, ...]:
        answer = self._get(path, {})
        if answer is None:
            return ()
        if (found := read(answer)) is None:
            # Deezer says in so many words when it has no such thing; an answer without an id does not say it.
            raise BadAnswer(f"Deezer's catalogue answered with {what} without an id")
        return (found,)

    def _search(self, query: str, path: str = "search", read: decode.Reader = decode.track) -> tuple[Track, ...]:
        if not query.strip():
            return ()
        return self._rows(path, {"q": query[:LONGEST_QUERY], "limit": str(CANDIDATES)}, read)

    def _rows(self, path: str, params: dict[str, str], read: decode.Reader = decode.track) -> tuple[Track, ...]:
        answer = self._get(path, params)
        if "data" not in obj(answer):
            # Other clients met objects without rows as the answer to odd queries.
            return ()
        return tuple(row for row in map(read, decode.page(answer).rows) if row is not None)

    def _get(self, path: str, params: dict[str, str]) -> object:
        """The answer, None when Deezer has no such thing: error 800, with HTTP 200 or 404 (both in use by clients)."""
        try:
            return self._door.call(
                Service.DEEZER, lambda timeout: self._api.request("GET", path, timeout, params=params)
            )
        except NotFound:
            return None


def _named(artist: str, title: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in (("artist", artist), ("track", title)) if value.strip())


def _field(name: str, value: str) -> str:
    """One search field. No way of escaping a quotation mark is known; clients leave them out."""
    return f'{name}:"{value.replace(chr(34), " ").strip()}"'
