"""What the job does on Spotify besides reading, where hand edits flow back: search, append, remove.

Facts (documented in the Web API reference and, for the paths, in the February 2026 migration guide): at most 100 items
a call, named by URI; additions go to the end, twice is allowed; a removal takes every copy of a URI and may name the
snapshot that it was decided on; both answer the new snapshot id. The new path is ``/items``, the old one ``/tracks``;
a removed path answers 403. ``/search`` gives restricted apps at most 10 rows. Public playlists need another scope than
private ones.

A write that is refused for its path was not applied, so the other path may be tried; nothing else is tried twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from musicdiff_job.core.errors import AuthError, BadAnswer, Forbidden
from musicdiff_job.core.model import CollectionHead, SourceId, Track
from musicdiff_job.core.questions import ByFields, ByIsrc, BySearch
from musicdiff_job.spotify import decode
from musicdiff_job.spotify.client import SpotifySource

if TYPE_CHECKING:
    from spotipy import Spotify

BATCH = 100
"""Items of one write (documented)."""
ROWS = 10
"""Rows of one search: the most that restricted apps get (documented)."""
PUBLIC = "playlist-modify-public"
PRIVATE = "playlist-modify-private"


class SpotifyWrites:
    """``ports.SourceWrites`` over the account that is read. Used serially."""

    def __init__(self, source: SpotifySource) -> None:
        self._source = source

    @property
    def batch(self) -> int:
        """See ``SourceWrites.batch``."""
        return BATCH

    def missing(self, head: CollectionHead) -> str:
        """See ``SourceWrites.missing``."""
        granted = self._source.scopes()
        # A playlist whose privacy Spotify does not tell may be either.
        needed = {True: (PUBLIC,), False: (PRIVATE,), None: (PUBLIC, PRIVATE)}[head.public]
        return "" if granted is None else " and ".join(scope for scope in needed if scope not in granted)

    def find(self, question: ByIsrc | BySearch | ByFields) -> tuple[Track, ...]:
        """See ``SourceWrites.find``."""
        query = _query(question)
        return decode.found(self._source.call("search", lambda api: api.search(query, limit=ROWS, type="track")))

    def append(self, head: CollectionHead, tracks: Sequence[SourceId]) -> str:
        """See ``SourceWrites.append``."""
        uris = {"uris": _uris(tracks)}
        return self._write(head, "POST", {"items": uris, "tracks": uris})

    def remove(self, head: CollectionHead, tracks: Sequence[SourceId], snapshot: str) -> str:
        """See ``SourceWrites.remove``."""
        rows = [{"uri": uri} for uri in _uris(tracks)]
        bodies = {name: {name: rows, "snapshot_id": snapshot} for name in ("items", "tracks")}
        return self._write(head, "DELETE", bodies)

    def _write(self, head: CollectionHead, method: str, bodies: dict[str, dict[str, Any]]) -> str:
        """One write by the path that this app has, each path with its own body."""
        if self._source.legacy:
            return self._once(head, method, "tracks", bodies["tracks"])
        try:
            return self._once(head, method, "items", bodies["items"])
        except Forbidden as error:
            refusal = error
        try:
            return self._once(head, method, "tracks", bodies["tracks"])
        except Forbidden:
            raise refusal from None

    def _once(self, head: CollectionHead, method: str, name: str, payload: dict[str, Any]) -> str:
        path = f"playlists/{head.id.rpartition(':')[2]}/{name}"

        def ask(spotify: Spotify) -> Any:
            # spotipy 2.26 knows the new path only, and sends a bare list where the reference has an object.
            return (spotify._post if method == "POST" else spotify._delete)(path, payload=payload)

        try:
            body = self._source.call(f"change of {head.name!r}", ask, write=True)
        except AuthError as error:
            if "scope" not in error.message.lower():
                raise
            # The consent did not say that it covers less; reading goes on.
            raise Forbidden(error.message, error.hint) from None
        if (snapshot := decode.snapshot(body)) is None:
            raise BadAnswer(f"Spotify did not say what it made of the change of {head.name!r}", "The next run looks")
        return snapshot


def _uris(tracks: Sequence[SourceId]) -> list[str]:
    return [f"spotify:track:{track}" for track in tracks]


def _query(question: ByIsrc | BySearch | ByFields) -> str:
    match question:
        case ByIsrc(isrc):
            return f"isrc:{isrc}"
        case BySearch(text):
            return text
        case ByFields(artist, title):
            return f"artist:{artist} track:{title}"
