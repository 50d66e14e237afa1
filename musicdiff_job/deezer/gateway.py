"""A Deezer account through the web gateway and an ARL: the target for everybody who has no access token, which since
Deezer stopped registering apps is nearly everybody.

Theory. Facts come from other clients, and where they contradict each other the answer is data: the favourites have two
families of methods (``LIKE``, ``UNLIKE``), the list of favourites two ways of being read. ``playlist.update`` replaces
the whole header, so a change of one field reads the others first. Ids are sent as text, either is accepted.

Lists are asked for with ``nb`` and ``start`` always, for defaults cut silently. Where the answer does not say at
which ``start`` the next page begins, it counts either all positions or the visible ones, depending on whom one asks;
advancing by the rows received and dropping rows already seen is right in both cases.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, assert_never

import msgspec

from musicdiff_job.core.errors import BadAnswer, UnknownOutcome
from musicdiff_job.core.model import (
    FAVOURITE_LISTS,
    FAVOURITES,
    AccountId,
    Header,
    Item,
    PlaylistId,
    TargetContents,
    TargetHead,
    TargetId,
    Track,
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
from musicdiff_job.deezer.gateway_session import GatewaySession, ParametersRefused, UnknownMethod

if TYPE_CHECKING:
    from musicdiff_job.ports import Door

BATCH = 50
"""Songs per call to begin with. Other clients send from 3 (2019) to all at once."""
PAGE = 2000
"""Rows asked for per call, as the web player does; some got no more than 500."""
MOST_PAGES = 200
"""Pages of one list; a gateway that gives few rows at a time, and never the last ones, is stopped."""
MANY = 10_000
"""Rows asked for where an answer has no second page."""
LOOKUP = 200
"""Songs per ``song.getListData``, as another client does."""


class FavouriteWay(msgspec.Struct, frozen=True):
    """One way of changing the favourites."""

    method: str
    parameter: str
    bulk: bool = False

    def body(self, target: TargetId) -> dict[str, object]:
        """The parameters for one item."""
        return {self.parameter: [bare_id(target)] if self.bulk else bare_id(target)}


LIKE: Final[Mapping[Item, Sequence[FavouriteWay]]] = {
    Item.TRACK: (FavouriteWay("favorite_song.add", "SNG_ID"), FavouriteWay("song.addFavorites", "IDS", bulk=True)),
    Item.ALBUM: (FavouriteWay("album.addFavorite", "ALB_ID"),),
    Item.ARTIST: (FavouriteWay("artist.addFavorite", "ART_ID"),),
}
UNLIKE: Final[Mapping[Item, Sequence[FavouriteWay]]] = {
    Item.TRACK: (
        FavouriteWay("favorite_song.remove", "SNG_ID"),
        FavouriteWay("song.removeFavorites", "IDS", bulk=True),
    ),
    Item.ALBUM: (FavouriteWay("album.deleteFavorite", "ALB_ID"),),
    Item.ARTIST: (FavouriteWay("artist.deleteFavorite", "ART_ID"),),
}
"""For tracks eight clients use the first names; one says that they fail and only the second ones work. For albums and
artists all agree."""


class DeezerGateway:
    """``ports.Target`` over the web gateway. ``close`` it. Not for use from several threads.

    ``batch`` starts at 50 and is halved whenever the gateway finds fault with a larger ``AddTracks``.
    """

    def __init__(self, door: Door, redactor: Redactor, gateway_url: str, arl: Secret) -> None:
        self._session = GatewaySession(door, redactor, gateway_url, arl)
        self._credential = hashlib.sha256(f"deezer{arl.reveal()}".encode()).hexdigest()[:16]
        self._batch = BATCH
        self._family = 0

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    @property
    def batch(self) -> int:
        """See ``ports.Target``."""
        return self._batch

    def account(self) -> AccountId:
        """See ``ports.Target``."""
        return self._session.signed_in().account

    def credential(self) -> str:
        """See ``ports.Target``."""
        return self._credential

    def playlists(self) -> tuple[TargetHead, ...]:
        """See ``ports.Target``."""
        signed_in = self._session.signed_in()
        heads = (decode.gateway_head(row, signed_in.account, signed_in.loved) for row in self._tab("playlists").rows)
        return tuple(head for head in heads if head is not None)

    def header(self, playlist: PlaylistId) -> Header:
        """See ``ports.Target``."""
        sheet = self._sheet(playlist)
        return Header(sheet.title, sheet.description, public=sheet.status != decode.PRIVATE_STATUS)

    def tracks(self, playlist: PlaylistId) -> TargetContents:
        """See ``ports.Target``. The fingerprint is the checksum, as in the listing."""
        found = self._list("playlist.getSongs", {"PLAYLIST_ID": playlist})
        return decode.contents(found.rows, found.total, found.checksum, decode.song)

    def favourites(self, which: PlaylistId = FAVOURITES) -> TargetContents:
        """See ``ports.Target``. Rows of tracks have ISRCs. Where ``favorite_song.getList`` is not known, ids and songs
        are read apart, which is one call more per 200 tracks."""
        match FAVOURITE_LISTS[which]:
            case Item.ALBUM:
                albums = self._tab("albums")
                return decode.contents(albums.rows, albums.total, albums.checksum, decode.gateway_album)
            case Item.ARTIST:
                artists = self._tab("artists")
                return decode.contents(artists.rows, artists.total, artists.checksum, decode.gateway_artist)
            case Item.TRACK:
                return self._favourite_tracks()

    def _favourite_tracks(self) -> TargetContents:
        own = self._session.signed_in().account
        try:
            found = self._list("favorite_song.getList", {"user_id": own, "tab": "loved"})
        except UnknownMethod:
            return self._favourites_by_id()
        return decode.contents(found.rows, found.total, found.checksum, decode.song)

    def apply(self, change: Change) -> Receipt:
        """See ``ports.Target``. An ``UpdatePlaylist`` that does not name all fields reads the header first."""
        match change:
            case CreatePlaylist():
                return self._create(change)
            case UpdatePlaylist():
                return self._write("playlist.update", self._update(change), "change a playlist")
            case AddTracks(playlist, tracks):
                return self._add(playlist, tracks)
            case RemoveTracks(playlist, tracks):
                body = {"PLAYLIST_ID": playlist, "songs": _songs(tracks)}
                return self._write("playlist.deleteSongs", body, "remove tracks")
            case ReorderTracks(playlist, tracks):
                body = {"PLAYLIST_ID": playlist, "position": 0, "order": list(tracks)}
                return self._write("playlist.updateOrder", body, "reorder tracks")
            case DeletePlaylist(playlist):
                return self._write("playlist.delete", {"PLAYLIST_ID": playlist}, "delete a playlist")
            case LikeTrack(track):
                return self._favourite(LIKE[item_of(track)], track, "add a favourite")
            case UnlikeTrack(track):
                return self._favourite(UNLIKE[item_of(track)], track, "remove a favourite")
            case _:
                assert_never(change)

    def _sheet(self, playlist: PlaylistId) -> decode.Sheet:
        body = {"playlist_id": playlist, "lang": "en", "header": True, "tab": 0, "tags": True, "start": 0, "nb": 1}
        return self._session.call("deezer.pagePlaylist", body, decode.sheet)

    def _tab(self, tab: str) -> decode.Page:
        """A whole tab of the account's profile. This answer has no second page, so where there are more than 2,000
        rows it is asked for once more with a larger number."""
        own = self._session.signed_in().account
        for rows in (PAGE, MANY):
            body = {"USER_ID": own, "tab": tab, "nb": rows}
            page = self._session.call("deezer.pageProfile", body, lambda results: decode.profile_page(results, tab))
            if page.total is None or page.total <= len(page.rows):
                return page
        raise BadAnswer(f"Deezer's gateway lists {len(page.rows)} of {page.total} {tab}")

    def _list(self, method: str, body: Mapping[str, object]) -> decode.Page:
        """A whole list as one page, read to its total or to an empty page."""
        rows: dict[object, object] = {}
        start = 0
        first: decode.Page | None = None
        for _ in range(MOST_PAGES):
            asked = {**body, "start": start, "nb": PAGE}
            page = self._session.call(method, asked, decode.gateway_page)
            first = first or page
            if (page.checksum, page.total) != (first.checksum, first.total):
                raise BadAnswer("a list on Deezer was edited while it was read")
            for at, row in enumerate(page.rows, start):
                key = decode.song_key(row)
                rows.setdefault(("position", at) if key is None else key, row)
            # Only this page's own hidden rows are sure not to be counted twice.
            step = len(page.rows) or page.filtered
            if not step or (first.total is not None and len(rows) + page.filtered >= first.total):
                return decode.Page(tuple(rows.values()), first.total, first.checksum)
            start = page.follows if page.follows and start < page.follows <= start + PAGE else start + step
            if start > MANY + PAGE:
                break
        raise BadAnswer("a list on Deezer does not end")

    def _favourites_by_id(self) -> TargetContents:
        found = self._list("song.getFavoriteIds", {"checksum": None})
        ids = [song for song in map(decode.song_id, found.rows) if song is not None]
        songs: dict[str, Track] = {}
        for at in range(0, len(ids), LOOKUP):
            page = self._session.call("song.getListData", {"SNG_IDS": ids[at : at + LOOKUP]}, decode.gateway_page)
            songs.update((song.id, song) for song in map(decode.song, page.rows) if song is not None)
        # Songs that Deezer deleted are left out of the answer; they are hidden like any other.
        tracks = tuple(songs[song] for song in ids if song in songs)
        hidden = max(found.total or 0, len(found.rows)) - len(tracks)
        return TargetContents(tracks=tracks, hidden=hidden, fingerprint=found.checksum)

    def _create(self, change: CreatePlaylist) -> Receipt:
        status = decode.PUBLIC_STATUS if change.public else decode.PRIVATE_STATUS
        body = {"title": change.title, "description": change.description, "status": status, "songs": []}
        answer = self._send("playlist.create", body)
        if isinstance(answer, Refused):
            return answer
        playlist = decode.created(answer)
        if playlist is not None:
            return Created(playlist, complete=True)
        match answers.receipt(answer, "create a playlist"):
            case Refused() as refused:
                return refused
            case Written():
                raise UnknownOutcome("Deezer created a playlist without naming it")

    def _update(self, change: UpdatePlaylist) -> dict[str, object]:
        """The whole header with the change made. ``status`` stays as it is (2: collaborative) unless it is changed."""
        title, description, status = change.title, change.description, None
        if change.public is not None:
            status = decode.PUBLIC_STATUS if change.public else decode.PRIVATE_STATUS
        if title is None or description is None or status is None:
            sheet = self._sheet(change.playlist)
            title = sheet.title if title is None else title
            description = sheet.description if description is None else description
            status = sheet.status if status is None else status
        return {"PLAYLIST_ID": change.playlist, "title": title, "description": description, "status": status}

    def _add(self, playlist: PlaylistId, tracks: Sequence[TargetId]) -> Receipt:
        body = {"PLAYLIST_ID": playlist, "songs": _songs(tracks), "offset": -1}
        try:
            return self._write("playlist.addSongs", body, "add tracks")
        except ParametersRefused as error:
            if len(tracks) == 1:
                raise
            # One client met a limit of three songs; that the parameters are wrong is all the gateway says then.
            self._batch = max(1, min(self._batch, len(tracks)) // 2)
            return Refused(f"{error.message}; the next batches are of {self._batch}")

    def _favourite(self, ways: Sequence[FavouriteWay], track: TargetId, what: str) -> Receipt:
        way = ways[min(self._family, len(ways) - 1)]
        try:
            return self._write(way.method, way.body(track), what)
        except UnknownMethod:
            if way is ways[-1]:
                raise
        self._family += 1
        return self._favourite(ways, track, what)

    def _write(self, method: str, body: Mapping[str, object], what: str) -> Receipt:
        return answers.receipt(self._send(method, body), what)

    def _send(self, method: str, body: Mapping[str, object]) -> object:
        try:
            return self._session.call(method, body, _whole, write=True)
        except Declined as refusal:
            return answers.refused(refusal)


def _whole(results: object) -> object:
    return results


def _songs(tracks: Sequence[TargetId]) -> object:
    """Pairs of id and position, the latter being ignored (0 in nearly all clients)."""
    return [[track, 0] for track in tracks]
