"""The fake Deezer account: its library over time, who may see it, and what was done to it.

Theory. The account holds one frozen library and swaps it for the next one under one lock. Writes of the services go
through :meth:`DeezerAccount.commit`, which logs them and remembers the library before the last write, so that reads can
be made to lag by a count of reads. Edits by a person go through the ``*_by_hand`` methods; they are seen at once, are
not logged as writes of the job, and raise ValueError when Deezer would refuse them.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from threading import RLock

import msgspec

from musicdiff_job.sandbox import deezer_library as edits
from musicdiff_job.sandbox.deezer_credentials import PERMISSIONS, DeezerCredentials, Session
from musicdiff_job.sandbox.deezer_library import DeezerLibrary, DeezerPlaylist, Edited, PlaylistEntry, Refusal
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches

__all__ = [
    "PERMISSIONS",
    "AccountState",
    "DeezerAccount",
    "DeezerLibrary",
    "DeezerPlaylist",
    "DeezerSwitches",
    "PlaylistEntry",
    "Refusal",
    "Session",
    "Write",
]

HAND = DeezerSwitches(playlist_limit=1_000_000, favourites_limit=1_000_000)
"""A person's edits follow the defaults, without the size limits."""


class Write(msgspec.Struct, frozen=True):
    """One write that a client asked for. ``playlist`` is 0 where none is meant; ``refusal`` is None when all of it
    was done."""

    verb: str
    playlist: int = 0
    ids: tuple[int, ...] = ()
    refusal: Refusal | None = None


class AccountState(msgspec.Struct, frozen=True):
    """The library as a person would compare it: own playlists' titles with their visible track ids in order, and the
    favourites oldest first. A title that occurs again gets ``#2``, ``#3`` by age."""

    playlists: dict[str, tuple[int, ...]]
    favourites: tuple[int, ...]


class DeezerAccount:
    """One account; every method is safe to call from several threads.

    ``tokens`` maps access tokens to their permissions, ``clock`` gives Unix seconds, ``library`` is what the account
    holds at first (nothing by default; one of the same user). ``credentials`` can be edited while the sandbox runs.
    """

    def __init__(
        self,
        user_id: int = 900_000_001,
        name: str = "Sandbox Listener",
        country: str = "FR",
        *,
        tokens: Mapping[str, Iterable[str]] | None = None,
        arls: Iterable[str] = (),
        clock: Callable[[], float] = time.time,
        library: DeezerLibrary | None = None,
    ) -> None:
        self.user_id = user_id
        self.name = name
        self.country = country
        self.loved_id = 6_999_999_999
        self.credentials = DeezerCredentials(tokens or {}, arls, clock)
        self._clock = clock
        self._lock = RLock()
        if library is None:
            loved = msgspec.structs.replace(self._playlist(self.loved_id, "Loved Tracks"), loved=True)
            library = DeezerLibrary(user_id=user_id, loved_id=self.loved_id, playlists={self.loved_id: loved})
        self._library = library
        self._next_id = max(7_000_000_000, *library.playlists) + 1
        self._before_last_write = self._library
        self._stale_reads_left = 0
        self._writes: list[Write] = []
        self._readable: dict[int, bool] = {}
        self._readable_abroad: dict[int, bool] = {}

    def copy(self, clock: Callable[[], float] | None = None) -> DeezerAccount:
        """The same library with a life of its own from here on, by its own ``clock`` if one is given. Credentials are
        not copied."""
        twin = DeezerAccount(self.user_id, self.name, self.country, clock=clock or self._clock)
        with self._lock:
            twin._library = twin._before_last_write = self._library
            twin._next_id = self._next_id
            twin._readable, twin._readable_abroad = dict(self._readable), dict(self._readable_abroad)
        return twin

    # What the services use

    def read(self) -> DeezerLibrary:
        """The library as one request sees it: for the first ``read_lag`` reads after a write, as it was before it."""
        with self._lock:
            if self._stale_reads_left > 0:
                self._stale_reads_left -= 1
                return self._before_last_write
            return self._library

    def now(self) -> int:
        """The account's time in whole Unix seconds."""
        return int(self._clock())

    def new_playlist(
        self, title: str, description: str = "", public: bool = True, collab: bool = False
    ) -> DeezerPlaylist:
        """An empty playlist of this account with an unused id, not yet in the library."""
        with self._lock:
            self._next_id += 1
            return self._playlist(self._next_id - 1, title, description, public, collab)

    def commit(self, write: Write, edit: Callable[[DeezerLibrary], Edited], read_lag: int = 0) -> Refusal | None:
        """Carry out a client's write on the true library (never a stale one) and log it with its outcome."""
        with self._lock:
            edited = edit(self._library)
            if edited.library is not self._library:
                self._before_last_write = self._library
                self._stale_reads_left = read_lag
                self._library = edited.library
            self._writes.append(msgspec.structs.replace(write, refusal=edited.refusal))
            return edited.refusal

    def readable(self, track_id: int, default: bool, *, signed_in: bool) -> bool:
        """Whether a track is playable for the account, or (not signed in) at the caller's address."""
        with self._lock:
            verdict = self._readable.get(track_id, default)
            return verdict if signed_in else self._readable_abroad.get(track_id, verdict)

    # What a test asks

    def state(self) -> AccountState:
        """The true state, for comparisons; consumes no stale read."""
        library = self.library()
        titled: dict[str, tuple[int, ...]] = {}
        seen: Counter[str] = Counter()
        for playlist in reversed(library.own()):
            seen[playlist.title] += 1
            times = seen[playlist.title]
            key = playlist.title if times == 1 else f"{playlist.title}#{times}"
            titled[key] = tuple(entry.track_id for entry in playlist.visible())
        return AccountState(titled, tuple(entry.track_id for entry in library.loved().visible()))

    def library(self) -> DeezerLibrary:
        """The whole true library, which another account may begin with; consumes no stale read."""
        with self._lock:
            return self._library

    def playlist(self, which: int | str) -> DeezerPlaylist:
        """The true playlist by id, or the oldest own one with this title; KeyError when there is none."""
        with self._lock:
            if isinstance(which, int):
                return self._library.playlists[which]
            for playlist in reversed(self._library.own()):
                if playlist.title == which:
                    return playlist
        raise KeyError(which)

    def writes(self) -> tuple[Write, ...]:
        """Every write that a client asked for, oldest first, refused ones included."""
        with self._lock:
            return tuple(self._writes)

    def write_counts(self) -> Counter[str]:
        """How often each verb was carried out."""
        return Counter(write.verb for write in self.writes() if write.refusal is None)

    def refused_duplicates(self) -> int:
        """How many writes tried to put a track where it already was."""
        return sum(write.refusal is Refusal.DUPLICATE for write in self.writes())

    def forget_writes(self) -> None:
        """Start the log of writes anew."""
        with self._lock:
            self._writes.clear()

    def expire_sessions(self) -> None:
        """Let every web session die, as after some hours."""
        self.credentials.expire_sessions()

    # What a person or Deezer does meanwhile

    def set_readable(self, track_id: int, readable: bool, *, abroad: bool | None = None) -> None:
        """Say whether a track is playable; ``abroad`` differs for requests without the account's token."""
        with self._lock:
            self._readable[track_id] = readable
            if abroad is not None:
                self._readable_abroad[track_id] = abroad

    def create_by_hand(
        self,
        title: str,
        ids: Iterable[int] = (),
        *,
        description: str = "",
        public: bool = True,
        collaborative: bool = False,
    ) -> int:
        """Make a playlist and return its id."""
        playlist = self.new_playlist(title, description, public, collaborative)
        self._by_hand(lambda library: edits.create(library, playlist, ids, self.now(), HAND))
        return playlist.id

    def add_by_hand(self, which: int | str, *ids: int, offset: int = -1) -> None:
        """Add tracks to an own playlist, named by id or title."""
        self._by_hand(lambda library: edits.add(library, self._id(which), ids, self.now(), HAND, offset=offset))

    def remove_by_hand(self, which: int | str, *ids: int) -> None:
        """Remove tracks from an own playlist."""
        self._by_hand(lambda library: edits.remove(library, self._id(which), ids, self.now()))

    def reorder_by_hand(self, which: int | str, ids: Iterable[int]) -> None:
        """Put an own playlist's visible entries in this order."""
        self._by_hand(lambda library: edits.reorder(library, self._id(which), ids, self.now(), HAND))

    def rename_by_hand(self, which: int | str, title: str, description: str | None = None) -> None:
        """Change an own playlist's title, and its description when given."""
        self._by_hand(
            lambda library: edits.change_header(
                library, self._id(which), self.now(), title=title, description=description
            )
        )

    def publish_by_hand(self, which: int | str, public: bool) -> None:
        """Make an own playlist public or private."""
        self._by_hand(lambda library: edits.change_header(library, self._id(which), self.now(), public=public))

    def share_by_hand(self, which: int | str) -> None:
        """Let others edit a playlist, which makes it public."""
        playlist = self._id(which)
        self._by_hand(
            lambda library: edits.change_header(library, playlist, self.now(), public=True, collaborative=True)
        )

    def delete_playlist_by_hand(self, which: int | str) -> None:
        """Delete an own playlist."""
        self._by_hand(lambda library: edits.delete(library, self._id(which)))

    def like_by_hand(self, *ids: int) -> None:
        """Make tracks favourites, in this order."""
        self._by_hand(lambda library: edits.like(library, ids, self.now(), HAND))

    def unlike_by_hand(self, *ids: int) -> None:
        """Remove tracks from the favourites."""
        self._by_hand(lambda library: edits.unlike(library, ids, self.now()))

    def shelve_by_hand(self, *, albums: Iterable[int] = (), artists: Iterable[int] = ()) -> None:
        """Make albums and artists favourites."""
        self._by_hand(
            lambda library: Edited(
                msgspec.structs.replace(
                    library,
                    albums=library.albums | dict.fromkeys(albums, self.now()),
                    artists=library.artists | dict.fromkeys(artists, self.now()),
                )
            )
        )

    def unshelve_by_hand(self, *, albums: Iterable[int] = (), artists: Iterable[int] = ()) -> None:
        """Remove albums and artists from the favourites."""
        gone_albums, gone_artists = {*albums}, {*artists}
        self._by_hand(
            lambda library: Edited(
                msgspec.structs.replace(
                    library,
                    albums={key: since for key, since in library.albums.items() if key not in gone_albums},
                    artists={key: since for key, since in library.artists.items() if key not in gone_artists},
                )
            )
        )

    def hide_by_hand(self, which: int | str, *ids: int) -> None:
        """Let Deezer withdraw entries: they count still but are listed no more. Works on the favourites too."""
        with self._lock:
            playlist = self.playlist(which)
            hidden = {track: msgspec.structs.replace(playlist.entries[track], hidden=True) for track in ids}
            changed = msgspec.structs.replace(playlist, entries={**playlist.entries, **hidden})
            self._by_hand(lambda library: Edited(library.with_playlist(changed)))

    def follow_by_hand(
        self, title: str, ids: Iterable[int], *, creator_id: int, creator_name: str = "Somebody", public: bool = True
    ) -> int:
        """Follow a playlist that somebody else made just now; returns its id."""
        with self._lock:
            mine = self.new_playlist(title, public=public)
            entries = {track: PlaylistEntry(track, mine.created) for track in ids}
            theirs = msgspec.structs.replace(
                mine, creator_id=creator_id, creator_name=creator_name, entries=entries, fans=1
            )

            def followed(library: DeezerLibrary) -> Edited:
                with_theirs = library.with_playlist(theirs)
                since = {**library.followed, theirs.id: self.now()}
                return Edited(msgspec.structs.replace(with_theirs, followed=since))

            self._by_hand(followed)
            return theirs.id

    def _by_hand(self, edit: Callable[[DeezerLibrary], Edited]) -> None:
        with self._lock:
            edited = edit(self._library)
            if edited.refusal is not None:
                raise ValueError(edited.refusal.value)
            self._library = edited.library
            self._stale_reads_left = 0

    def _id(self, which: int | str) -> int:
        return self.playlist(which).id if isinstance(which, str) else which

    def _playlist(
        self, playlist_id: int, title: str, description: str = "", public: bool = True, collab: bool = False
    ) -> DeezerPlaylist:
        return DeezerPlaylist(
            id=playlist_id,
            title=title,
            description=description,
            creator_id=self.user_id,
            creator_name=self.name,
            public=public,
            collaborative=collab,
            created=self.now(),
            modified=self.now(),
        )
