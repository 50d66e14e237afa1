"""A small library in the middle of its life, and runs of the job on it while a service misbehaves.

The first sync is done, people have edited both sides by hand, and edits are pending that need every endpoint which the
job ever calls: a list that grew, one that shrank, one in another order, one with another name and description, a long
one, a new one, one that is gone from Spotify and whose mirror is to be deleted, a like and an unlike, and credentials
that were renewed. ``prepared`` brings a library there, once per process; a ``Stage`` is a copy of it that serves.
"""

from __future__ import annotations

import dataclasses
import functools
import logging
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
from mortal import BEGINNING, SwiftClock
from rig import Credential, Rig

from musicdiff_job.core.checkpoint import Account
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.summary import CollectionState, Summary
from musicdiff_job.core.text import canonical_title
from musicdiff_job.sandbox.calls import Call
from musicdiff_job.sandbox.catalogue import load_catalogue
from musicdiff_job.sandbox.deezer_account import AccountState, DeezerAccount
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.faults import ALWAYS, Dropped, EditJson, Fault, WrongJson
from musicdiff_job.sandbox.http import Request, Response
from musicdiff_job.sandbox.server import SANDBOX_ACCESS_TOKEN, SANDBOX_ARL, Sandbox
from musicdiff_job.sandbox.spotify_accounts import SCOPES, WRITE_SCOPES
from musicdiff_job.sandbox.spotify_albums import SpotifyAlbum, albums_of, artist_id
from musicdiff_job.sandbox.spotify_library import EPOCH, CatalogueTrack
from musicdiff_job.sandbox.spotify_render import Cohort
from musicdiff_job.sandbox.world import SpotifyAccount

DAY: Final = 86_400
SETTINGS: Final = {"SPOTIFY_AUTHORIZED_AT": "2027-01-01", "MUSICDIFF_SYNC_ON_SOURCE_DELETED": "delete"}
QUIET: Final = frozenset({Outcome.IN_SYNC, Outcome.CHANGED})

GROWN, MOVED, RENAMED, GONE, NEW = "Grown", "Moved", "Renamed", "Gone", "New"
SEARCH_BACK: Final = "GET /search of Spotify"
BACK: Final = "Back"
"""The list whose edits on Deezer flow back, in the world that has one."""
NEW_NAME: Final = "Another name"
"""What ``RENAMED`` is called on Spotify by now."""

BY_SEARCH: Final = "0qi4b1l0eT3jpzeNHeFXDT"
"""A track whose ISRC Deezer does not know, and which it finds by its name."""
BY_COPY: Final = "02FuO3zDHGFAz0yP7HHGvy"
"""A track whose counterpart by ISRC cannot be played; Deezer names a copy that can."""
COPIED, COPY, COPIED_ISRC = 69194935, 10943094780, "USUS11000977"


@dataclass(frozen=True, eq=False)
class World:
    """One kind of account on both sides. ``standing`` are faults that are none: how this Deezer is."""

    name: str
    credential: Credential
    cohort: Cohort
    switches: DeezerSwitches
    standing: tuple[Fault, ...]
    settings: Mapping[str, str] = dataclasses.field(default_factory=lambda: SETTINGS)
    scope: str = SCOPES

    @property
    def is_whole(self) -> bool:
        """Whether albums, artists, the listening history and edits that flow back take part."""
        return self.settings is not SETTINGS


NAMES_A_COPY: Final = Fault(
    EditJson(("alternative",), value={"id": COPY}), "deezer", "GET", f"/track/isrc:{COPIED_ISRC}", count=ALWAYS
)
UNKNOWN_METHOD: Final = WrongJson({"error": {"GATEWAY_ERROR": "Undefined or invalid output"}, "results": {}})

ARL: Final = World("arl", "arl", Cohort.RESTRICTED, DeezerSwitches(quota_calls=None), (NAMES_A_COPY,))
TOKEN: Final = World("token", "token", Cohort.EXTENDED, DeezerSwitches(quota_calls=None), (NAMES_A_COPY,))
RENAMED_METHODS: Final = World(
    "renamed methods",
    "arl",
    Cohort.RESTRICTED,
    DeezerSwitches(quota_calls=None, favourite_methods="plural"),
    (NAMES_A_COPY, Fault(UNKNOWN_METHOD, "gateway", path="/favorite_song.getList", count=ALWAYS)),
)
WHOLE: Final = World(
    "whole library",
    "arl",
    Cohort.RESTRICTED,
    DeezerSwitches(quota_calls=None),
    (NAMES_A_COPY,),
    {
        **SETTINGS,
        "MUSICDIFF_SYNC_ENTITIES": "liked,artists,albums,playlists",
        "MUSICDIFF_SYNC_MAX_REMOVALS": "100%",
        "MUSICDIFF_PLAYBACK_ENABLED": "true",
        "MUSICDIFF_PLAYBACK_URL": "plays",
        "MUSICDIFF_PLAYLIST": f'[{{"match": "{BACK}", "direction": "both"}}]',
    },
    f"{SCOPES} {WRITE_SCOPES}",
)
WHOLE_BY_TOKEN: Final = dataclasses.replace(WHOLE, name="whole library by token", credential="token")
WORLDS: Final = (ARL, TOKEN, RENAMED_METHODS)
"""Those of the tables."""
WHOLE_WORLDS: Final = (WHOLE, WHOLE_BY_TOKEN)


@dataclass(frozen=True)
class Prepared:
    """A library with edits pending. ``before`` is Deezer as it is, ``after`` what an undisturbed run makes of it;
    ``headers`` are the descriptions and privacies then, ``calls`` that run's calls with their answers, ``unreadable``
    the lists that Spotify does not give to this kind of app. ``besides`` is what there is besides playlists and
    favourite tracks on Deezer, by name, and ``besides_after`` what an undisturbed run makes of it. ``mirrors`` are the
    playlists on Deezer by the name of the list they stand for."""

    world: World
    spotify: SpotifyAccount
    deezer: DeezerAccount
    checkpoint: bytes
    age: timedelta
    mirrors: dict[str, int]
    before: AccountState
    after: AccountState
    headers: dict[str, tuple[str, bool]]
    calls: tuple[tuple[Call, bytes], ...] = ()
    unreadable: frozenset[str] = frozenset()
    besides: dict[str, tuple[Any, ...]] = dataclasses.field(default_factory=dict)
    besides_after: dict[str, tuple[Any, ...]] = dataclasses.field(default_factory=dict)

    def endpoint(self, call: Call) -> str:
        """The endpoint of a call, with names in place of ids."""
        if call.service == "gateway":
            return call.path.removeprefix("/")
        if (call.service, call.path) == ("spotify", "/search"):
            return SEARCH_BACK
        path = re.sub(r"(/playlists?)/[^/]+", r"\1/{id}", call.path.rstrip("/"))
        path = re.sub(
            r"/(track|album|artist)/[0-9]+",
            r"/\1/{id}",
            re.sub("/album/upc:.*", "/album/upc:{upc}", re.sub("/track/isrc:.*", "/track/isrc:{isrc}", path)),
        )
        if (call.method, path) == ("POST", "/playlist/{id}/tracks"):
            moved = call.path == f"/playlist/{self.mirrors[MOVED]}/tracks"
            return f"POST {path} {'order' if moved else 'songs'}"
        return f"{call.method} {path}"

    def endpoints(self) -> dict[str, list[tuple[Call, bytes]]]:
        """The undisturbed run's calls and answers by endpoint."""
        found: dict[str, list[tuple[Call, bytes]]] = {}
        for call, answer in self.calls:
            found.setdefault(self.endpoint(call), []).append((call, answer))
        return found

    def pattern(self, endpoint: str) -> str:
        """The shell pattern of an endpoint's path, as faults want it."""
        call = self.endpoints()[endpoint][0][0]
        if call.service == "gateway":
            return call.path
        if endpoint.startswith("POST /playlist/{id}/tracks"):
            return f"/playlist/{self.mirrors[MOVED if endpoint.endswith('order') else GROWN]}/tracks"
        # A star would match slashes as well, so an id is as many characters as all ids have.
        path = re.sub(r"(/playlists?)/([^/]+)", lambda found: f"{found[1]}/{'?' * len(found[2])}", call.path)
        if endpoint == "GET /album/{id}":
            return call.path  # a pattern would fit what lies below an album, too
        path = re.sub("/album/upc:.*", "/album/upc:*", re.sub("/track/isrc:.*", "/track/isrc:*", path))
        return re.sub(r"/(track|album|artist)/[0-9]+", r"/\1/[0-9]*", path)


class KeepingSandbox(Sandbox):
    """A sandbox that remembers its answers."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.answers: list[tuple[Call, bytes]] = []

    def respond(self, service: str, request: Request) -> Response | Dropped:
        answer = super().respond(service, request)
        if isinstance(answer, Response):
            path = f"/{request.query.get('method', '')}" if service == "gateway" else request.path
            call = Call(service, "", request.method, path, dict(request.query), answer.status, 0.0)
            self.answers.append((call, answer.body))
        return answer


class PatientClock(SwiftClock):
    """Remembers how long it was waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        super().wait(seconds)


class Stage:
    """One copy of a prepared library, in service."""

    def __init__(self, prepared: Prepared, sandbox: Sandbox, rig: Rig, clock: PatientClock) -> None:
        self.prepared = prepared
        self.sandbox = sandbox
        self.rig = rig
        self.clock = clock
        self.said: list[str] = []
        """Everything that was logged, at every level."""
        clock.waits.clear()

    def run(self) -> Summary:
        """One run of the job."""
        self.sandbox.log.forget()
        with listening(self.said):
            return self.rig.run()

    def misbehave(self, *faults: Fault) -> None:
        """Put faults in force, none for peace; what is no fault stays."""
        self.sandbox.faults.clear()
        self.sandbox.misbehave(*faults, *self.prepared.world.standing)

    def calls(self, endpoint: str) -> int:
        """How often the last run called an endpoint."""
        return sum(self.prepared.endpoint(call) == endpoint for call in self.sandbox.log.all())

    def secrets(self) -> frozenset[str]:
        """All that must never be seen."""
        grants, credentials = self.sandbox.grants, self.sandbox.deezer.credentials
        return (
            frozenset({SANDBOX_ARL, SANDBOX_ACCESS_TOKEN, grants.client_secret})
            | grants.issued()
            | credentials.issued()
        )

    def besides(self) -> dict[str, tuple[Any, ...]]:
        """What there is besides playlists and favourite tracks on Deezer: favourite albums and artists, the list on
        Spotify that edits flow back to, the listening history."""
        if not self.prepared.world.is_whole:
            return {}
        library = self.sandbox.deezer.library()
        back = self.sandbox.spotify.named(BACK)
        history = sorted((self.rig.folder / "plays").glob("*.ndjson"))
        return {
            "the favourite albums": tuple(library.albums),
            "the favourite artists": tuple(library.artists),
            f"{BACK} on Spotify": tuple(
                one.content.id for one in back.entries if isinstance(one.content, CatalogueTrack)
            ),
            "the listening history": tuple(line for path in history for line in path.read_text().splitlines()),
        }

    def headers(self) -> dict[str, tuple[str, bool]]:
        """Description and privacy of each playlist on Deezer by title."""
        deezer = self.sandbox.deezer
        shown = (deezer.playlist(title) for title in deezer.state().playlists if "#" not in title)
        return {one.title: (one.description, one.public) for one in shown}


@contextmanager
def listening(said: list[str]) -> Iterator[None]:
    """Write down all that anybody logs."""
    formatter = logging.Formatter("%(levelname)s %(name)s %(message)s")

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(f"{formatter.format(record)} {getattr(record, 'fields', '')}")

    root = logging.getLogger()
    ear, level = Ear(), root.level
    root.addHandler(ear)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(ear)
        root.setLevel(level)


@contextmanager
def stage(prepared: Prepared, **switches: Any) -> Iterator[Stage]:
    """A copy of the prepared library that serves while it is entered; ``switches`` turn further ones of Deezer's."""
    world = prepared.world
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        clock = PatientClock()
        clock.wait(prepared.age.total_seconds())
        sandbox = KeepingSandbox(
            prepared.spotify.copy(),
            prepared.deezer.copy(lambda: clock.now().timestamp()),
            cohort=world.cohort,
            scope=world.scope,
            switches=msgspec.structs.replace(world.switches, **switches),
        )
        stack.enter_context(sandbox)
        rig = Rig(sandbox, folder, world.credential, dict(world.settings), clock)
        rig.checkpoint_file.write_bytes(prepared.checkpoint)
        rig.checkpoint_file.chmod(0o600)
        opened = Stage(prepared, sandbox, rig, clock)
        opened.misbehave()
        yield opened


def plain_tracks() -> list[str]:
    """Tracks of Spotify's of which Deezer has exactly one copy, under their ISRC, in a stable order."""
    catalogue = load_catalogue()
    titles: dict[str, int] = {}
    for row in catalogue.deezer_by_id.values():
        title = canonical_title(row.title_short)
        titles[title] = titles.get(title, 0) + 1
    found = []
    for track in sorted(catalogue.spotify.values(), key=lambda track: track.id):
        copies = catalogue.copies_of(track.isrc) if track.isrc else ()
        alone = len(copies) == 1 and copies[0].id == track.deezer_id and titles.get(canonical_title(track.name)) == 1
        if alone and track.name.isascii() and track.name.isalpha():
            found.append(track.id)
    return found


def swept_tracks(taken: list[str]) -> list[str]:
    """Four tracks of one album and four that one artist has on as many albums, none of them in ``taken``: what a sweep
    finds with one call. Deezer has one copy of each."""
    catalogue = load_catalogue()
    albums: dict[tuple[str, str], list[str]] = {}
    artists: dict[str, dict[str, str]] = {}
    for track in sorted(catalogue.spotify.values(), key=lambda track: track.id):
        copies = catalogue.copies_of(track.isrc) if track.isrc else ()
        alone = len(copies) == 1 and copies[0].id == track.deezer_id and track.id not in taken
        if not alone or (track.artists[0], track.album) != (copies[0].artist, copies[0].album):
            continue
        albums.setdefault((track.artists[0], track.album), []).append(track.id)
        artists.setdefault(track.artists[0], {}).setdefault(track.album, track.id)
    (artist, _), album = next(item for item in albums.items() if len(item[1]) >= 4)
    spread = next(list(found.values()) for name, found in artists.items() if len(found) >= 4 and name != artist)
    return [*album[:4], *spread[:4]]


def _furnish(spotify: SpotifyAccount, tracks: list[str]) -> None:
    """What is there besides playlists and liked songs, before the first sync."""
    spotify.add_playlist(BACK, tracks[70:74])
    for album in known_albums()[:4]:
        spotify.save_album(album.id)
        spotify.follow_artist(artist_id(album.artist))
    for number in range(3):
        spotify.play(tracks[number], EPOCH + timedelta(minutes=number))


def _edit_all(spotify: SpotifyAccount, deezer: DeezerAccount, tracks: list[str]) -> None:
    """Edits of it that are pending: albums and artists more and less, a track that was added to a list on Deezer and is
    to be searched on Spotify, one that was removed there, and plays."""
    albums, catalogue = known_albums(), load_catalogue()
    for album in albums[4:6]:
        spotify.save_album(album.id)
        spotify.follow_artist(artist_id(album.artist))
    spotify.unsave_album(albums[1].id)
    spotify.unfollow_artist(artist_id(albums[2].artist))
    deezer.add_by_hand(BACK, catalogue.spotify[tracks[80]].deezer_id)
    deezer.remove_by_hand(BACK, deezer.state().playlists[BACK][1])
    for number in range(4, 8):
        spotify.play(tracks[number], EPOCH + timedelta(minutes=number))


@functools.cache
def known_albums() -> tuple[SpotifyAlbum, ...]:
    """Albums whose counterpart is known, each by another artist, in a stable order."""
    found: dict[str, SpotifyAlbum] = {}
    for album in albums_of(load_catalogue()).values():
        if album.deezer_id and len(album.tracks) > 2 and album.artist.isascii():
            found.setdefault(album.artist, album)
    return tuple(sorted(found.values(), key=lambda album: album.id))[:6]


@functools.cache
def prepared(world: World) -> Prepared:
    """The library of one world with edits pending, and what an undisturbed run makes of it."""
    pending = _pending(world)
    with stage(pending) as undisturbed:
        besides = undisturbed.besides()
        sandbox = undisturbed.sandbox
        assert isinstance(sandbox, KeepingSandbox)
        summary = undisturbed.run()
        assert summary.outcome is Outcome.CHANGED, summary.errors
        after, besides_after = sandbox.deezer.state(), undisturbed.besides()
        calls = tuple(sandbox.answers)
        headers = undisturbed.headers()
        assert undisturbed.run().outcome is Outcome.IN_SYNC
    unreadable = frozenset(line.name for line in summary.collections if line.state is CollectionState.SKIPPED)
    return dataclasses.replace(
        pending,
        after=after,
        headers=headers,
        calls=calls,
        unreadable=unreadable,
        besides=besides,
        besides_after=besides_after,
    )


def _pending(world: World) -> Prepared:
    tracks = plain_tracks()
    catalogue = load_catalogue()
    spotify = SpotifyAccount(catalogue)
    spotify.follow_foreign_playlist("Shared", tracks[0:3], collaborative=True)
    spotify.follow_spotify_owned("Discover Weekly")
    for number, name in enumerate((GROWN, "Shrunk", MOVED, RENAMED, "Steady", GONE), 1):
        spotify.add_playlist(name, tracks[number * 3 : number * 3 + 5])
    long = spotify.add_playlist("Long", tracks[30:33])
    for number in range(100):
        spotify.add_local_file(long, "Band", "Album", f"Rehearsal {number}", 60)
    for track in tracks[40:44]:
        spotify.like(track)
    if world.is_whole:
        _furnish(spotify, tracks)
    lists = {one.name: one.id for one in spotify.playlists()}
    foreign = [catalogue.spotify[track].deezer_id for track in tracks[60:64]]
    clock = SwiftClock()
    deezer = DeezerAccount(clock=lambda: clock.now().timestamp())
    deezer.set_readable(COPIED, False)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sandbox = stack.enter_context(
            Sandbox(spotify, deezer, cohort=world.cohort, scope=world.scope, switches=world.switches)
        )
        sandbox.misbehave(*world.standing)
        rig = Rig(sandbox, folder, world.credential, dict(world.settings), clock)
        assert rig.run().outcome is Outcome.CHANGED
        mirrors = {
            one.name: int(one.parts[0].playlist)
            for one in rig.checkpoint().mirrors.values()
            if one.parts and one.parts[0].playlist.isdigit()
        }
        # By hand on Deezer: something more, something less, a list and a like of one's own.
        deezer.add_by_hand("Steady", foreign[0])
        deezer.add_by_hand(GROWN, foreign[1])
        deezer.remove_by_hand("Steady", deezer.state().playlists["Steady"][1])
        deezer.create_by_hand("Mine", foreign[2:4], public=False)
        deezer.like_by_hand(foreign[2])
        spotify.delete_playlist(lists[GONE])
        assert rig.run().outcome in QUIET
        assert rig.run().outcome is Outcome.IN_SYNC
        clock.wait(DAY + 3600)
        checkpoint = rig.checkpoint()
        renewed = {name: Account(one.id, "another credential") for name, one in checkpoint.accounts.items()}
        with rig.store().lease("by hand", clock.now()) as lease:
            lease.save(msgspec.structs.replace(checkpoint, accounts=renewed))
        saved = rig.checkpoint_file.read_bytes()
    spotify.add_track(lists[GROWN], tracks[50])
    spotify.add_track(lists[GROWN], BY_SEARCH)
    spotify.add_track(lists[GROWN], BY_COPY, 1)
    spotify.remove_at(lists["Shrunk"], 2)
    spotify.move(lists[MOVED], 0, 3)
    spotify.rename(lists[RENAMED], NEW_NAME)
    spotify.set_description(lists[RENAMED], "Other words")
    spotify.add_track(lists["Long"], tracks[34], 1)
    spotify.add_track(lists["Shared"], tracks[35])
    spotify.add_playlist(NEW, [*tracks[51:54], tracks[3]], description="Just made")
    for track in swept_tracks(tracks):
        spotify.add_track(lists[GROWN], track)
    spotify.like(tracks[54])
    spotify.unlike(tracks[41])
    for number in range(50):
        spotify.follow_spotify_owned(f"Daily Mix {number}")  # shown as null, and a second page of playlists
    if world.is_whole:
        _edit_all(spotify, deezer, tracks)
    now = deezer.state()
    return Prepared(world, spotify, deezer, saved, clock.now() - BEGINNING, mirrors, now, now, {})
