"""What a death cost: the world after it beside that of a twin that was left alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec
from kill_scenes import Scene, counterpart, list_id
from killing import Place

from musicdiff_job.core.checkpoint import Checkpoint, Mirror
from musicdiff_job.core.match import Match
from musicdiff_job.core.model import FAVOURITES, LIKED, PlaylistId
from musicdiff_job.sandbox.deezer_library import DeezerLibrary, DeezerPlaylist
from musicdiff_job.sandbox.spotify_library import CatalogueTrack
from musicdiff_job.sandbox.world import SpotifyAccount

VOLATILE = frozenset(
    {
        "fingerprint", "modified", "acknowledged", "playlist",
        "synced_at", "verified_at", "checked_at", "seen_at", "tried_at", "retry_at",
        "missing_since", "missing_runs", "notes",
    }
)  # fmt: skip
"""What the job remembers that depends on when its runs were, or on Deezer's numbering."""


class Losses(msgspec.Struct, frozen=True):
    """Entries and playlists that are not as they should be.

    ``lost`` are wanted and were never placed, ``wrongly_removed`` were there and should be, ``duplicated`` are there
    twice (or the job tried to add what was there), ``left_behind`` should have been removed. ``misplaced`` counts
    collections in another order or under another header, ``misremembered`` those of which the job believes something
    else, ``restless`` trials that never came to be in sync, ``checkpoints_lost`` damaged checkpoints."""

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
    """What there is, by collection (the mirror's id, ``favourites``, or the title of a playlist that nothing is bound
    to), and what the job remembers of each. ``repeated`` counts writes that tried to add what was there."""

    shown: dict[str, tuple[Shown, ...]]
    remembered: dict[str, Any]
    matches: dict[str, str]
    repeated: int = 0


def world_of(place: Place) -> World:
    """The world of a place that has come to rest."""
    # What is not shown yet may be added twice: Deezer refuses it, and the next look shows it.
    repeated = 0 if place.scene.lags else place.deezer.refused_duplicates()
    return seen(place.deezer.library(), place.checkpoint(), repeated)


def seen(library: DeezerLibrary, checkpoint: Checkpoint, repeated: int = 0) -> World:
    """A Deezer library and a checkpoint as a world."""
    bound = {part.playlist: str(mirror.id) for mirror in checkpoint.mirrors.values() for part in mirror.parts}
    shown: dict[str, list[Shown]] = {FAVOURITES: [_shown(library.loved())]}
    for playlist in sorted(library.own(), key=lambda one: one.id):
        key = bound.get(PlaylistId(str(playlist.id)), f"unbound {playlist.title}")
        shown.setdefault(key, []).append(_shown(playlist))
    return World(
        shown={key: tuple(lists) for key, lists in shown.items()},
        remembered={str(mirror.id): _remembered(mirror, library) for mirror in checkpoint.mirrors.values()},
        matches={
            str(source): str(record.decision.target)
            for source, record in checkpoint.matches.items()
            if isinstance(record.decision, Match)
        },
        repeated=repeated,
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
    return losses, told


def flaws(scene: Scene, spotify: SpotifyAccount, twin: World) -> list[str]:
    """What is wrong with the twin's own world at the end, going by what Spotify holds and what people did on Deezer: a
    loss that the twin shares would not be seen. The favourites may be in any order."""
    wanted = {list_id(one.id): [entry.content for entry in one.entries] for one in spotify.playlists()}
    contents = {key: [one.id for one in entries if isinstance(one, CatalogueTrack)] for key, entries in wanted.items()}
    contents[LIKED if scene.likes_in_playlist else FAVOURITES] = [liked.track_id for liked in spotify.liked()]
    told = []
    for key, tracks in contents.items():
        out = {track for where, track in scene.hand_removed if where == key and scene.keeps}
        mirrored = [target for target in dict.fromkeys(map(counterpart, tracks)) if target not in out]
        by_hand = {track for where, track in scene.hand_added if where == key and scene.keeps}
        held = _tracks(twin.shown.get(key, ()))
        right = set(mirrored) <= set(held) if key == FAVOURITES else held[: len(mirrored)] == mirrored
        if not right or not by_hand <= set(held) or out & set(held):
            told.append(f"{key} holds {held}; it should hold {mirrored} and {by_hand}, but not {out}")
    return told


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


def _remembered(mirror: Mirror, library: DeezerLibrary) -> Any:
    fields: dict[str, Any] = _steady(msgspec.to_builtins(mirror))
    titles = {str(key): playlist.title for key, playlist in library.playlists.items()} | {FAVOURITES: FAVOURITES}
    bound = [titles.get(part.playlist, "a playlist that is gone") for part in mirror.parts]
    return {**fields, "bound": bound}


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _steady(inner) for key, inner in value.items() if key not in VOLATILE}
    return [_steady(inner) for inner in value] if isinstance(value, list | tuple) else value
