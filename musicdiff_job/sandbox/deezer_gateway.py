"""The private web gateway ``https://www.deezer.com/ajax/gw-light.php`` of the sandbox.

Theory. Every call is a POST naming its method in the query, with a JSON object as body; the answer is always HTTP 200
with ``{"error": [], "results": ...}``, where ``error`` turns into an object on failure. The first call,
``deezer.getUserData``, turns the ``arl`` cookie into a session: a ``sid`` cookie and a CSRF token bound to it, which
every other call carries as ``api_token``. A stale token is answered by an error that asks for a new one; an ARL that
is not valid is no error at all but signs in nobody. All of this is as other clients describe it; nothing is recorded.

The methods are a table: what each needs and what it does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, Final

from musicdiff_job.sandbox.catalogue import Catalogue
from musicdiff_job.sandbox.deezer_account import DeezerAccount, Session
from musicdiff_job.sandbox.deezer_gateway_shapes import GatewayShapes
from musicdiff_job.sandbox.deezer_gateway_wire import GatewayFailed, Parameters, parameters_of
from musicdiff_job.sandbox.deezer_gateway_writes import FAVOURITE_FAMILIES, WRITES, GatewayWrites
from musicdiff_job.sandbox.deezer_library import DeezerPlaylist
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.http import Request, Response

PROFILE_NB: Final = 40
"""Rows of ``deezer.pageProfile`` when ``nb`` is not sent; a guess that makes sending it necessary."""


class DeezerGateway:
    """The gateway service; ``monotonic`` gives seconds for the throttle of writes."""

    def __init__(
        self,
        account: DeezerAccount,
        catalogue: Catalogue,
        switches: DeezerSwitches | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.switches = switches or DeezerSwitches()
        self._account = account
        self._catalogue = catalogue
        self._writes = GatewayWrites(account, catalogue, self.switches)
        self._monotonic = monotonic
        self._last_write: float | None = None
        self._lock = Lock()

    def handle(self, request: Request) -> Response:
        """Answer one request; safe to call from several threads."""
        credentials = self._account.credentials
        method = request.query.get("method", "")
        arl = request.cookies.get("arl", "")
        session = credentials.session(request.cookies.get("sid", ""), self.switches.session_seconds)
        opened = session is None or (method == "deezer.getUserData" and session.arl != arl)
        if session is None or opened:
            session = credentials.open_session(arl)
        headers = {"Server": "Apache", "Cache-Control": "no-store, no-cache, must-revalidate"}
        if opened:
            headers["Set-Cookie"] = f"sid={session.sid}; path=/; HttpOnly"
        try:
            results = self._answer(request, method, session)
        except GatewayFailed as failed:
            return Response.of({"error": {failed.key: failed.text}, "results": {}}, headers=headers)
        return Response.of({"error": [], "results": results}, headers=headers)

    def _answer(self, request: Request, method: str, session: Session) -> Any:
        shapes = GatewayShapes(self._account, self._catalogue, self.switches)
        if method == "deezer.getUserData":
            return shapes.user_data(session)
        if method == "deezer.ping":
            return {"SESSION": session.sid, "USER_ID": self._account.user_id if session.signed_in else 0}
        self._check_csrf(request.query.get("api_token", ""), session)
        if request.method != "POST":
            raise GatewayFailed("REQUEST_ERROR", "Wrong parameters")
        if method in WRITES and self._offered(method):
            self._check_signed_in(session)
            parameters = parameters_of(request, method)
            self._throttle(method)
            return WRITES[method](self._writes, parameters)
        if method in READS:
            read, for_anybody = READS[method]
            if not for_anybody:
                self._check_signed_in(session)
            reads = GatewayReads(self._account, self._catalogue, self.switches, shapes)
            return read(reads, parameters_of(request, method))
        raise GatewayFailed("GATEWAY_ERROR", "Undefined or invalid output")

    def _offered(self, method: str) -> bool:
        family = FAVOURITE_FAMILIES.get(method)
        return family is None or self.switches.favourite_methods in (family, "both")

    def _check_csrf(self, token: str, session: Session) -> None:
        if token == session.csrf:
            return
        if not self.switches.csrf_bound_to_sid and self._account.credentials.issued_csrf(token):
            return
        text = "Invalid CSRF token" if self.switches.stale_csrf == "VALID_TOKEN_REQUIRED" else "invalid api token"
        raise GatewayFailed(self.switches.stale_csrf, text)

    def _check_signed_in(self, session: Session) -> None:
        if not session.signed_in:
            raise GatewayFailed("NEED_USER_AUTH_REQUIRED", "Require user auth")

    def _throttle(self, method: str) -> None:
        interval = self.switches.write_interval
        if interval is None:
            return
        with self._lock:
            now = self._monotonic()
            if self._last_write is not None and now - self._last_write < interval:
                # Recorded by another client when it unliked tracks: favourites are a playlist inside.
                removal = any(word in method.lower() for word in ("delete", "remove"))
                what = "delete songs" if removal else "add songs"
                raise GatewayFailed("QUOTA_ERROR", f"Quota exceeded on playlist {what}")
            self._last_write = now


class GatewayReads:
    """The reading methods. Whoever asks about the library consumes one (possibly stale) read of it."""

    def __init__(
        self, account: DeezerAccount, catalogue: Catalogue, switches: DeezerSwitches, shapes: GatewayShapes
    ) -> None:
        self._account = account
        self._catalogue = catalogue
        self._switches = switches
        self._shapes = shapes

    def page_profile(self, given: Parameters) -> Any:
        """``deezer.pageProfile``: one tab of the account's own profile."""
        if given.whole("user_id") != self._account.user_id:
            raise GatewayFailed("DATA_ERROR", "deezer::pageProfile : no data")
        tab = given.text("tab")
        page = self._shapes.profile_tab(self._account.read(), tab, given.whole("nb", PROFILE_NB))
        if page is None:
            raise GatewayFailed("REQUEST_ERROR", "Wrong parameters")
        user = {"USER_ID": self._shapes.number(self._account.user_id), "BLOG_NAME": self._account.name}
        return {"DATA": {"USER": user}, "TAB": {tab: page}}

    def page_playlist(self, given: Parameters) -> Any:
        """``deezer.pagePlaylist``: header and a page of songs."""
        playlist = self._playlist(given)
        songs = self._shapes.songs(playlist, given.whole("start", 0), given.whole("nb", PROFILE_NB))
        return {"DATA": self._shapes.playlist(playlist, listed=False), "SONGS": songs}

    def playlist_songs(self, given: Parameters) -> Any:
        """``playlist.getSongs``."""
        return self._shapes.songs(self._playlist(given), given.whole("start", 0), given.whole("nb", PROFILE_NB))

    def favourite_ids(self, given: Parameters) -> Any:
        """``song.getFavoriteIds``; silently short when ``nb`` is not sent."""
        nb = given.whole("nb", self._switches.favourite_ids_default)
        return self._shapes.favourite_ids(self._account.read().loved(), given.whole("start", 0), nb)

    def favourite_songs(self, given: Parameters) -> Any:
        """``favorite_song.getList``, oldest first."""
        if given.whole("user_id", self._account.user_id) != self._account.user_id:
            raise GatewayFailed("DATA_ERROR", "favorite_song::getList : no data")
        nb = given.whole("nb", self._switches.favourite_ids_default)
        return self._shapes.songs(self._account.read().loved(), given.whole("start", 0), nb)

    def song(self, given: Parameters) -> Any:
        """``song.getData``."""
        track = self._catalogue.deezer_by_id.get(given.whole("sng_id"))
        if track is None:
            raise GatewayFailed("DATA_ERROR", "song::getData : no data")
        return self._shapes.song(track)

    def songs(self, given: Parameters) -> Any:
        """``song.getListData``; ids that do not exist are dropped."""
        found = [self._catalogue.deezer_by_id.get(key) for key in given.ids("sng_ids")]
        return self._shapes.found_songs([track for track in found if track is not None])

    def _playlist(self, given: Parameters) -> DeezerPlaylist:
        playlist_id = given.whole("playlist_id")
        playlist = self._account.read().playlists.get(playlist_id)
        if playlist is None:
            raise GatewayFailed("DATA_ERROR", "playlist::getData : no data")
        if not playlist.public and playlist.creator_id != self._account.user_id:
            raise GatewayFailed("PERMISSION_ERROR", f"{self._account.user_id} is not allowed to access {playlist_id}")
        return playlist


READS: Final[Mapping[str, tuple[Callable[[GatewayReads, Parameters], Any], bool]]] = {
    "deezer.pageProfile": (GatewayReads.page_profile, False),
    "deezer.pagePlaylist": (GatewayReads.page_playlist, False),
    "playlist.getSongs": (GatewayReads.playlist_songs, False),
    "song.getFavoriteIds": (GatewayReads.favourite_ids, False),
    "favorite_song.getList": (GatewayReads.favourite_songs, False),
    "song.getData": (GatewayReads.song, True),
    "song.getListData": (GatewayReads.songs, True),
}
"""Every reading method, and whether a visitor may call it."""
