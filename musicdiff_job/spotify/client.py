"""The Spotify account as the source of a sync: ``ports.Source`` over spotipy.

Theory. Calls are few and serial, for the quota of an app in development mode is small and unpublished: one call lists
50 playlists with their snapshots, one each shows the head of the liked songs, of the saved albums and of the followed
artists, and only what changed is read. Offsets are
counted here; ``next`` links are never followed, because they are absolute addresses and the token would go along.

``market`` is never sent. With a person's token the account's country wins over it (documented), restricted apps cannot
learn that country to send it, and what it would bring (``is_playable``, substitutes for unavailable tracks) the job
does not want: it copies what the person put there, under the id they put there.

Which path gives a playlist's entries depends on the age of the app: restricted apps know only ``/items`` and answer
403 on ``/tracks``, some older ones were seen to do the reverse, and ``/items`` is for owners and collaborators alone
where ``/tracks`` gives every public playlist to apps that still have it. So ``/items`` is asked first and ``/tracks``
when it refuses. Where ``/tracks`` works it is used for the rest of the run, where it is forbidden it is not tried
again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from musicdiff_job.core.errors import AuthError, BadAnswer, Forbidden, NotFound, Transient, Unauthorized
from musicdiff_job.core.model import (
    AccountId,
    CollectionHead,
    Kind,
    Library,
    Page,
    Service,
    Unreadable,
)
from musicdiff_job.core.plays import Shown
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.ports import Clock, Door
from musicdiff_job.spotify import decode, recent
from musicdiff_job.spotify.auth import TokenRefresher

if TYPE_CHECKING:
    from spotipy import Spotify

    from musicdiff_job.spotify.wire import Wire

PAGE = 50
"""Rows per call: the most that ``/me/playlists``, ``/me/tracks`` and ``/playlists/{id}/items`` give (documented)."""

ALBUMS_PAGE = 50
"""Rows per call of ``/me/albums`` (documented). They are large: each album holds its first 50 tracks."""

ALBUMS_LOOK = 10
"""Rows by which a change of the albums is seen; reading goes on behind them."""

SCOPES = {Kind.ALBUMS: "user-library-read", Kind.ARTISTS: "user-follow-read"}
"""What the consent must cover."""

CONSENT = "authorise again with `musicdiff-job auth spotify`"

LEGACY_PAGE = 100
"""Rows per call of ``/playlists/{id}/tracks`` (observed; never documented since the rename)."""

SECOND_THOUGHTS = (1.0, 4.0)
"""Seconds before a call is repeated that a fresh token did not help: in July 2026 Spotify refused valid tokens for
moments, with 401 and with "Premium required" (observed by several clients)."""

Ask = Callable[["Spotify"], Any]
"""One request by spotipy."""


class SpotifySource:
    """The account that is copied from. Used serially.

    ``account_id`` is what an earlier run learned for the same ``credential()``; given, ``/me`` is not asked.
    """

    def __init__(
        self,
        door: Door,
        clock: Clock,
        redactor: Redactor,
        tokens: TokenRefresher,
        api_url: str,
        account_id: AccountId | None,
    ) -> None:
        self._door = door
        self._clock = clock
        self._redactor = redactor
        self._tokens = tokens
        self._api_url = api_url
        self._account = account_id
        self._liked: tuple[CollectionHead, Page] | None = None
        self._shelves: dict[Kind, tuple[CollectionHead, Page]] = {}
        self._legacy: bool | None = None
        """Whether playlists are read by the legacy path; None until it has worked, or has refused like the new one."""

    def account(self) -> AccountId:
        """See ``Source.account``. Raises ``BadAnswer`` besides."""
        if self._account is None:
            self._account = decode.account(self._call("account", lambda spotify: spotify.me()))
        return self._account

    def credential(self) -> str:
        """See ``Source.credential``."""
        return self._tokens.credential()

    def library(self, kinds: frozenset[Kind]) -> Library:
        """See ``Source.library``; besides, ``/me`` once when the account is not known yet.

        ``complete`` is False when the rows do not add up to the total, the total changed while they were read, a
        playlist came twice, or one is not whole. Raises ``BadAnswer``, ``Forbidden``, ``NotFound`` when a listing
        cannot be read at all, and ``AuthError`` when the consent does not cover it.
        """
        heads: list[CollectionHead] = []
        complete = True
        if Kind.LIKED in kinds:
            heads.append(self._look_at_liked())
        heads += [self._look_at(kind) for kind in (Kind.ALBUMS, Kind.ARTISTS) if kind in kinds]
        if Kind.PLAYLIST in kinds:
            playlists, complete = self._playlists()
            heads.extend(playlists)
        return Library(heads=tuple(heads), complete=complete)

    def page(self, head: CollectionHead, offset: int, after: str = "") -> Page | Unreadable:
        """See ``Source.page``. An answer that makes no sense is ``Unreadable`` as well, and so is what the consent does
        not cover."""
        try:
            match head.kind:
                case Kind.ALBUMS | Kind.ARTISTS if not self._may_list(head.kind):
                    return Unreadable(
                        reason=f"the consent to read Spotify lacks {SCOPES[head.kind]}; {CONSENT}", expected=True
                    )
                case Kind.ALBUMS:
                    return self._shelf_page(head, offset, lambda: self._albums(ALBUMS_PAGE, offset))
                case Kind.ARTISTS:
                    return self._shelf_page(head, offset, lambda: self._artists(after))
                case Kind.LIKED:
                    return self._liked_page(head, offset)
                case Kind.PLAYLIST:
                    return self._playlist_page(head, offset)
        except BadAnswer as error:
            return Unreadable(reason=error.message)
        except NotFound:
            reason = "Spotify no longer has it" if head.owned else "Spotify does not give its contents to apps (404)"
            return Unreadable(reason=reason, expected=True)
        except Forbidden:
            return Unreadable(reason=_forbidden(head), expected=True)

    def unchanged(self, head: CollectionHead) -> bool:
        """See ``Source.unchanged``. A playlist that is gone has changed, and one without a snapshot may always have."""
        if head.kind is Kind.LIKED:
            return self._look_at_liked().snapshot == head.snapshot
        if head.kind is not Kind.PLAYLIST:
            return bool(head.snapshot) and self._look_at(head.kind).snapshot == head.snapshot
        if not head.snapshot:
            return False
        identity = _playlist_id(head)
        try:
            body = self._call("snapshot", lambda spotify: spotify.playlist(identity, fields="snapshot_id"))
        except NotFound:
            return False
        if (found := decode.snapshot(body)) is None:
            raise BadAnswer("Spotify did not say whether the list was edited while it was read")
        return found == head.snapshot

    def recently_played(self, before: int | None = None) -> Shown:
        """See ``Listening.recently_played``. Raises ``AuthError`` besides when the consent does not cover it."""
        self._require("user-read-recently-played")
        return recent.shown(self._call("last plays", lambda api: api.current_user_recently_played(PAGE, before=before)))

    def scopes(self) -> frozenset[str] | None:
        """What the consent allows; None where Spotify did not say. At most two auth calls, where no token is known."""
        self._tokens.access_token()
        return self._tokens.scopes

    def call(self, what: str, ask: Ask, *, write: bool = False) -> Any:
        """One call with the same token over the same connection, for what else is asked of this account; ``what``
        begins messages. A ``write`` is never repeated blindly. Raises what ``Wire.refusal`` gives, and what the door
        raises."""
        return self._call(what, ask, write=write)

    @property
    def legacy(self) -> bool:
        """Whether this app was seen to read playlists by the old path alone."""
        return bool(self._legacy)

    def close(self) -> None:
        """Close the connections, those of the tokens too."""
        if "_wire" in self.__dict__:
            self._wire.close()
        self._tokens.close()

    def _playlists(self) -> tuple[list[CollectionHead], bool]:
        self._require("playlist-read-private", "playlist-read-collaborative")
        own = self.account()
        heads: dict[str, CollectionHead] = {}
        totals: set[int | None] = set()
        rows, named, torn = 0, 0, False
        while True:
            listing = decode.listing(self._call("playlists", _playlists_from(rows)), rows, own)
            totals.add(listing.total)
            for head in listing.heads:
                heads.setdefault(head.id, head)
            named += len(listing.heads)
            torn = torn or listing.torn
            rows += listing.rows
            if listing.rows == 0 or (rows >= listing.total if listing.total is not None else listing.rows < PAGE):
                break
        return list(heads.values()), totals == {rows} and named == len(heads) and not torn

    def _look_at_liked(self) -> CollectionHead:
        self._require("user-library-read")
        self._liked = None
        body = self._call("liked songs", lambda spotify: spotify.current_user_saved_tracks(PAGE, 0))
        head, page = decode.liked(body)
        if page is not None:
            self._liked = (head, page)
        return head

    def _look_at(self, kind: Kind) -> CollectionHead:
        """The head of the albums or the artists, by their first page. One that says nothing where they cannot be
        listed, so that a consent that is too narrow or an app that is refused them loses nothing else."""
        self._shelves.pop(kind, None)
        if not self._may_list(kind):
            return decode.unlisted(kind)
        try:
            body = self._albums(ALBUMS_LOOK, 0) if kind is Kind.ALBUMS else self._artists("")
            head, page = decode.shelf(kind, body)
        except (BadAnswer, Forbidden, NotFound):
            return decode.unlisted(kind)
        if page is not None:
            self._shelves[kind] = (head, page)
        return head

    def _shelf_page(self, head: CollectionHead, offset: int, ask: Callable[[], Any]) -> Page:
        known = self._shelves.get(head.kind)
        if offset == 0 and known is not None and known[0].snapshot == head.snapshot:
            return known[1]
        return decode.shelf_page(head.kind, ask(), offset)

    def _may_list(self, kind: Kind) -> bool:
        self._tokens.access_token()
        granted = self._tokens.scopes
        return granted is None or SCOPES[kind] in granted

    def _albums(self, limit: int, offset: int) -> Any:
        return self._call("saved albums", lambda spotify: spotify.current_user_saved_albums(limit, offset))

    def _artists(self, after: str) -> Any:
        return self._call(
            "followed artists", lambda spotify: spotify.current_user_followed_artists(PAGE, after or None)
        )

    def _liked_page(self, head: CollectionHead, offset: int) -> Page:
        if offset == 0 and self._liked is not None and self._liked[0].snapshot == head.snapshot:
            return self._liked[1]
        body = self._call("liked songs", lambda spotify: spotify.current_user_saved_tracks(PAGE, offset))
        return decode.page(body, offset)

    def _playlist_page(self, head: CollectionHead, offset: int) -> Page:
        identity = _playlist_id(head)

        def items(spotify: Spotify) -> Any:
            return spotify.playlist_items(identity, limit=PAGE, offset=offset, additional_types=("track", "episode"))

        def legacy(spotify: Spotify) -> Any:
            # spotipy 2.26 has no method left for this path: playlist_tracks calls /items.
            path = f"playlists/{quote(identity, safe='')}/tracks"
            return spotify._get(path, limit=LEGACY_PAGE, offset=offset, additional_types="track,episode")

        if not self._legacy:
            try:
                return decode.page(self._call("playlist", items), offset)
            except Forbidden:
                if self._legacy is False:
                    raise
        try:
            body = self._call("playlist", legacy)
        except Forbidden:
            if self._legacy is None:
                self._legacy = False
            raise
        self._legacy = True
        return decode.page(body, offset)

    def _require(self, *scopes: str) -> None:
        """Refuse a consent that is too narrow: Spotify leaves out what it does not cover, without a word (documented
        for collaborative playlists), and what is left out would look deleted."""
        granted = self.scopes()
        if granted is not None and (missing := [scope for scope in scopes if scope not in granted]):
            raise AuthError(
                f"the consent to read Spotify lacks {' and '.join(missing)}",
                "Authorise again with `musicdiff-job auth spotify` and accept all that it asks for",
            )

    def _call(self, what: str, ask: Ask, *, write: bool = False) -> Any:
        """One call, repeated as far as a refused token calls for it (documented in ``SECOND_THOUGHTS``): with a fresh
        token, then after short waits. Credentials are never given up because of an answer of the API."""
        token = self._tokens.access_token()
        try:
            return self._once(what, ask, token, write=write)
        except Unauthorized:
            pass
        token = self._tokens.renew()
        complaint = ""
        for pause in (0.0, *SECOND_THOUGHTS):
            if pause:
                self._clock.wait(pause)
            try:
                return self._once(what, ask, token, write=write)
            except Unauthorized as error:
                complaint = error.message
        raise self._wire.unauthorised(complaint)

    def _once(self, what: str, ask: Ask, token: Secret, *, write: bool) -> Any:
        spotify = self._spotify

        def request(timeout: float) -> Any:
            # The gate gives each attempt its own time, so it is set anew here. Serial use makes that safe.
            spotify.requests_timeout = timeout
            spotify.set_auth(token.reveal())
            answer = self._wire.attempt(what, lambda: ask(spotify))
            if not isinstance(answer, dict):
                # All that is asked for here is answered by an object. Whatever else came says nothing about it.
                raise Transient(f"{what}: Spotify's answer is not a JSON object")
            return answer

        return self._door.call(Service.SPOTIFY, request, write=write)

    @cached_property
    def _wire(self) -> Wire:
        # Loads requests and spotipy, which a run with nothing to do does not need.
        from musicdiff_job.spotify.wire import Wire

        return Wire(self._clock, self._redactor)

    @cached_property
    def _spotify(self) -> Spotify:
        return self._wire.api(self._api_url)


def _playlists_from(offset: int) -> Ask:
    return lambda spotify: spotify.current_user_playlists(PAGE, offset)


def _playlist_id(head: CollectionHead) -> str:
    return head.id.removeprefix("spotify:playlist:")


def _forbidden(head: CollectionHead) -> str:
    refused = {Kind.LIKED: "liked songs", Kind.ALBUMS: "saved albums", Kind.ARTISTS: "followed artists"}
    if what := refused.get(head.kind):
        return f"Spotify refuses this app the {what} (403)"
    if head.owned:
        return "Spotify refuses this app the contents of this playlist, although the account owns it (403)"
    return "Spotify gives apps only playlists that the account owns or works on (403)"
