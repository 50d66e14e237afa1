"""What a death cost: the world after it beside that of a twin that was left alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from kill_scenes import Scene, counterpart, list_id
from killing import Place

from musicdiff_job.core.checkpoint import Checkpoint, Mirror
from musicdiff_job.core.match import Match
from musicdiff_job.core.model import FAVOURITE_ALBUMS, FAVOURITE_ARTISTS, FAVOURITES, LIKED, PlaylistId, bare_id
from musicdiff_job.files import jspf
from musicdiff_job.sandbox.deezer_library import DeezerLibrary, DeezerPlaylist
from musicdiff_job.sandbox.spotify_albums import albums_of
from musicdiff_job.sandbox.spotify_library import CatalogueTrack, SpotifyPlaylist
from musicdiff_job.sandbox.world import SpotifyAccount

VOLATILE = frozenset(
    {
        "fingerprint", "modified", "acknowledged", "playlist",
        "synced_at", "verified_at", "checked_at", "seen_at", "tried_at", "retry_at",
        "missing_since", "missing_runs", "notes",
    }
)  # fmt: skip
"""What the job remembers that depends on when its runs were, or on Deezer's numbering."""


HISTORY = ".ndjson"


class Losses(msgspec.Struct, frozen=True):
    """Entries and playlists that are not as they should be.

    ``lost`` are wanted and were never placed, ``wrongly_removed`` were there and should be, ``duplicated`` are there
    twice (or the job tried to add what was there), ``left_behind`` should have been removed. ``misplaced`` counts
    collections in another order or under another header, ``misremembered`` those of which the job believes something
    else, ``restless`` trials that never came to be in sync, ``checkpoints_lost`` damaged checkpoints. ``plays_lost``
    and ``plays_duplicated`` are of the listening history, ``files_otherwise`` files of a backup with other bytes."""

    lost: int = 0
    duplicated: int = 0
    wrongly_removed: int = 0
    left_behind: int = 0
    hand_added_lost: int = 0
    hand_removed_back: int = 0
    playlists_lost: int = 0
    playlists_duplicated: int = 0
    misplaced: int = 0
    misremembered: int = 0
    restless: int = 0
    checkpoints_lost: int = 0
    plays_lost: int = 0
    plays_duplicated: int = 0
    files_otherwise: int = 0

    def __add__(self, other: Losses) -> Losses:
        return Losses(*(mine + its for mine, its in zip(self.all(), other.all(), strict=True)))

    def __bool__(self) -> bool:
        return any(self.all())

    def __str__(self) -> str:
        return ", ".join(f"{count} {name}" for name, count in msgspec.structs.asdict(self).items() if count)

    def all(self) -> tuple[int, ...]:
        return msgspec.structs.astuple(self)


class Shown(msgspec.Struct, frozen=True):
    """One Deezer playlist as a person sees it."""

    title: str
    tracks: tuple[int, ...]
    description: str = ""
    public: bool = False


class World(msgspec.Struct, frozen=True):
    """What there is, by collection (the mirror's id, a list of favourites, the title of a playlist that nothing is
    bound to, or a list on Spotify to which hand edits flow back), and what the job remembers of each. ``repeated``
    counts writes that tried to add what was there. ``plays`` are the lines of the listening history, ``files`` those of
    a backup."""

    shown: dict[str, tuple[Shown, ...]]
    remembered: dict[str, Any]
    matches: dict[str, str]
    repeated: int = 0
    plays: tuple[bytes, ...] = ()
    files: dict[str, bytes] = {}


def world_of(place: Place) -> World:
    """The world of a place that has come to rest."""
    # What is not shown yet may be added twice: Deezer refuses it, and the next look shows it.
    repeated = 0 if place.scene.lags else place.deezer.refused_duplicates()
    spotify = place.spotify if place.scene.flows else None
    return seen(place.deezer.library(), place.checkpoint(), repeated, spotify, place.files())


def seen(
    library: DeezerLibrary,
    checkpoint: Checkpoint,
    repeated: int = 0,
    spotify: SpotifyAccount | None = None,
    files: Mapping[str, bytes] | None = None,
) -> World:
    """A Deezer library and a checkpoint as a world; ``spotify`` where its lists are written to."""
    lies = files or {}
    bound = {part.playlist: str(mirror.id) for mirror in checkpoint.mirrors.values() for part in mirror.parts}
    shown: dict[str, list[Shown]] = {FAVOURITES: [_shown(library.loved())]}
    shown[FAVOURITE_ALBUMS] = [Shown("", tuple(library.albums))]
    shown[FAVOURITE_ARTISTS] = [Shown("", tuple(library.artists))]
    for source in spotify.playlists() if spotify is not None else ():
        shown[f"{list_id(source.id)} on Spotify"] = [Shown(source.name, tuple(map(counterpart, _ids(source))))]
    for playlist in sorted(library.own(), key=lambda one: one.id):
        key = bound.get(PlaylistId(str(playlist.id)), f"unbound {playlist.title}")
        shown.setdefault(key, []).append(_shown(playlist))
    return World(
        shown={key: tuple(lists) for key, lists in shown.items()},
        remembered={str(mirror.id): _remembered(mirror, library, spotify) for mirror in checkpoint.mirrors.values()},
        matches={
            str(source): str(record.decision.target)
            for source, record in checkpoint.matches.items()
            if isinstance(record.decision, Match)
        },
        repeated=repeated,
        plays=tuple(line for name in sorted(lies) if name.endswith(HISTORY) for line in lies[name].splitlines()),
        files={name: text for name, text in lies.items() if not name.endswith(HISTORY)},
    )


def judge(scene: Scene, before: World, twin: World, got: World, *, restless: bool = False) -> tuple[Losses, list[str]]:
    """What ``got`` has lost against its twin, and the differences one by one. ``before`` is the world in which the run
    began."""
    told: list[str] = []
    losses = Losses(duplicated=got.repeated, restless=int(restless))
    if restless:
        told.append("it never comes to be in sync")
    if got.repeated:
        told.append(f"{got.repeated} writes tried to add what was there")
    for key in sorted(twin.shown.keys() | got.shown.keys()):
        wanted, found = twin.shown.get(key, ()), got.shown.get(key, ())
        here = _entries(scene, key, *(Counter(_tracks(lists)) for lists in (before.shown.get(key, ()), wanted, found)))
        here += Losses(
            playlists_lost=max(0, len(wanted) - len(found)),
            playlists_duplicated=max(0, len(found) - len(wanted)),
        )
        if not here and _placed(wanted, scene.unplaced) != _placed(found, scene.unplaced):
            here = Losses(misplaced=1)
        if here:
            told.append(f"{key}: {here}\n    twin   {list(wanted)}\n    killed {list(found)}")
            losses += here
    for key in sorted(twin.remembered.keys() | got.remembered.keys()):
        mine, its = twin.remembered.get(key), got.remembered.get(key)
        if mine != its:
            told.append(f"{key} is remembered otherwise:\n    twin   {mine}\n    killed {its}")
            losses += Losses(misremembered=1)
    if other := {
        source for source in twin.matches.keys() & got.matches.keys() if twin.matches[source] != got.matches[source]
    }:
        told.append(f"other counterparts: {sorted(other)}")
        losses += Losses(misremembered=1)
    if beside := _beside(twin, got):
        told.append(f"beside the checkpoint: {beside}; twin {sorted(twin.files)}, killed {sorted(got.files)}")
        losses += beside
    return losses, told


def _beside(twin: World, got: World) -> Losses:
    wanted, found = Counter(twin.plays), Counter(got.plays)
    names = twin.files.keys() | got.files.keys()
    return Losses(
        plays_lost=(wanted - found).total(),
        plays_duplicated=(found - wanted).total(),
        files_otherwise=sum(twin.files.get(name) != got.files.get(name) for name in names),
    )


def flaws(scene: Scene, spotify: SpotifyAccount, twin: World) -> list[str]:
    """What is wrong with the twin's own world at the end, going by what Spotify holds and what people did on Deezer: a
    loss that the twin shares would not be seen. The favourites may be in any order."""
    if scene.is_backup:
        return _flaws_of_files(spotify, twin)
    wanted = {list_id(one.id): [entry.content for entry in one.entries] for one in spotify.playlists()}
    contents = {key: [one.id for one in entries if isinstance(one, CatalogueTrack)] for key, entries in wanted.items()}
    contents[LIKED if scene.likes_in_playlist else FAVOURITES] = [liked.track_id for liked in spotify.liked()]
    told = _flaws_of_shelves(scene, spotify, twin)
    plays = Counter((play.played_at, play.track_id) for play in spotify.played())
    if scene.beside and Counter(map(_play, twin.plays)) != plays:
        told.append(f"the history holds {len(twin.plays)} plays, not {plays.total()}")
    for key, tracks in contents.items():
        out = {track for where, track in scene.hand_removed if where == key and scene.keeps}
        mirrored = [target for target in dict.fromkeys(map(counterpart, tracks)) if target not in out]
        by_hand = {track for where, track in scene.hand_added if where == key and scene.keeps}
        held = _tracks(twin.shown.get(key, ()))
        right = set(mirrored) <= set(held) if key == FAVOURITES else held[: len(mirrored)] == mirrored
        if not right or not by_hand <= set(held) or out & set(held):
            told.append(f"{key} holds {held}; it should hold {mirrored} and {by_hand}, but not {out}")
    return told


def _flaws_of_shelves(scene: Scene, spotify: SpotifyAccount, twin: World) -> list[str]:
    known = albums_of(spotify.catalogue)
    wanted = {
        FAVOURITE_ALBUMS: {known[saved.album_id].deezer_id for saved in spotify.albums()},
        FAVOURITE_ARTISTS: {int(bare_id(twin.matches[f"artist:{artist}"])) for artist in spotify.artists()},
    }
    told = []
    for key, ids in wanted.items():
        by_hand = {item for where, item in scene.hand_added if where == key}
        out = {item for where, item in scene.hand_removed if where == key}
        if (held := set(_tracks(twin.shown.get(key, ())))) != (right := (ids - out) | by_hand):
            told.append(f"{key} are {sorted(held)}; they should be {sorted(right)}")
    return told


def _flaws_of_files(spotify: SpotifyAccount, twin: World) -> list[str]:
    held = {}
    for name, content in twin.files.items():
        if name.endswith(".jspf"):
            found = jspf.decode(content.decode(), name)
            assert found is not None
            held[found.title] = [row.id for row in found.rows]
    wanted = {one.name: _ids(one) for one in spotify.playlists()}
    wanted["Liked Songs"] = [liked.track_id for liked in spotify.liked()]
    return [] if held == wanted else [f"the files hold {held}; they should hold {wanted}"]


def _play(line: bytes) -> tuple[str, str]:
    told = msgspec.json.decode(line)
    return told["played_at"], told["track"]


def _ids(playlist: SpotifyPlaylist) -> list[str]:
    return [entry.content.id for entry in playlist.entries if isinstance(entry.content, CatalogueTrack)]


def _entries(scene: Scene, key: str, before: Counter[int], wanted: Counter[int], found: Counter[int]) -> Losses:
    losses = Losses()
    for track in wanted.keys() | found.keys():
        by_hand = (key, track) in scene.hand_added
        taken_out = (key, track) in scene.hand_removed
        missing, extra = max(0, wanted[track] - found[track]), max(0, found[track] - wanted[track])
        if missing and by_hand:
            losses += Losses(hand_added_lost=missing)
        elif missing and before[track]:
            losses += Losses(wrongly_removed=missing)
        elif missing:
            losses += Losses(lost=missing)
        if extra and taken_out:
            losses += Losses(hand_removed_back=extra)
        elif extra and (wanted[track] or found[track] > 1):
            losses += Losses(duplicated=extra)
        elif extra:
            losses += Losses(left_behind=extra)
    return losses


def _tracks(lists: Iterable[Shown]) -> list[int]:
    return [track for one in lists for track in one.tracks]


def _placed(lists: Iterable[Shown], unplaced: frozenset[int]) -> list[Shown]:
    return [
        msgspec.structs.replace(one, tracks=tuple(track for track in one.tracks if track not in unplaced))
        for one in lists
    ]


def _shown(playlist: DeezerPlaylist) -> Shown:
    tracks = tuple(entry.track_id for entry in playlist.visible())
    return Shown(playlist.title, tracks, playlist.description, playlist.public)


def _remembered(mirror: Mirror, library: DeezerLibrary, spotify: SpotifyAccount | None) -> Any:
    fields: dict[str, Any] = _steady(msgspec.to_builtins(mirror))
    if spotify is not None:
        # In how many edits the list came to be what it is depends on the runs; when they were made, too.
        source = spotify.playlist(mirror.id.rpartition(":")[2])
        fields["snapshot"] = source is not None and source.snapshot == mirror.snapshot
        if mirror.flow is not None:
            fields["flow"]["agreed"] = [one.source for one in mirror.flow.agreed]
    titles = {str(key): playlist.title for key, playlist in library.playlists.items()} | {FAVOURITES: FAVOURITES}
    bound = [titles.get(part.playlist, "a playlist that is gone") for part in mirror.parts]
    return {**fields, "bound": bound}


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _steady(inner) for key, inner in value.items() if key not in VOLATILE}
    return [_steady(inner) for inner in value] if isinstance(value, list | tuple) else value
