"""What a signed-in client can do to a Deezer account, whichever of the two services it comes through.

Theory. REST and the gateway write to one library by one set of rules and differ only in how they spell requests and
refusals. Here are the rules: ids must exist in the catalogue, then the edit of ``deezer_library`` decides. Every call
is logged by the account, so a test can count writes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from musicdiff_job.sandbox import deezer_library as edits
from musicdiff_job.sandbox.catalogue import Catalogue
from musicdiff_job.sandbox.deezer_account import DeezerAccount, Write
from musicdiff_job.sandbox.deezer_library import DeezerLibrary, Edited, Refusal
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches

Shelf = Literal["albums", "artists"]


class DeezerVerbs:
    """The writes of one account. Each returns None when done, or why it was refused."""

    def __init__(self, account: DeezerAccount, catalogue: Catalogue, switches: DeezerSwitches) -> None:
        self._account = account
        self._catalogue = catalogue
        self._switches = switches

    def create(
        self, title: str, description: str, *, public: bool, collaborative: bool = False, songs: Sequence[int] = ()
    ) -> int | Refusal:
        """Create a playlist and return its id. When its first songs are refused, so is the playlist (except under
        ``duplicate_add="partial_error"``, where it stays behind)."""
        playlist = self._account.new_playlist(title, description, public, collaborative)
        refusal = self._commit(
            Write("create", playlist.id, tuple(songs)),
            lambda library: edits.create(library, playlist, songs, self._account.now(), self._switches),
            new_tracks=songs,
        )
        return playlist.id if refusal is None else refusal

    def change_header(
        self,
        playlist_id: int,
        *,
        title: str | None,
        description: str | None,
        public: bool | None,
        collaborative: bool | None,
    ) -> Refusal | None:
        """Change the parts that are not None."""
        return self._commit(
            Write("change_header", playlist_id),
            lambda library: edits.change_header(
                library,
                playlist_id,
                self._account.now(),
                title=title,
                description=description,
                public=public,
                collaborative=collaborative,
            ),
        )

    def delete(self, playlist_id: int) -> Refusal | None:
        """Delete an own playlist."""
        return self._commit(Write("delete", playlist_id), lambda library: edits.delete(library, playlist_id))

    def add(self, playlist_id: int, songs: Sequence[int], offset: int = -1) -> Refusal | None:
        """Add tracks to an own playlist."""
        return self._commit(
            Write("add", playlist_id, tuple(songs)),
            lambda library: edits.add(library, playlist_id, songs, self._account.now(), self._switches, offset=offset),
            new_tracks=songs,
        )

    def remove(self, playlist_id: int, songs: Sequence[int]) -> Refusal | None:
        """Remove tracks from an own playlist."""
        return self._commit(
            Write("remove", playlist_id, tuple(songs)),
            lambda library: edits.remove(library, playlist_id, songs, self._account.now()),
        )

    def reorder(self, playlist_id: int, order: Sequence[int]) -> Refusal | None:
        """Put an own playlist in this order."""
        return self._commit(
            Write("reorder", playlist_id, tuple(order)),
            lambda library: edits.reorder(library, playlist_id, order, self._account.now(), self._switches),
        )

    def follow(self, playlist_id: int) -> Refusal | None:
        """Follow somebody else's playlist."""
        return self._commit(
            Write("follow", playlist_id), lambda library: edits.follow(library, playlist_id, self._account.now())
        )

    def unfollow(self, playlist_id: int) -> Refusal | None:
        """Stop following it."""
        return self._commit(Write("unfollow", playlist_id), lambda library: edits.unfollow(library, playlist_id))

    def like(self, songs: Sequence[int]) -> Refusal | None:
        """Make tracks favourites, in this order."""
        return self._commit(
            Write("like", 0, tuple(songs)),
            lambda library: edits.like(library, songs, self._account.now(), self._switches),
            new_tracks=songs,
        )

    def unlike(self, songs: Sequence[int]) -> Refusal | None:
        """Remove tracks from the favourites."""
        return self._commit(
            Write("unlike", 0, tuple(songs)), lambda library: edits.unlike(library, songs, self._account.now())
        )

    def shelve(self, shelf: Shelf, ids: Sequence[int]) -> Refusal | None:
        """Make albums or artists favourites."""
        known = self._catalogue.albums if shelf == "albums" else self._catalogue.artists

        def shelved(library: DeezerLibrary) -> Edited:
            if not all(key in known for key in ids):
                return Edited(library, Refusal.NOT_FOUND)
            held = library.albums if shelf == "albums" else library.artists
            new = {key: self._account.now() for key in ids if key not in held}
            return _with_shelf(library, shelf, {**held, **new})

        return self._commit(Write(f"like_{shelf}", 0, tuple(ids)), shelved)

    def unshelve(self, shelf: Shelf, ids: Sequence[int]) -> Refusal | None:
        """Remove albums or artists from the favourites."""

        def unshelved(library: DeezerLibrary) -> Edited:
            held = library.albums if shelf == "albums" else library.artists
            return _with_shelf(library, shelf, {key: since for key, since in held.items() if key not in ids})

        return self._commit(Write(f"unlike_{shelf}", 0, tuple(ids)), unshelved)

    def _commit(
        self, write: Write, edit: Callable[[DeezerLibrary], Edited], new_tracks: Sequence[int] = ()
    ) -> Refusal | None:
        def checked(library: DeezerLibrary) -> Edited:
            refusal = self._unplaceable(new_tracks)
            return edit(library) if refusal is None else Edited(library, refusal)

        return self._account.commit(write, checked, self._switches.read_lag)

    def _unplaceable(self, songs: Sequence[int]) -> Refusal | None:
        for song in songs:
            track = self._catalogue.deezer_by_id.get(song)
            if track is None:
                return Refusal.UNKNOWN_TRACK
            if self._switches.unreadable_add == "refuse" and not self._account.readable(
                song, track.readable, signed_in=True
            ):
                return Refusal.UNREADABLE
        return None


def _with_shelf(library: DeezerLibrary, shelf: Shelf, held: dict[int, int]) -> Edited:
    if shelf == "albums":
        return Edited(msgspec.structs.replace(library, albums=held))
    return Edited(msgspec.structs.replace(library, artists=held))
