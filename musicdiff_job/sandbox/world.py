"""One Spotify account and the edits a person would make to it.

Playlists and their entries are frozen values (``spotify_library``); an edit puts a new value in place of the old one
under one lock, so a reader that holds a playlist sees it as it was. Time is counted, not read: every edit happens one
second after the one before, from ``EPOCH`` on, so that two accounts that were edited alike are equal to the last time
stamp.

``demo_world`` is a small library of real playlists with everything in it that makes a mirror's life hard;
``synthetic_world`` is any number of overlapping lists of one size, for measurements.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec

from musicdiff_job.sandbox.catalogue import Catalogue, load_catalogue
from musicdiff_job.sandbox.spotify_albums import albums_of, artist_id, artists_of
from musicdiff_job.sandbox.spotify_library import (
    EPOCH,
    SPOTIFY,
    CatalogueTrack,
    Content,
    Episode,
    Gone,
    LikedTrack,
    ListEntry,
    LocalFile,
    Played,
    SavedAlbum,
    SpotifyPlaylist,
    base62_id,
)

PLAYS_KEPT: Final = 50
"""Nothing shows earlier ones (observed by several clients)."""

MadeBySpotify = Literal["hidden", "restless", "stuck"]
"""How an app sees Spotify's own lists: not at all (``null`` in listings, 404, since 2024-11-27), or as apps with
extended quota still may, with a snapshot id that changes with every request (spotify/web-api issue 858) or one that
stays when the entries change (ncspot issue 464)."""


class SpotifyAccount:
    """The library of one account. Every method may be called from any thread.

    ``header_edits_change_snapshot`` says whether renaming a playlist changes its snapshot id: not established, so a
    client must come through with both. ``made_by_spotify`` says how the service shows the lists that it makes itself
    (see ``MadeBySpotify``). Verbs raise KeyError for unknown playlists or tracks and IndexError for
    entries that do not exist.
    """

    def __init__(
        self,
        catalogue: Catalogue | None = None,
        *,
        user_id: str = "listener",
        display_name: str = "Sandbox Listener",
        header_edits_change_snapshot: bool = True,
        made_by_spotify: MadeBySpotify = "hidden",
    ) -> None:
        self.catalogue: Final = catalogue if catalogue is not None else load_catalogue()
        self.user_id: Final = user_id
        self.display_name: Final = display_name
        self.header_edits_change_snapshot = header_edits_change_snapshot
        self.made_by_spotify: MadeBySpotify = made_by_spotify
        self._lock = threading.RLock()
        self._edits = 0
        self._requests = 0
        self._playlists: dict[str, SpotifyPlaylist] = {}
        self._liked: tuple[LikedTrack, ...] = ()
        self._played: tuple[Played, ...] = ()

        self._albums: tuple[SavedAlbum, ...] = ()
        self._artists: frozenset[str] = frozenset()
        self._snapshots: dict[str, frozenset[str]] = {}

    def copy(self) -> SpotifyAccount:
        """Another account that is as this one is now; from here on each has its own edits."""
        other = SpotifyAccount(
            self.catalogue,
            user_id=self.user_id,
            display_name=self.display_name,
            header_edits_change_snapshot=self.header_edits_change_snapshot,
            made_by_spotify=self.made_by_spotify,
        )
        with self._lock:
            other._edits, other._playlists, other._liked = self._edits, dict(self._playlists), self._liked
            other._played = self._played

            other._albums, other._artists = self._albums, self._artists
            other._snapshots = dict(self._snapshots)
        return other

    # What a service reads

    def playlists(self) -> tuple[SpotifyPlaylist, ...]:
        """All playlists in the order of the library."""
        with self._lock:
            return tuple(self._playlists.values())

    def playlist(self, playlist_id: str) -> SpotifyPlaylist | None:
        """One playlist, or None."""
        with self._lock:
            return self._playlists.get(playlist_id)

    def liked(self) -> tuple[LikedTrack, ...]:
        """The liked songs, newest first."""
        with self._lock:
            return self._liked

    def played(self) -> tuple[Played, ...]:
        """What was played last, newest first: the service remembers no more than ``PLAYS_KEPT``."""
        with self._lock:
            return self._played

    def is_hidden(self, playlist: SpotifyPlaylist) -> bool:
        """Whether the service shows the playlist to nobody."""
        return playlist.owner_id == SPOTIFY and self.made_by_spotify == "hidden"

    def shown_snapshot(self, playlist: SpotifyPlaylist) -> str:
        """The snapshot id that a request gets to see."""
        if playlist.owner_id != SPOTIFY or self.made_by_spotify != "restless":
            return playlist.snapshot
        with self._lock:
            self._requests += 1
            return f"AAAA{base62_id('snapshot', playlist.id, 'request', self._requests)}=="

    def albums(self) -> tuple[SavedAlbum, ...]:
        """The saved albums, newest first."""
        with self._lock:
            return self._albums

    def artists(self) -> tuple[str, ...]:
        """The ids of the followed artists in their own order, as Spotify lists them (observed); nobody knows since
        when they are followed."""
        with self._lock:
            return tuple(sorted(self._artists))

    def readable(self, playlist: SpotifyPlaylist) -> bool:
        """Whether the account owns the playlist or collaborates on it."""
        return playlist.owner_id == self.user_id or playlist.contributes

    def named(self, name: str) -> SpotifyPlaylist:
        """The first playlist of this name; KeyError when there is none."""
        for playlist in self.playlists():
            if playlist.name == name:
                return playlist
        raise KeyError(name)

    def snapshots(self, playlist_id: str) -> frozenset[str]:
        """Every snapshot id that the playlist has ever had."""
        with self._lock:
            return self._snapshots.get(playlist_id, frozenset())

    # What a person does

    def add_playlist(
        self,
        name: str,
        tracks: Iterable[str] = (),
        *,
        description: str = "",
        public: bool | None = False,
        collaborative: bool = False,
    ) -> str:
        """Create a playlist at the end of the library and return its id."""
        return self._put(name, tracks, self.user_id, self.display_name, description, public, collaborative, False)

    def follow_foreign_playlist(
        self,
        name: str,
        tracks: Iterable[str] = (),
        *,
        owner: str = "somebody",
        collaborative: bool = False,
        contributes: bool = False,
    ) -> str:
        """Follow somebody else's public playlist; ``contributes`` for one that the account was invited to edit."""
        return self._put(name, tracks, owner, owner.title(), "", True, collaborative, contributes)

    def follow_spotify_owned(self, name: str, tracks: Iterable[str] = ()) -> str:
        """Follow one of Spotify's own lists, which listings show to apps as ``null``."""
        return self._put(name, tracks, SPOTIFY, "Spotify", "", True, False, False)

    def share(self, playlist_id: str) -> None:
        """The owner of a followed playlist lets the account work on it; its snapshot stays."""
        with self._lock:
            playlist = self._playlists[playlist_id]
            self._playlists[playlist_id] = msgspec.structs.replace(playlist, collaborative=True, contributes=True)

    def remake(self, playlist_id: str, tracks: Iterable[str]) -> None:
        """Spotify renews one of its own lists; its snapshot stays as it was."""
        contents = [CatalogueTrack(self.catalogue.spotify[track_id].id) for track_id in tracks]
        with self._lock:
            now = self._tick()
            entries = tuple(ListEntry(content, now) for content in contents)
            self._playlists[playlist_id] = msgspec.structs.replace(self._playlists[playlist_id], entries=entries)

    def delete_playlist(self, playlist_id: str) -> None:
        """Delete or unfollow a playlist."""
        with self._lock:
            self._edits += 1
            del self._playlists[playlist_id]

    def rename(self, playlist_id: str, name: str) -> None:
        """Change a playlist's name."""
        self._change_header(playlist_id, lambda playlist: msgspec.structs.replace(playlist, name=name))

    def set_description(self, playlist_id: str, description: str) -> None:
        """Change a playlist's description (plain text)."""
        self._change_header(playlist_id, lambda playlist: msgspec.structs.replace(playlist, description=description))

    def set_public(self, playlist_id: str, public: bool | None) -> None:
        """Change whether a playlist is public; None is what the service says when it does not know."""
        self._change_header(playlist_id, lambda playlist: msgspec.structs.replace(playlist, public=public))

    def hide_total(self, playlist_id: str) -> None:
        """Make listings say ``null`` for this playlist's number of entries; its snapshot stays."""
        with self._lock:
            self._playlists[playlist_id] = msgspec.structs.replace(self._playlists[playlist_id], total_hidden=True)

    def add_track(self, playlist_id: str, track_id: str, position: int | None = None, *, dated: bool = True) -> None:
        """Insert a track, at the end unless ``position`` says otherwise; ``dated=False`` leaves ``added_at`` out."""
        self._insert(playlist_id, CatalogueTrack(self.catalogue.spotify[track_id].id), position, dated)

    def add_local_file(
        self, playlist_id: str, artist: str, album: str, title: str, seconds: int, position: int | None = None
    ) -> None:
        """Insert a local file."""
        self._insert(playlist_id, LocalFile(artist, album, title, seconds), position, True)

    def add_episode(
        self, playlist_id: str, name: str, show: str, seconds: int = 1800, position: int | None = None
    ) -> None:
        """Insert a podcast episode."""
        self._insert(playlist_id, Episode(base62_id("episode", show, name), name, show, seconds), position, True)

    def append_tracks(self, playlist_id: str, track_ids: Sequence[str], position: int | None = None) -> None:
        """Insert several tracks in one edit, at the end unless ``position`` says otherwise; twice is allowed."""
        known = [CatalogueTrack(self.catalogue.spotify[track_id].id) for track_id in track_ids]

        def inserted(entries: list[ListEntry], now: str) -> list[ListEntry]:
            at = len(entries) if position is None else position
            return [*entries[:at], *(ListEntry(content, now) for content in known), *entries[at:]]

        self._edit_entries(playlist_id, inserted)

    def remove_tracks(self, playlist_id: str, track_ids: Collection[str]) -> None:
        """Remove every copy of these tracks in one edit; without any there is no edit."""
        gone = {CatalogueTrack(track_id) for track_id in track_ids}
        with self._lock:
            if any(entry.content in gone for entry in self._playlists[playlist_id].entries):
                self._edit_entries(
                    playlist_id, lambda entries, _: [entry for entry in entries if entry.content not in gone]
                )

    def null_track(self, playlist_id: str, position: int) -> None:
        """Let the entry at ``position`` vanish from Spotify: it is served as ``null`` from now on."""
        self._edit_entries(playlist_id, lambda entries, _: _replaced(entries, position))

    def remove_at(self, playlist_id: str, position: int) -> None:
        """Remove the entry at ``position``."""

        def removed(entries: list[ListEntry], _: str) -> list[ListEntry]:
            del entries[position]
            return entries

        self._edit_entries(playlist_id, removed)

    def move(self, playlist_id: str, position: int, to: int) -> None:
        """Move the entry at ``position`` so that it stands at ``to`` afterwards."""

        def moved(entries: list[ListEntry], _: str) -> list[ListEntry]:
            entries.insert(to, entries.pop(position))
            return entries

        self._edit_entries(playlist_id, moved)

    def like(self, track_id: str) -> None:
        """Like a song; liking it again moves it to the top."""
        known = self.catalogue.spotify[track_id].id
        with self._lock:
            rest = tuple(liked for liked in self._liked if liked.track_id != known)
            self._liked = (LikedTrack(known, self._tick()), *rest)

    def unlike(self, track_id: str) -> None:
        """Stop liking a song."""
        with self._lock:
            self._edits += 1
            self._liked = tuple(liked for liked in self._liked if liked.track_id != track_id)

    def play(self, track_id: str, at: datetime, context: str | None = None) -> None:
        """Have listened to a track until ``at``. One that was played earlier than others (offline, say) comes late, in
        its place."""
        text = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        known = self.catalogue.spotify[track_id].id
        with self._lock:
            plays = (Played(known, text, context), *self._played)
            newest_first = sorted(plays, key=lambda one: one.played_at, reverse=True)
            self._played = tuple(newest_first[:PLAYS_KEPT])

    def save_album(self, album_id: str) -> None:
        """Save an album; saving it again moves it to the top."""
        known = albums_of(self.catalogue)[album_id].id
        with self._lock:
            rest = tuple(saved for saved in self._albums if saved.album_id != known)
            self._albums = (SavedAlbum(known, self._tick()), *rest)

    def unsave_album(self, album_id: str) -> None:
        """Stop keeping an album."""
        with self._lock:
            self._edits += 1
            self._albums = tuple(saved for saved in self._albums if saved.album_id != album_id)

    def follow_artist(self, artist_id: str) -> None:
        """Follow an artist."""
        if artist_id not in artists_of(self.catalogue):
            raise KeyError(artist_id)
        with self._lock:
            self._edits += 1
            self._artists |= {artist_id}

    def unfollow_artist(self, artist_id: str) -> None:
        """Stop following an artist."""
        with self._lock:
            self._edits += 1
            self._artists -= {artist_id}

    # How it is kept

    def _tick(self) -> str:
        self._edits += 1
        return (EPOCH + timedelta(seconds=self._edits)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _stamped(self, playlist: SpotifyPlaylist) -> SpotifyPlaylist:
        snapshot = f"AAAA{base62_id('snapshot', playlist.id, self._edits)}=="
        self._snapshots[playlist.id] = self._snapshots.get(playlist.id, frozenset()) | {snapshot}
        return msgspec.structs.replace(playlist, snapshot=snapshot)

    def _put(
        self,
        name: str,
        tracks: Iterable[str],
        owner_id: str,
        owner_name: str,
        description: str,
        public: bool | None,
        collaborative: bool,
        contributes: bool,
    ) -> str:
        contents = [CatalogueTrack(self.catalogue.spotify[track_id].id) for track_id in tracks]
        with self._lock:
            now = self._tick()
            playlist = SpotifyPlaylist(
                id=base62_id("playlist", self.user_id, self._edits),
                name=name,
                owner_id=owner_id,
                owner_name=owner_name,
                snapshot="",
                description=description,
                public=public,
                collaborative=collaborative,
                contributes=contributes,
                entries=tuple(ListEntry(content, now) for content in contents),
            )
            self._playlists[playlist.id] = self._stamped(playlist)
            return playlist.id

    def _change_header(self, playlist_id: str, change: Callable[[SpotifyPlaylist], SpotifyPlaylist]) -> None:
        with self._lock:
            self._edits += 1
            changed = change(self._playlists[playlist_id])
            self._playlists[playlist_id] = self._stamped(changed) if self.header_edits_change_snapshot else changed

    def _edit_entries(self, playlist_id: str, edit: Callable[[list[ListEntry], str], list[ListEntry]]) -> None:
        with self._lock:
            playlist = self._playlists[playlist_id]
            entries = tuple(edit(list(playlist.entries), self._tick()))
            self._playlists[playlist_id] = self._stamped(msgspec.structs.replace(playlist, entries=entries))

    def _insert(self, playlist_id: str, content: Content, position: int | None, dated: bool) -> None:
        def inserted(entries: list[ListEntry], now: str) -> list[ListEntry]:
            at = len(entries) if position is None else position
            return [*entries[:at], ListEntry(content, now if dated else None), *entries[at:]]

        self._edit_entries(playlist_id, inserted)


def _replaced(entries: list[ListEntry], position: int) -> list[ListEntry]:
    entries[position] = ListEntry(Gone(), entries[position].added_at)
    return entries


def keep_albums_and_artists(account: SpotifyAccount, albums: int, artists: int, seed: int = 1) -> None:
    """Save so many albums and follow so many artists, both drawn from those whose counterpart on Deezer is known. The
    albums are recorded ones as far as they last, then single tracks' albums. Half of the artists are, as far as there
    are so many, the artists of what the account holds."""
    pick = random.Random(seed)
    known = [album for album in albums_of(account.catalogue).values() if album.deezer_id]
    pick.shuffle(known)
    chosen = sorted(known, key=lambda album: -len(album.tracks))[:albums]
    pick.shuffle(chosen)
    for album in chosen:
        account.save_album(album.id)
    held = {album.artist for album in chosen}
    held |= {account.catalogue.spotify[liked.track_id].artists[0] for liked in account.liked()}
    every = {album.artist for album in known}
    familiar = sorted(held & every)[: artists - artists // 2]
    others = pick.sample(sorted(every - {*familiar}), artists - len(familiar))
    for name in (*familiar, *others):
        account.follow_artist(artist_id(name))


def demo_world(
    seed: int = 1,
    playlists: int = 12,
    liked: int = 60,
    catalogue: Catalogue | None = None,
    *,
    albums: int = 0,
    artists: int = 0,
) -> SpotifyAccount:
    """A library of real playlists, as a person would have it.

    On top of ``playlists`` own ones: a collaborative one, a followed one, one of Spotify's own (served as ``null``)
    and an empty one. The first list also holds a local file, a podcast episode and a track that Spotify removed.
    """
    account = SpotifyAccount(catalogue)
    pick = random.Random(seed)
    real = [entry for entry in account.catalogue.playlists if entry.kind == "playlist"]
    chosen = pick.sample(real, min(playlists + 2, len(real)))
    own, shared, foreign = chosen[:-2], chosen[-2], chosen[-1]
    for entry in own:
        account.add_playlist(entry.name, entry.tracks, description=f"Tracks & more from {entry.source}")
    account.add_playlist(shared.name, shared.tracks, collaborative=True)
    account.follow_foreign_playlist(foreign.name, foreign.tracks, owner="another-listener")
    account.follow_spotify_owned("Discover Weekly")
    account.add_playlist("Empty for now")
    first = account.playlists()[0].id
    account.add_local_file(first, "My Band", "Rehearsals", "Take 3: the loud one", 201, position=2)
    account.add_episode(first, "How playlists are made", "A Podcast", position=4)
    account.null_track(first, len(account.playlists()[0].entries) - 1)
    for track_id in pick.sample(sorted({track for entry in own for track in entry.tracks}), liked):
        account.like(track_id)
    keep_albums_and_artists(account, albums, artists, seed)
    return account


def synthetic_world(
    playlists: int = 50,
    tracks_each: int = 100,
    liked: int = 200,
    seed: int = 1,
    *,
    whole_albums: bool = False,
    albums: int = 0,
    artists: int = 0,
    catalogue: Catalogue | None = None,
) -> SpotifyAccount:
    """Own playlists of one size that overlap, drawn from the catalogue; no list holds a track twice.

    ``whole_albums`` draws runs of album tracks instead of single tracks, as in libraries of people who save albums.
    """
    account = SpotifyAccount(catalogue)
    pick = random.Random(seed)
    every = sorted(account.catalogue.spotify)
    whole = [entry.tracks for entry in account.catalogue.playlists if entry.kind == "album"]
    for number in range(1, playlists + 1):
        if whole_albums:
            drawn = dict.fromkeys(track for album in pick.sample(whole, len(whole)) for track in album)
            tracks = list(drawn)[:tracks_each]
        else:
            tracks = pick.sample(every, tracks_each)
        account.add_playlist(f"Synthetic {number:04}", tracks)
    for track_id in pick.sample(every, liked):
        account.like(track_id)
    keep_albums_and_artists(account, albums, artists, seed)
    return account
