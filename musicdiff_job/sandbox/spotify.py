"""Spotify's Web API as a sandbox service: paths, permissions, paging and errors.

Which paths and names an app gets depends on its cohort (see ``spotify_render``). The removed paths answer 403
``Forbidden``, not 404 (observed by other clients); the same status stands for playlists of others and missing scopes.
``next`` links are absolute and stay on the sandbox's own origin. Of the writes only those to a playlist's entries are
served; the sandbox's tokens lack the scopes for them unless it was told otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import msgspec

from musicdiff_job.sandbox import spotify_playlist_writes
from musicdiff_job.sandbox.http import Request, Response
from musicdiff_job.sandbox.spotify_accounts import SpotifyGrants
from musicdiff_job.sandbox.spotify_fields import FieldsError, parse_fields
from musicdiff_job.sandbox.spotify_library import ListEntry, SpotifyPlaylist
from musicdiff_job.sandbox.spotify_objects import Json
from musicdiff_job.sandbox.spotify_render import Cohort, Renderer
from musicdiff_job.sandbox.spotify_search import search
from musicdiff_job.sandbox.world import SpotifyAccount

EMBEDDED_ENTRIES: Final = 100
"""How many entries a full playlist embeds (observed by other clients)."""
MAX_OFFSET: Final = 100_000
MAX_IDS: Final = 50
MAX_TIME: Final = 253_402_300_800_000
"""Unix milliseconds; the year 10000."""

REMOVED_FOR_RESTRICTED: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"/playlists/[^/]+/(tracks|followers.*)",
        r"/(tracks|albums|artists|episodes|shows|audiobooks|chapters)",
        r"/me/(tracks|albums|episodes|shows|audiobooks|following)/contains",
        r"/browse/.*",
        r"/artists/[^/]+/top-tracks",
        r"/markets",
        r"/users/.*",
    )
)
"""Reads that apps in development mode lost on 2026-02-11 (documented in the migration guide)."""

_T = TypeVar("_T")


class Refused(Exception):
    """The request is answered with an error object."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.response: Final = Response.of({"error": {"status": status, "message": message}}, status)


class SpotifyApi:
    """The service at ``/v1`` for one account. ``entry_key``: see ``Renderer``."""

    def __init__(
        self,
        account: SpotifyAccount,
        grants: SpotifyGrants,
        cohort: Cohort = Cohort.RESTRICTED,
        entry_key: str | None = None,
    ) -> None:
        self.account: Final = account
        self.grants: Final = grants
        self.cohort = cohort
        self.entry_key = entry_key

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        try:
            scopes = self._scopes(request)
            call = _Call(self.account, self.cohort, self.entry_key, request, scopes)
            return Response.of(call.answer(request.path.rstrip("/")), 201 if request.method == "POST" else 200)
        except Refused as refused:
            return refused.response

    def _scopes(self, request: Request) -> frozenset[str]:
        header = request.headers.get("authorization", "")
        scheme, _, token = header.partition(" ")
        if not header:
            raise Refused(401, "No token provided")
        if scheme.lower() != "bearer" or not token:
            raise Refused(400, "Only valid bearer authentication supported")
        scopes = self.grants.scopes_of(token)
        if scopes is None:
            raise Refused(401, "The access token expired" if self.grants.has_expired(token) else "Invalid access token")
        return scopes


class _Call:
    """One authorised request. Methods return the JSON of the answer or raise Refused."""

    def __init__(
        self,
        account: SpotifyAccount,
        cohort: Cohort,
        entry_key: str | None,
        request: Request,
        scopes: frozenset[str],
    ) -> None:
        self.account = account
        self.cohort = cohort
        self.request = request
        self.query = request.query
        self.scopes = scopes
        self.render = Renderer(account, cohort, request.origin, entry_key)

    def answer(self, path: str) -> Any:
        if self.cohort is Cohort.RESTRICTED and any(pattern.fullmatch(path) for pattern in REMOVED_FOR_RESTRICTED):
            raise Refused(403, "Forbidden")
        match path.strip("/").split("/"):
            case ["playlists", playlist_id, "items" | "tracks" as name] if self.request.method != "GET":
                playlist = self._playlist(playlist_id)
                return spotify_playlist_writes.write(self.account, playlist, name, self.request, self.scopes, Refused)
            case _ if self.request.method != "GET":
                raise Refused(403, "Insufficient client scope")
            case ["search"]:
                return self.search()
            case ["me"]:
                return self.render.me()
            case ["me", "playlists"]:
                return self.my_playlists()
            case ["me", "tracks"]:
                return self.my_tracks()
            case ["me", "player", "recently-played"]:
                return self.recently_played()

            case ["me", "albums"]:
                return self.my_albums()
            case ["me", "following"]:
                return self.my_artists()
            case ["playlists", playlist_id]:
                return self.playlist(playlist_id)
            case ["playlists", playlist_id, "items"]:
                return self.entries(playlist_id, "items", most=50, usual=20)
            case ["playlists", playlist_id, "tracks"]:
                return self.entries(playlist_id, "tracks", most=100, usual=100)
            case ["tracks"]:
                return self.tracks()
            case ["tracks", track_id]:
                return self.track(track_id)
            case _:
                raise Refused(404, "Service not found")

    def my_playlists(self) -> Json:
        """Own and followed playlists. What the token's scopes do not cover is missing without a word."""
        visible = [
            playlist
            for playlist in self.account.playlists()
            if (playlist.public is not False or playlist.collaborative or "playlist-read-private" in self.scopes)
            and (not playlist.collaborative or "playlist-read-collaborative" in self.scopes)
        ]
        return self._page(
            f"{self.request.origin}/me/playlists",
            visible,
            lambda playlist: None if self.account.is_hidden(playlist) else self.render.listed_playlist(playlist),
            most=50,
            usual=20,
        )

    def my_tracks(self) -> Json:
        """The liked songs, newest first."""
        self._require("user-library-read")
        market = "market" in self.query
        return self._page(
            f"{self.request.origin}/me/tracks",
            self.account.liked(),
            lambda liked: self.render.saved_track(liked, market=market),
            most=50,
            usual=20,
        )

    def recently_played(self) -> Json:
        """The last plays, newest first. Beyond the last 50 there is nothing, although ``next`` leads there (observed by
        other clients). ``after`` and ``before`` exclude each other (documented; that it is a 400 is not established).
        """
        self._require("user-read-recently-played")
        limit = self._number("limit", 1, 50, 20)
        if {"after", "before"} <= self.query.keys():
            raise Refused(400, "Only one of after or before can be specified")
        after, before = self._number("after", 0, MAX_TIME, -1), self._number("before", 0, MAX_TIME, MAX_TIME)
        plays = [play for play in self.account.played() if after < _milliseconds(play.played_at) < before][:limit]
        href = f"{self.request.origin}/me/player/recently-played"
        page: Json = {
            "items": [self.render.play(play) for play in plays],
            "next": None,
            "cursors": None,
            "limit": limit,
            "href": f"{href}?{urlencode(self.query)}" if self.query else href,
        }
        if plays:
            oldest = str(_milliseconds(plays[-1].played_at))
            page["next"] = f"{href}?{urlencode({'before': oldest, 'limit': limit})}"
            page["cursors"] = {"after": str(_milliseconds(plays[0].played_at)), "before": oldest}
        return page

    def my_albums(self) -> Json:
        """The saved albums, newest first."""
        self._require("user-library-read")
        return self._page(
            f"{self.request.origin}/me/albums", self.account.albums(), self.render.saved_album, most=50, usual=20
        )

    def my_artists(self) -> Json:
        """The followed artists, wrapped and paged by the last one's id; an ``offset`` is silently ignored (observed by
        other clients)."""
        self._require("user-follow-read")
        if self.query.get("type") != "artist":
            raise Refused(400, "Missing required parameter: type")
        limit, after = self._number("limit", 1, 50, 20), self.query.get("after", "")
        every = self.account.artists()
        left = [artist for artist in every if artist > after]
        shown = left[:limit]
        last = shown[-1] if len(left) > limit else None
        href = f"{self.request.origin}/me/following"

        def link(at: str) -> str:
            return f"{href}?{urlencode({'type': 'artist', 'limit': limit, **({'after': at} if at else {})})}"

        return {
            "artists": {
                "cursors": {"after": last},
                "href": link(after),
                "items": [self.render.followed_artist(artist) for artist in shown],
                "limit": limit,
                "next": link(last) if last else None,
                "total": len(every),
            }
        }

    def playlist(self, playlist_id: str) -> Any:
        """A playlist with its first entries, unless restricted apps may not see them."""
        playlist = self._playlist(playlist_id)
        with_entries = self.account.readable(playlist) or self.cohort is not Cohort.RESTRICTED
        href = self.render.entries_href(playlist)
        page = self._slice(href, playlist.entries, self._shown(playlist), 0, EMBEDDED_ENTRIES) if with_entries else None
        return self._filtered(self.render.full_playlist(playlist, page))

    def entries(self, playlist_id: str, name: str, *, most: int, usual: int) -> Any:
        """The entries of a playlist. ``/items`` is for owners and collaborators (documented)."""
        playlist = self._playlist(playlist_id)
        if name == "items" and not self.account.readable(playlist):
            raise Refused(403, "Forbidden")
        href = f"{self.request.origin}/playlists/{playlist.id}/{name}"
        return self._filtered(self._page(href, playlist.entries, self._shown(playlist), most=most, usual=usual))

    def tracks(self) -> Json:
        """Several tracks in the order of ``ids``, null for unknown ones."""
        ids = [track_id for track_id in self.query.get("ids", "").split(",") if track_id]
        if not ids or len(ids) > MAX_IDS:
            raise Refused(400, "Too many ids requested" if ids else "Missing required field: ids")
        market = "market" in self.query
        known = [self.account.catalogue.spotify.get(track_id) for track_id in ids]
        return {"tracks": [track and self.render.music.track(track, market=market) for track in known]}

    def search(self) -> Json:
        """Tracks that fit ``q``. Restricted apps get at most 10, and 5 unless they ask (documented)."""
        if self.query.get("type") != "track":
            raise Refused(400, "Missing parameter type" if "type" not in self.query else "Bad search type field")
        if not self.query.get("q"):
            raise Refused(400, "No search query")
        found = search(self.account.catalogue.spotify.values(), self.query["q"])
        restricted = self.cohort is Cohort.RESTRICTED
        page = self._page(
            f"{self.request.origin}/search",
            found,
            lambda track: self.render.music.track(track, market="market" in self.query),
            most=10 if restricted else 50,
            usual=5 if restricted else 20,
        )
        return {"tracks": page}

    def track(self, track_id: str) -> Json:
        """One track."""
        if not re.fullmatch(r"[0-9A-Za-z]{22}", track_id):
            raise Refused(400, "Invalid base62 id")
        track = self.account.catalogue.spotify.get(track_id)
        if track is None:
            raise Refused(404, "Resource not found")
        return self.render.music.track(track, market="market" in self.query)

    def _playlist(self, playlist_id: str) -> SpotifyPlaylist:
        playlist = self.account.playlist(playlist_id)
        if playlist is None or self.account.is_hidden(playlist):
            raise Refused(404, "Resource not found")
        if playlist.public is not True:
            self._require("playlist-read-private")
        return playlist

    def _shown(self, playlist: SpotifyPlaylist) -> Callable[[ListEntry], Json]:
        episodes = "episode" in self.query.get("additional_types", "").split(",")
        market = "market" in self.query
        return lambda entry: self.render.entry(entry, playlist.owner_id, episodes=episodes, market=market)

    def _require(self, scope: str) -> None:
        if scope not in self.scopes:
            raise Refused(403, "Insufficient client scope")

    def _page(
        self, href: str, values: Sequence[_T], show: Callable[[_T], Json | None], *, most: int, usual: int
    ) -> Json:
        return self._slice(
            href, values, show, self._number("offset", 0, MAX_OFFSET, 0), self._number("limit", 1, most, usual)
        )

    def _slice(
        self, href: str, values: Sequence[_T], show: Callable[[_T], Json | None], offset: int, limit: int
    ) -> Json:
        carried = {name: value for name, value in self.query.items() if name not in {"offset", "limit"}}
        if href.endswith(("/items", "/tracks")) and not self.request.path.rstrip("/").endswith(("/items", "/tracks")):
            # The embedded page's links lead to another path, for which this request's filter makes no sense.
            carried.pop("fields", None)

        def link(at: int) -> str:
            return f"{href}?{urlencode({'offset': at, 'limit': limit, **carried})}"

        return {
            "href": link(offset),
            "items": [show(value) for value in values[offset : offset + limit]],
            "limit": limit,
            "next": link(offset + limit) if offset + limit < len(values) else None,
            "offset": offset,
            "previous": link(max(0, offset - limit)) if offset else None,
            "total": len(values),
        }

    def _number(self, name: str, least: int, most: int, usual: int) -> int:
        try:
            number = msgspec.convert(self.query.get(name, usual), int, strict=False)
        except msgspec.ValidationError:
            raise Refused(400, f"Invalid {name}") from None
        if name in self.query and not least <= number <= most:
            raise Refused(400, f"Invalid {name}")
        return number

    def _filtered(self, value: Json) -> Any:
        if not self.query.get("fields"):
            return value
        try:
            return parse_fields(self.query["fields"]).apply(value)
        except FieldsError:
            raise Refused(400, "Invalid fields") from None


def _milliseconds(played_at: str) -> int:
    return (datetime.fromisoformat(played_at) - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)
