"""The writes of the public API: what each takes and which permission it needs.

Theory. A done write answers with the bare JSON ``true``, a created playlist with its id alone (recorded). Adding needs
``manage_library``; everything sent as DELETE needs ``delete_library`` too (documented by another client). Creating
ignores ``public``: the playlist is public until a second call makes it private (observed by other clients).
``POST /user/me/playlists`` creates with ``title`` and follows with ``playlist_id`` (recorded).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from musicdiff_job.sandbox.catalogue import Catalogue
from musicdiff_job.sandbox.deezer_account import DeezerAccount
from musicdiff_job.sandbox.deezer_library import Refusal
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.deezer_verbs import DeezerVerbs, Shelf
from musicdiff_job.sandbox.deezer_wire import Call, answer, failure, refused
from musicdiff_job.sandbox.http import Response

SHELVES: Final[dict[str, tuple[Shelf, str]]] = {"albums": ("albums", "album_id"), "artists": ("artists", "artist_id")}


class RestWrites:
    """The POST and DELETE routes of one account."""

    def __init__(self, account: DeezerAccount, catalogue: Catalogue, switches: DeezerSwitches) -> None:
        self._account = account
        self._switches = switches
        self._verbs = DeezerVerbs(account, catalogue, switches)

    def post_playlists(self, call: Call, user: str) -> Response:
        """Create (``title``) or follow (``playlist_id``, ``playlist_ids``)."""
        self._need_owner(call, user, "manage_library")
        if "title" in call.params:
            created = self._verbs.create(call.params["title"], call.params.get("description", ""), public=True)
            if isinstance(created, Refusal):
                return refused(created, self._switches)
            return answer({"id": created}, signed_in=True)
        ids = call.ids("playlist_ids" if "playlist_ids" in call.params else "playlist_id")
        return self._first_refusal([self._verbs.follow(playlist_id) for playlist_id in ids])

    def delete_playlists(self, call: Call, user: str) -> Response:
        """Stop following a playlist."""
        self._need_owner(call, user, "manage_library", "delete_library")
        return self._done(self._verbs.unfollow(_one(call, "playlist_id")))

    def post_playlist(self, call: Call, key: str) -> Response:
        """Change a header: any of ``title``, ``description``, ``public``, ``collaborative``."""
        call.need("manage_library")
        return self._done(
            self._verbs.change_header(
                int(key),
                title=call.params.get("title"),
                description=call.params.get("description"),
                public=call.flag("public"),
                collaborative=call.flag("collaborative"),
            )
        )

    def delete_playlist(self, call: Call, key: str) -> Response:
        """Delete a playlist for good."""
        call.need("manage_library", "delete_library")
        return self._done(self._verbs.delete(int(key)))

    def post_tracks(self, call: Call, key: str) -> Response:
        """Add at the end (``songs``) or reorder (``order``)."""
        call.need("manage_library")
        if "order" in call.params:
            return self._done(self._verbs.reorder(int(key), call.ids("order")))
        return self._done(self._verbs.add(int(key), call.ids("songs")))

    def delete_tracks(self, call: Call, key: str) -> Response:
        """Remove tracks by id."""
        call.need("manage_library", "delete_library")
        return self._done(self._verbs.remove(int(key), call.ids("songs")))

    def post_seen(self, call: Call, key: str) -> Response:
        """Mark a playlist as seen; nothing else changes."""
        call.need("manage_library")
        if int(key) not in self._account.read().playlists:
            raise failure(800)
        return answer(True, signed_in=True)

    def post_favourite_tracks(self, call: Call, user: str) -> Response:
        """Like ``track_id``, or ``track_ids`` in their order."""
        self._need_owner(call, user, "manage_library")
        ids = call.ids("track_ids") if "track_ids" in call.params else [_one(call, "track_id")]
        return self._done(self._verbs.like(ids))

    def delete_favourite_tracks(self, call: Call, user: str) -> Response:
        """Unlike one track; there is no plural."""
        self._need_owner(call, user, "manage_library", "delete_library")
        return self._done(self._verbs.unlike([_one(call, "track_id")]))

    def post_shelf(self, call: Call, user: str, name: str) -> Response:
        """Make an album or an artist a favourite."""
        self._need_owner(call, user, "manage_library")
        shelf, parameter = SHELVES[name]
        plural = f"{parameter}s"
        return self._done(self._verbs.shelve(shelf, call.ids(plural if plural in call.params else parameter)))

    def delete_shelf(self, call: Call, user: str, name: str) -> Response:
        """Remove an album or an artist from the favourites."""
        self._need_owner(call, user, "manage_library", "delete_library")
        shelf, parameter = SHELVES[name]
        return self._done(self._verbs.unshelve(shelf, [_one(call, parameter)]))

    def post_followings(self, call: Call, user: str) -> Response:
        """Follow a person: always refused with the recorded ``false``, for nobody else lives here."""
        self._need_owner(call, user, "manage_community")
        _one(call, "user_id")
        return answer(False, signed_in=True)

    def _need_owner(self, call: Call, user: str, *permissions: str) -> None:
        call.need(*permissions)
        if user not in ("me", str(self._account.user_id)):
            raise failure(200)

    def _done(self, refusal: Refusal | None) -> Response:
        return answer(True, signed_in=True) if refusal is None else refused(refusal, self._switches)

    def _first_refusal(self, refusals: list[Refusal | None]) -> Response:
        return self._done(next((refusal for refusal in refusals if refusal is not None), None))


def _one(call: Call, name: str) -> int:
    ids = call.ids(name)
    if len(ids) != 1:
        raise failure(500)
    return ids[0]


WRITES: Final[tuple[tuple[str, re.Pattern[str], Callable[..., Response]], ...]] = tuple(
    (method, re.compile(pattern), write)
    for method, pattern, write in (
        ("POST", "/user/([^/]+)/playlists", RestWrites.post_playlists),
        ("DELETE", "/user/([^/]+)/playlists", RestWrites.delete_playlists),
        ("POST", "/user/([^/]+)/tracks", RestWrites.post_favourite_tracks),
        ("DELETE", "/user/([^/]+)/tracks", RestWrites.delete_favourite_tracks),
        ("POST", "/user/([^/]+)/(albums|artists)", RestWrites.post_shelf),
        ("DELETE", "/user/([^/]+)/(albums|artists)", RestWrites.delete_shelf),
        ("POST", "/user/([^/]+)/followings", RestWrites.post_followings),
        ("POST", "/playlist/([0-9]+)", RestWrites.post_playlist),
        ("DELETE", "/playlist/([0-9]+)", RestWrites.delete_playlist),
        ("POST", "/playlist/([0-9]+)/tracks", RestWrites.post_tracks),
        ("DELETE", "/playlist/([0-9]+)/tracks", RestWrites.delete_tracks),
        ("POST", "/playlist/([0-9]+)/seen", RestWrites.post_seen),
    )
)
"""Every writing route: method, path, what it does with the path's groups."""
