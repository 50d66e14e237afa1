"""The writes of the web gateway.

Theory. Unlike REST, ``playlist.create`` takes privacy and first songs at once, and ``playlist.update`` replaces the
whole header: a description that is not sent is emptied, a title that is not sent is an error (tried by another client
on a live account). One song that is there already makes ``playlist.addSongs`` refuse the whole batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from musicdiff_job.sandbox.catalogue import Catalogue
from musicdiff_job.sandbox.deezer_account import DeezerAccount
from musicdiff_job.sandbox.deezer_gateway_shapes import COLLABORATIVE, GatewayShapes
from musicdiff_job.sandbox.deezer_gateway_wire import GatewayFailed, Parameters, wrong_parameters
from musicdiff_job.sandbox.deezer_library import Refusal
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.deezer_verbs import DeezerVerbs

FAILURES: Final[Mapping[Refusal, tuple[str, str]]] = {
    Refusal.DUPLICATE: ("ERROR_DATA_EXISTS", "This song already exists in this playlist"),
    Refusal.ALREADY_LIKED: ("ERROR_DATA_EXISTS", "This song already exists in this playlist"),
    Refusal.NOT_FOUND: ("DATA_ERROR", "playlist::getData : no data"),
    Refusal.UNKNOWN_TRACK: ("DATA_ERROR", "song::getData : no data"),
    Refusal.UNREADABLE: ("DATA_ERROR", "song::getData : no data"),
    Refusal.NOT_ALLOWED: ("PERMISSION_ERROR", "not allowed to access this playlist"),
    Refusal.WRONG: ("REQUEST_ERROR", "Wrong parameters"),
    Refusal.FULL: ("ITEMS_LIMIT_EXCEEDED", "Items limit exceeded"),
}
"""Key and text per refusal. ITEMS_LIMIT_EXCEEDED was never observed, and which key an unknown song gets is a guess."""


class GatewayWrites:
    """The writing methods of one account; each returns what stands in ``results``."""

    def __init__(self, account: DeezerAccount, catalogue: Catalogue, switches: DeezerSwitches) -> None:
        self._switches = switches
        self._verbs = DeezerVerbs(account, catalogue, switches)
        self._shapes = GatewayShapes(account, catalogue, switches)

    def create(self, given: Parameters) -> Any:
        """``playlist.create``: the bare id of the new playlist."""
        public, collaborative = self._visibility(given)
        created = self._verbs.create(
            given.text("title"),
            given.text("description", ""),
            public=public,
            collaborative=collaborative,
            songs=given.songs(),
        )
        return self._failed(created) if isinstance(created, Refusal) else self._shapes.number(created)

    def update(self, given: Parameters) -> Any:
        """``playlist.update``: the whole header at once; what is not sent falls back to empty and status 0."""
        public, collaborative = self._visibility(given)
        return self._done(
            self._verbs.change_header(
                given.whole("playlist_id"),
                title=given.text("title"),
                description=given.text("description", ""),
                public=public,
                collaborative=collaborative,
            )
        )

    def delete(self, given: Parameters) -> Any:
        """``playlist.delete``: final."""
        return self._done(self._verbs.delete(given.whole("playlist_id")))

    def add(self, given: Parameters) -> Any:
        """``playlist.addSongs`` at ``offset``, -1 for the end."""
        songs = given.songs()
        cap = self._switches.gateway_add_cap
        if not songs or (cap is not None and len(songs) > cap):
            wrong_parameters()
        return self._done(self._verbs.add(given.whole("playlist_id"), songs, given.whole("offset", -1)))

    def remove(self, given: Parameters) -> Any:
        """``playlist.deleteSongs``."""
        return self._done(self._verbs.remove(given.whole("playlist_id"), given.songs() or wrong_parameters()))

    def reorder(self, given: Parameters) -> Any:
        """``playlist.updateOrder``: the full list of ids."""
        return self._done(self._verbs.reorder(given.whole("playlist_id"), given.ids("order")))

    def follow(self, given: Parameters) -> Any:
        """``playlist.addFavorite``."""
        return self._done(self._verbs.follow(given.whole("parent_playlist_id")))

    def unfollow(self, given: Parameters) -> Any:
        """``playlist.deleteFavorite``."""
        return self._done(self._verbs.unfollow(given.whole("playlist_id")))

    def like_one(self, given: Parameters) -> Any:
        """``favorite_song.add``."""
        return self._done(self._verbs.like([given.whole("sng_id")]))

    def unlike_one(self, given: Parameters) -> Any:
        """``favorite_song.remove``."""
        return self._done(self._verbs.unlike([given.whole("sng_id")]))

    def like_many(self, given: Parameters) -> Any:
        """``song.addFavorites``, in the order of ``IDS``."""
        return self._done(self._verbs.like(given.ids("ids")))

    def unlike_many(self, given: Parameters) -> Any:
        """``song.removeFavorites``."""
        return self._done(self._verbs.unlike(given.ids("ids")))

    def like_album(self, given: Parameters) -> Any:
        """``album.addFavorite``."""
        return self._done(self._verbs.shelve("albums", [given.whole("alb_id")]))

    def unlike_album(self, given: Parameters) -> Any:
        """``album.deleteFavorite``."""
        return self._done(self._verbs.unshelve("albums", [given.whole("alb_id")]))

    def like_artist(self, given: Parameters) -> Any:
        """``artist.addFavorite``."""
        return self._done(self._verbs.shelve("artists", [given.whole("art_id")]))

    def unlike_artist(self, given: Parameters) -> Any:
        """``artist.deleteFavorite``."""
        return self._done(self._verbs.unshelve("artists", [given.whole("art_id")]))

    def _visibility(self, given: Parameters) -> tuple[bool, bool]:
        status = given.whole("status", 0)
        if status not in (0, 1, COLLABORATIVE):
            wrong_parameters()
        return status in (self._switches.public_status, COLLABORATIVE), status == COLLABORATIVE

    def _done(self, refusal: Refusal | None) -> bool:
        return True if refusal is None else self._failed(refusal)

    def _failed(self, refusal: Refusal) -> bool:
        if refusal is Refusal.ALREADY_LIKED and self._switches.readd_favourite != "error":
            return self._switches.readd_favourite == "true"
        raise GatewayFailed(*FAILURES[refusal])


WRITES: Final[Mapping[str, Callable[[GatewayWrites, Parameters], Any]]] = {
    "playlist.create": GatewayWrites.create,
    "playlist.update": GatewayWrites.update,
    "playlist.delete": GatewayWrites.delete,
    "playlist.addSongs": GatewayWrites.add,
    "playlist.deleteSongs": GatewayWrites.remove,
    "playlist.updateOrder": GatewayWrites.reorder,
    "playlist.addFavorite": GatewayWrites.follow,
    "playlist.deleteFavorite": GatewayWrites.unfollow,
    "favorite_song.add": GatewayWrites.like_one,
    "favorite_song.remove": GatewayWrites.unlike_one,
    "song.addFavorites": GatewayWrites.like_many,
    "song.removeFavorites": GatewayWrites.unlike_many,
    "album.addFavorite": GatewayWrites.like_album,
    "album.deleteFavorite": GatewayWrites.unlike_album,
    "artist.addFavorite": GatewayWrites.like_artist,
    "artist.deleteFavorite": GatewayWrites.unlike_artist,
}
"""Every writing method."""

FAVOURITE_FAMILIES: Final[Mapping[str, Literal["singular", "plural"]]] = {
    "favorite_song.add": "singular",
    "favorite_song.remove": "singular",
    "song.addFavorites": "plural",
    "song.removeFavorites": "plural",
}
"""The two spellings of one thing; which exist is a switch."""
