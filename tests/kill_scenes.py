"""Libraries, and what people do to them before a run that is killed and right after it.

A scene is ready for its run: what went before has been synced, a day ago, so that what vanished from Spotify may be
deleted now. ``rethink`` is what people do while the dead process lies there. Some of it takes back what the run was
about to do: a change that was made, but is not known to have been made, must not be taken for a person's.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rig import Credential, Rig

from musicdiff_job.clock import StopFlag, SystemClock
from musicdiff_job.core import document
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.model import FAVOURITE_ALBUMS, FAVOURITES
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.sandbox.catalogue import load_catalogue
from musicdiff_job.sandbox.deezer_account import DeezerAccount
from musicdiff_job.sandbox.deezer_library import DeezerLibrary
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.spotify_accounts import SCOPES, WRITE_SCOPES
from musicdiff_job.sandbox.spotify_albums import SpotifyAlbum, albums_of, artist_id
from musicdiff_job.sandbox.spotify_library import CatalogueTrack
from musicdiff_job.sandbox.world import SpotifyAccount

Edit = Callable[[SpotifyAccount, DeezerAccount], None]
SUFFIXES = (".ndjson", ".jspf", ".m3u8", ".csv")
Placed = frozenset[tuple[str, int]]
"""Collections (the mirror's id, or ``favourites``) and Deezer tracks."""


@dataclass(frozen=True)
class Scene:
    """Two accounts and a checkpoint right before the run that dies. ``hand_added`` and ``hand_removed`` are what people
    did on Deezer, ``rethink`` included; ``unplaced`` are likes whose place in the favourites depends on when a run got
    to them. ``scope`` is what the consent covers. ``beside`` names a folder that the job writes to besides, and
    ``files`` is what lies in it."""

    name: str
    credential: Credential
    settings: dict[str, str]
    switches: dict[str, Any]
    spotify: SpotifyAccount
    library: DeezerLibrary
    checkpoint: bytes | None
    rethink: Edit
    hand_added: Placed = frozenset()
    hand_removed: Placed = frozenset()
    unplaced: frozenset[int] = frozenset()
    scope: str = SCOPES
    beside: str = ""
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def flows(self) -> bool:
        """Whether hand edits on Deezer are made on Spotify too."""
        return "both" in self.settings.get("MUSICDIFF_PLAYLIST", "")

    @property
    def is_backup(self) -> bool:
        """Whether the target is the folder beside the checkpoint."""
        return self.settings.get("MUSICDIFF_TARGET_KIND") == "files"

    @property
    def deezer_switches(self) -> DeezerSwitches:
        return _switches(self.switches)

    @property
    def lags(self) -> bool:
        """Whether Deezer's reads may be older than its last write."""
        return bool(self.switches.get("read_lag"))

    @property
    def keeps(self) -> bool:
        """Whether what people do on Deezer stays."""
        return self.settings.get("MUSICDIFF_SYNC_HAND_EDITS", "keep") == "keep"

    @property
    def likes_in_playlist(self) -> bool:
        return self.settings.get("MUSICDIFF_SYNC_LIKED_AS") == "playlist"

    @property
    def known(self) -> Checkpoint:
        """What the job knows when the run begins."""
        return Checkpoint() if self.checkpoint is None else document.decode(self.checkpoint)[1]


class Yesterday:
    """The clock of more than a day ago; waiting takes no time."""

    def __init__(self) -> None:
        self._clock = SystemClock(StopFlag())

    def now(self) -> datetime:
        return self._clock.now() - timedelta(hours=25)

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def wait(self, seconds: float) -> None:
        pass


@dataclass
class Past:
    """Both accounts while a scene is set."""

    folder: Path
    credential: Credential
    settings: dict[str, str]
    switches: dict[str, Any] = field(default_factory=dict)
    scope: str = SCOPES
    beside: str = ""
    spotify: SpotifyAccount = field(default_factory=SpotifyAccount)
    deezer: DeezerAccount = field(default_factory=DeezerAccount)

    def sync(self) -> None:
        """Undisturbed runs until one has nothing to do, a day ago."""
        with Sandbox(self.spotify, self.deezer, scope=self.scope, switches=_switches(self.switches)) as sandbox:
            self.folder.mkdir(parents=True, exist_ok=True)
            rig = Rig(sandbox, self.folder, self.credential, self.settings, Yesterday())
            for _ in range(20):
                summary = rig.run()
                assert not summary.totals.unmatched, summary
                if summary.outcome is Outcome.IN_SYNC:
                    return
        raise AssertionError(f"the past does not come to rest: {summary}")

    def scene(self, name: str, rethink: Edit, **more: Any) -> Scene:
        checkpoint = self.folder / "checkpoint.json"
        return Scene(
            name,
            self.credential,
            self.settings,
            self.switches,
            self.spotify.copy(),
            self.deezer.library(),
            checkpoint.read_bytes() if checkpoint.exists() else None,
            rethink,
            scope=self.scope,
            beside=self.beside,
            files=files_in(self.folder / self.beside) if self.beside else {},
            **more,
        )


def files_in(folder: Path) -> dict[str, bytes]:
    """The files in a folder, by name; none where there is no folder. Those that a run left unfinished are none."""
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return {path.name: path.read_bytes() for path in found if path.suffix in SUFFIXES and not path.name.startswith(".")}


@functools.cache
def matched() -> tuple[str, ...]:
    """Spotify tracks whose counterpart is beyond doubt, no two with the same; shuffled."""
    catalogue = load_catalogue()
    found: dict[int, str] = {}
    for track in catalogue.spotify.values():
        twin = catalogue.deezer_by_isrc.get(track.isrc)
        if (
            twin is not None
            and twin.id == track.deezer_id
            and twin.readable
            and len(catalogue.copies_of(track.isrc)) == 1
        ):
            found.setdefault(twin.id, track.id)
    return tuple(random.Random(5).sample(sorted(found.values()), len(found)))


@functools.cache
def foreign() -> tuple[int, ...]:
    """Deezer tracks that are nobody's counterpart."""
    catalogue = load_catalogue()
    taken = {track.deezer_id for track in catalogue.spotify.values()}
    free = sorted(track.id for track in catalogue.deezer_by_id.values() if track.id not in taken and track.readable)
    return tuple(random.Random(6).sample(free, 40))


def counterpart(track: str) -> int:
    """The Deezer track of a Spotify track."""
    return load_catalogue().spotify[track].deezer_id


def list_id(playlist: str) -> str:
    """The id of the mirror of a Spotify playlist."""
    return f"spotify:playlist:{playlist}"


def drop(spotify: SpotifyAccount, playlist: str, track: str) -> None:
    """Remove a track from a Spotify playlist."""
    known = spotify.playlist(playlist)
    assert known is not None
    spotify.remove_at(playlist, [entry.content for entry in known.entries].index(CatalogueTrack(track)))


def _switches(turned: dict[str, Any]) -> DeezerSwitches:
    return DeezerSwitches(**{"quota_calls": None, **turned})


def _portions() -> Callable[[int], list[str]]:
    tracks: Iterator[str] = iter(matched())
    return lambda count: [next(tracks) for _ in range(count)]


SETTINGS = {"MUSICDIFF_SYNC_ON_SOURCE_DELETED": "delete", "MUSICDIFF_DEEZER_PLAYLIST_LIMIT": "8"}


def every_write(credential: Credential, folder: Path) -> Scene:
    """A synced library, edited so that one run needs every kind of write: of playlists one is to be created, one
    deleted, one split, one renamed, added to, thinned out and reordered; one was adopted and renamed by hand."""
    past = Past(folder, credential, SETTINGS)
    spotify, deezer, take = past.spotify, past.deezer, _portions()
    x = foreign()
    m, e, o, g, k, n, p = (take(count) for count in (9, 5, 12, 2, 8, 5, 2))
    morning = spotify.add_playlist("Morning", m[:6], description="Coffee & news")
    evening = spotify.add_playlist("Evening", e[:4])
    long = spotify.add_playlist("Long", o[:8])
    gone = spotify.add_playlist("Gone", g)
    for track in k[:4]:
        spotify.like(track)
    deezer.create_by_hand("Evening", [x[0]])
    past.sync()
    spotify.delete_playlist(gone)
    past.sync()

    drop(spotify, morning, m[1])
    drop(spotify, morning, m[2])
    spotify.move(morning, 3, 0)
    for track in m[6:9]:
        spotify.add_track(morning, track, 1)
    spotify.rename(morning, "Morning run")
    spotify.set_description(morning, "No coffee")
    spotify.add_track(evening, e[4])
    for track in o[8:11]:
        spotify.add_track(long, track, 2)
    new = spotify.add_playlist("New", n[:3], description="Fresh")
    later = spotify.add_playlist("Later", p)
    for track in k[4:6]:
        spotify.like(track)
    spotify.unlike(k[1])
    spotify.unlike(k[2])
    deezer.add_by_hand("Morning", x[1])
    deezer.remove_by_hand("Morning", counterpart(m[3]))
    deezer.rename_by_hand("Evening", "My evening")
    deezer.like_by_hand(x[2])
    deezer.unlike_by_hand(counterpart(k[0]))
    mirrored = deezer.playlist("Morning").id

    def rethink(spotify: SpotifyAccount, deezer: DeezerAccount) -> None:
        drop(spotify, morning, m[7])
        spotify.add_track(morning, m[1])
        spotify.rename(morning, "Morning walk")
        spotify.set_description(morning, "Tea")
        drop(spotify, new, n[1])
        spotify.add_track(new, n[3])
        spotify.rename(later, "Much later")
        drop(spotify, long, o[9])
        spotify.unlike(k[4])
        spotify.like(k[2])
        spotify.like(k[6])
        deezer.add_by_hand(mirrored, x[3])
        deezer.remove_by_hand(mirrored, counterpart(m[4]))
        deezer.like_by_hand(x[4])
        deezer.unlike_by_hand(counterpart(k[3]))

    mine, theirs = list_id(morning), list_id(evening)
    added = {(theirs, x[0]), (mine, x[1]), (mine, x[3]), (FAVOURITES, x[2]), (FAVOURITES, x[4])}
    removed = {(mine, m[3]), (mine, m[4]), (FAVOURITES, k[0]), (FAVOURITES, k[3])}
    return past.scene(
        "every write",
        rethink,
        hand_added=frozenset(added),
        hand_removed=frozenset((where, counterpart(track)) for where, track in removed),
        unplaced=frozenset({counterpart(k[2]), x[4]}),
    )


def first_sync(credential: Credential, folder: Path) -> Scene:
    """A library that was never synced. On Deezer there are a namesake of one list, which is to be adopted with what it
    holds, and favourites, one of them wanted."""
    past = Past(folder, credential, SETTINGS)
    spotify, deezer, take = past.spotify, past.deezer, _portions()
    x = foreign()
    m, e, o, k = (take(count) for count in (5, 4, 10, 5))
    morning = spotify.add_playlist("Morning", m[:4], description="Coffee & news")
    evening = spotify.add_playlist("Evening", e)
    long = spotify.add_playlist("Long", o)
    later = spotify.add_playlist("Later", m[3:5])
    for track in k[:3]:
        spotify.like(track)
    deezer.create_by_hand("Evening", [x[0], counterpart(e[2]), x[1]])
    deezer.like_by_hand(x[2], counterpart(k[1]))

    def rethink(spotify: SpotifyAccount, deezer: DeezerAccount) -> None:
        drop(spotify, morning, m[1])
        spotify.add_track(morning, m[4], 0)
        drop(spotify, evening, e[0])
        drop(spotify, long, o[3])
        spotify.rename(later, "Much later")
        spotify.unlike(k[0])
        spotify.like(k[3])
        deezer.like_by_hand(x[3])

    theirs = list_id(evening)
    return past.scene(
        "first sync",
        rethink,
        hand_added=frozenset({(theirs, x[0]), (theirs, x[1]), (FAVOURITES, x[2]), (FAVOURITES, x[3])}),
        unplaced=frozenset({x[3]}),
    )


def shelves(credential: Credential, folder: Path) -> Scene:
    """Saved albums and followed artists that were synced and edited on both sides, beside a few liked songs."""
    settings = {"MUSICDIFF_SYNC_ENTITIES": "liked,artists,albums", "MUSICDIFF_SYNC_MAX_REMOVALS": "100%"}
    past = Past(folder, credential, settings)
    spotify, deezer, take = past.spotify, past.deezer, _portions()
    a, others = known_albums()[:9], foreign_albums()
    artists = list(dict.fromkeys(artist_id(album.artist) for album in a))
    k = take(3)
    for album in a[:5]:
        spotify.save_album(album.id)
    for artist in artists[:3]:
        spotify.follow_artist(artist)
    spotify.like(k[0])
    deezer.shelve_by_hand(albums=[others[0]])
    past.sync()

    for album in a[5:7]:
        spotify.save_album(album.id)
    spotify.unsave_album(a[1].id)
    spotify.follow_artist(artists[3])
    spotify.unfollow_artist(artists[0])
    spotify.like(k[1])
    deezer.shelve_by_hand(albums=[others[1]])
    deezer.unshelve_by_hand(albums=[a[2].deezer_id])

    def rethink(spotify: SpotifyAccount, deezer: DeezerAccount) -> None:
        spotify.unsave_album(a[5].id)
        spotify.save_album(a[7].id)
        spotify.unfollow_artist(artists[3])
        spotify.follow_artist(artists[4])
        spotify.like(k[2])
        deezer.shelve_by_hand(albums=[others[2]])
        deezer.unshelve_by_hand(albums=[a[3].deezer_id])

    by_hand = {(FAVOURITE_ALBUMS, album) for album in others[:3]}
    out = {(FAVOURITE_ALBUMS, album.deezer_id) for album in a[2:4]}
    return past.scene(
        "shelves",
        rethink,
        hand_added=frozenset(by_hand),
        hand_removed=frozenset(out),
        unplaced=frozenset(others[2:3]),
    )


def listening(credential: Credential, folder: Path) -> Scene:
    """A listening history that was begun, more plays, and a list that has grown."""
    settings = {"MUSICDIFF_PLAYBACK_ENABLED": "true", "MUSICDIFF_PLAYBACK_URL": "plays"}
    past = Past(folder, credential, settings, beside="plays")
    spotify, tracks = past.spotify, matched()
    night = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
    for number in range(4):
        spotify.play(tracks[number], night + timedelta(minutes=4 * number))
    played = spotify.add_playlist("Played", tracks[:3])
    past.sync()
    for number in range(4, 12):  # over midnight, into another month's file
        spotify.play(tracks[number % 5], night + timedelta(minutes=4 * number))
    spotify.add_track(played, tracks[4])

    def rethink(spotify: SpotifyAccount, deezer: DeezerAccount) -> None:
        spotify.play(tracks[7], night + timedelta(hours=2))
        spotify.play(tracks[8], night + timedelta(minutes=30, seconds=10))  # heard offline, told late
        spotify.add_track(played, tracks[5])

    return past.scene("listening", rethink)


def both_ways(credential: Credential, folder: Path) -> Scene:
    """A list whose hand edits on Deezer flow back: some added there, some removed, and edits on Spotify."""
    settings = {
        "MUSICDIFF_PLAYLIST": '[{"match": "Gym", "direction": "both"}]',
        "MUSICDIFF_SYNC_MAX_REMOVALS": "100%",
    }
    past = Past(folder, credential, settings, scope=f"{SCOPES} {WRITE_SCOPES}")
    spotify, deezer, tracks = past.spotify, past.deezer, matched()
    gym = spotify.add_playlist("Gym", tracks[:6])
    spotify.add_playlist("Other", tracks[6:12])
    past.sync()
    mine = deezer.playlist("Gym").id
    deezer.add_by_hand(mine, counterpart(tracks[8]), counterpart(tracks[20]))  # one is known, one is to be searched
    deezer.remove_by_hand(mine, counterpart(tracks[1]), counterpart(tracks[3]))
    spotify.add_track(gym, tracks[12], 0)
    drop(spotify, gym, tracks[5])

    def rethink(spotify: SpotifyAccount, deezer: DeezerAccount) -> None:
        spotify.add_track(gym, tracks[13], 0)
        deezer.add_by_hand(mine, counterpart(tracks[9]))
        deezer.remove_by_hand(mine, counterpart(tracks[2]))

    return past.scene(
        "both ways",
        rethink,
        hand_added=frozenset((list_id(gym), counterpart(tracks[at])) for at in (8, 20, 9)),
        hand_removed=frozenset((list_id(gym), counterpart(tracks[at])) for at in (1, 3, 2)),
    )


def backup(credential: Credential, folder: Path) -> Scene:
    """A folder of files that was written, and a library that has changed since: lists to be made, renamed, edited and
    deleted."""
    settings = {
        "MUSICDIFF_TARGET_KIND": "files",
        "MUSICDIFF_TARGET_PATH": "music",
        "MUSICDIFF_SYNC_ON_SOURCE_DELETED": "delete",
        "MUSICDIFF_SYNC_MAX_REMOVALS": "100%",
    }
    past = Past(folder, credential, settings, beside="music")
    spotify, tracks = past.spotify, matched()
    morning = spotify.add_playlist("Morning", tracks[:5], description="Coffee & news")
    evening = spotify.add_playlist("Evening", tracks[3:7])
    gone = spotify.add_playlist("Gone", tracks[7:9])
    spotify.like(tracks[9])
    past.sync()
    spotify.delete_playlist(gone)
    past.sync()
    drop(spotify, morning, tracks[1])
    spotify.add_track(morning, tracks[10], 1)
    spotify.move(morning, 3, 0)
    spotify.rename(evening, "Evening / late")
    later = spotify.add_playlist("Later", tracks[11:14])
    spotify.like(tracks[14])

    def rethink(spotify: SpotifyAccount, deezer: DeezerAccount) -> None:
        spotify.add_track(morning, tracks[1])
        drop(spotify, morning, tracks[10])
        spotify.rename(evening, "Evening")
        spotify.add_track(later, tracks[15])
        spotify.unlike(tracks[9])

    return past.scene("backup", rethink)


@functools.cache
def known_albums() -> tuple[SpotifyAlbum, ...]:
    """Albums whose counterpart is beyond doubt, each by another artist; shuffled."""
    catalogue = load_catalogue()
    found: dict[str, SpotifyAlbum] = {}
    for album in albums_of(catalogue).values():
        if album.deezer_id and len(album.tracks) > 2 and album.artist.isascii():
            found.setdefault(album.artist, album)
    return tuple(random.Random(5).sample(sorted(found.values(), key=lambda album: album.id), 20))


@functools.cache
def foreign_albums() -> tuple[int, ...]:
    """Deezer albums that are nobody's counterpart."""
    catalogue = load_catalogue()
    taken = {album.deezer_id for album in albums_of(catalogue).values()}
    return tuple(random.Random(6).sample(sorted(set(catalogue.albums) - taken), 6))
