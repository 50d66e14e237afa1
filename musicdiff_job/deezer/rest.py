"""A Deezer account through the public API and an access token: the target for those who still have a token.

Theory. Lists are paged by index: the answer's ``next`` says whether and at which index the list goes on, and nothing
else about a page does (a page may be short although more follows, recorded; ``total`` counts hidden entries,
recorded). The list must be one list: if its checksum or total differs between pages, somebody edited it in between,
and the read is given up rather than believed.

Writes answer ``true``, ``false`` or an error; those that go by POST carry a form, those by DELETE a query (no client
does otherwise). A duplicate in ``songs`` refuses the whole call (observed by other clients).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, assert_never
from urllib.parse import quote

from musicdiff_job.core.errors import BadAnswer, UnknownOutcome
from musicdiff_job.core.model import (
    FAVOURITE_LISTS,
    FAVOURITES,
    AccountId,
    Header,
    Item,
    PlaylistId,
    Service,
    TargetContents,
    TargetHead,
    TargetId,
    bare_id,
    item_of,
)
from musicdiff_job.core.plan import (
    AddTracks,
    Change,
    Created,
    CreatePlaylist,
    DeletePlaylist,
    LikeTrack,
    Receipt,
    Refused,
    RemoveTracks,
    ReorderTracks,
    UnlikeTrack,
    UpdatePlaylist,
    Written,
)
from musicdiff_job.core.secret import Redactor, Secret
from musicdiff_job.deezer import answers, decode
from musicdiff_job.deezer.answers import Declined
from musicdiff_job.deezer.public_api import PublicApi

if TYPE_CHECKING:
    from musicdiff_job.ports import Door

BATCH = 50
"""Songs per call: 20 to 100 are in use by other clients, 50 by most; no limit is documented."""
PAGE = 100
"""Rows per call: the largest ``limit`` that several clients report to work on every list."""
READERS: Mapping[Item, decode.Reader] = {
    Item.TRACK: decode.track,
    Item.ALBUM: decode.album,
    Item.ARTIST: decode.artist,
}
MOST_PAGES = 200
"""No list of Deezer's is longer (10,000 favourites, 2,000 tracks); a service that never ends a list is stopped."""


class DeezerRest:
    """``ports.Target`` over the public API. ``close`` it. ``account_id`` is the token's account where it is known
    already, which saves the call. Not for use from several threads."""

    def __init__(
        self, door: Door, redactor: Redactor, api_url: str, token: Secret, account_id: AccountId | None
    ) -> None:
        self._door = door
        self._api = PublicApi(api_url, redactor, token)
        self._account = account_id
        self._credential = hashlib.sha256(f"deezer{token.reveal()}".encode()).hexdigest()[:16]

    def close(self) -> None:
        """Close the connections."""
        self._api.close()

    @property
    def batch(self) -> int:
        """See ``ports.Target``."""
        return BATCH

    def account(self) -> AccountId:
        """See ``ports.Target``."""
        if self._account is None:
            self._account = decode.account(self._read("user/me"))
        return self._account

    def credential(self) -> str:
        """See ``ports.Target``."""
        return self._credential

    def playlists(self) -> tuple[TargetHead, ...]:
        """See ``ports.Target``."""
        own = self.account()
        rows = self._list("user/me/playlists").rows
        return tuple(head for head in (decode.head(row, own) for row in rows) if head is not None)

    def header(self, playlist: PlaylistId) -> Header:
        """See ``ports.Target``."""
        return decode.header(self._read(_playlist(playlist)))

    def tracks(self, playlist: PlaylistId) -> TargetContents:
        """See ``ports.Target``. The fingerprint is the checksum, the same as in the listing (recorded)."""
        found = self._list(f"{_playlist(playlist)}/tracks")
        return decode.contents(found.rows, found.total, found.checksum, decode.track)

    def favourites(self, which: PlaylistId = FAVOURITES) -> TargetContents:
        """See ``ports.Target``. The service lists them oldest first (recorded), without ISRCs and bar codes."""
        item = FAVOURITE_LISTS[which]
        found = self._list(_favourites(item))
        return decode.contents(found.rows, found.total, found.checksum, READERS[item])

    def apply(self, change: Change) -> Receipt:
        """See ``ports.Target``."""
        match change:
            case CreatePlaylist():
                return self._create(change)
            case UpdatePlaylist(playlist):
                return self._write("POST", _playlist(playlist), "change a playlist", form=_fields(change))
            case AddTracks(playlist, tracks):
                path = f"{_playlist(playlist)}/tracks"
                return self._write("POST", path, "add tracks", form={"songs": ",".join(tracks)})
            case RemoveTracks(playlist, tracks):
                path = f"{_playlist(playlist)}/tracks"
                return self._write("DELETE", path, "remove tracks", params={"songs": ",".join(tracks)})
            case ReorderTracks(playlist, tracks):
                path = f"{_playlist(playlist)}/tracks"
                return self._write("POST", path, "reorder tracks", form={"order": ",".join(tracks)})
            case DeletePlaylist(playlist):
                return self._write("DELETE", _playlist(playlist), "delete a playlist")
            case LikeTrack(track):
                return self._write("POST", _favourites(item_of(track)), "add a favourite", form=_named(track))
            case UnlikeTrack(track):
                return self._write("DELETE", _favourites(item_of(track)), "remove a favourite", params=_named(track))
            case _:
                assert_never(change)

    def _create(self, change: CreatePlaylist) -> Receipt:
        answer = self._send("POST", "user/me/playlists", form={"title": change.title})
        playlist = decode.created(answer) if isinstance(answer, dict) else None
        if playlist is not None:
            # A playlist that is created by its title is public and has no description (recorded).
            return Created(playlist, complete=change.public and not change.description)
        match answers.receipt(answer, "create a playlist"):
            case Refused() as refused:
                return refused
            case Written():
                raise UnknownOutcome("Deezer created a playlist without naming it")

    def _write(
        self,
        method: str,
        path: str,
        what: str,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Receipt:
        answer = self._send(method, path, params=params, form=form)
        # What succeeds is answered by `true` here and by nothing else (recorded).
        return answers.receipt(answer if isinstance(answer, bool | Refused) else None, what)

    def _send(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, form: Mapping[str, str] | None = None
    ) -> object:
        def request(timeout: float) -> object:
            try:
                return self._api.request(method, path, timeout, params=params, form=form)
            except Declined as refusal:
                return answers.refused(refusal)

        return self._door.call(Service.DEEZER, request, write=True)

    def _read(self, path: str, params: Mapping[str, str] | None = None) -> object:
        return self._door.call(Service.DEEZER, lambda timeout: self._api.request("GET", path, timeout, params=params))

    def _list(self, path: str) -> decode.Page:
        """A whole list as one page."""
        index = 0
        rows: list[object] = []
        first: decode.Page | None = None
        for _ in range(MOST_PAGES):
            page = decode.page(self._read(path, {"index": str(index), "limit": str(PAGE)}))
            first = first or page
            if (page.checksum, page.total) != (first.checksum, first.total):
                raise BadAnswer("a list on Deezer was edited while it was read")
            rows.extend(page.rows)
            if page.follows is None:
                return decode.Page(tuple(rows), first.total, first.checksum)
            # Deezer may have cut the limit, so its index counts; one further on would leave a gap.
            if not index < page.follows <= index + PAGE:
                raise BadAnswer(f"a list on Deezer goes on at {page.follows} after {index}")
            index = page.follows
        raise BadAnswer("a list on Deezer does not end")


def _playlist(playlist: PlaylistId) -> str:
    return f"playlist/{quote(playlist, safe='')}"


def _favourites(item: Item) -> str:
    return f"user/me/{item}s"


def _named(target: TargetId) -> dict[str, str]:
    """One track, album or artist as a parameter. Several at once (``album_ids``) are known from one client only."""
    return {f"{item_of(target)}_id": bare_id(target)}


def _fields(change: UpdatePlaylist) -> dict[str, str]:
    public = None if change.public is None else str(change.public).lower()
    # A private playlist cannot be a collaborative one (Deezer's schema), and mirrors are neither by our doing.
    collaborative = None if change.public is None else "false"
    fields = {
        "title": change.title,
        "description": change.description,
        "public": public,
        "collaborative": collaborative,
    }
    return {name: value for name, value in fields.items() if value is not None}
