"""A target playlist as plain lists, and strategies for a base, a source and a target that may hold anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hypothesis import strategies as st

from musicdiff_job.core.checkpoint import Pair
from musicdiff_job.core.decide import playlist_changes
from musicdiff_job.core.diff import Difference
from musicdiff_job.core.model import PlaylistId, SourceId, TargetContents, TargetId, Track
from musicdiff_job.core.plan import AddTracks, Change, RemoveTracks, ReorderTracks
from musicdiff_job.core.policy import HandEdits

PLAYLIST = PlaylistId("7")


def pair(target: str, source: str = "") -> Pair:
    return Pair(SourceId(source or f"s{target}"), TargetId(target))


def pairs(targets: Iterable[str]) -> tuple[Pair, ...]:
    """``"abc"`` stands for the tracks a, b and c."""
    return tuple(pair(target) for target in targets)


def ids(text: Iterable[str]) -> tuple[TargetId, ...]:
    return tuple(TargetId(target) for target in text)


def targets(found: Iterable[Pair]) -> tuple[TargetId, ...]:
    return tuple(one.target for one in found)


def contents(shown: Iterable[str], hidden: int = 0) -> TargetContents:
    return TargetContents(tuple(Track(id=target, title=target) for target in shown), hidden)


def changes_of(difference: Difference, shown: Iterable[str], *, batch: int = 50, limit: int = 2000) -> list[Change]:
    return list(playlist_changes(PLAYLIST, difference, contents(shown), batch=batch, limit=limit))


def written(shown: tuple[TargetId, ...], change: Change) -> tuple[TargetId, ...]:
    """The playlist after a change, by Deezer's rules; a change that Deezer would refuse is an error."""
    match change:
        case AddTracks(tracks=tracks):
            assert not set(tracks) & set(shown), "adds a track that is there"
            assert len(set(tracks)) == len(tracks), "adds a track twice"
            return (*shown, *tracks)
        case RemoveTracks(tracks=tracks):
            assert set(tracks) <= set(shown), "removes a track that is not there"
            return tuple(track for track in shown if track not in tracks)
        case ReorderTracks(tracks=tracks):
            assert sorted(tracks) == sorted(shown), "the order does not name every track once"
            return tracks
        case _:
            raise AssertionError(f"not a change of entries: {change}")


def after(shown: tuple[TargetId, ...], changes: Iterable[Change]) -> tuple[TargetId, ...]:
    for change in changes:
        shown = written(shown, change)
    return shown


@dataclass(frozen=True)
class World:
    """What the three sides hold, and what else ``diff`` is told. ``base`` and ``left_out`` have nothing in common."""

    base: tuple[Pair, ...]
    left_out: tuple[Pair, ...]
    desired: tuple[Pair, ...]
    present: tuple[TargetId, ...]
    edits: HandEdits
    asked: frozenset[TargetId]
    hidden: int
    restored: frozenset[TargetId] = frozenset()


@st.composite
def worlds(
    draw: st.DrawFn,
    *,
    edits: tuple[HandEdits, ...] = tuple(HandEdits),
    hidden: int = 0,
    tracks: str = "abcdefgh",
    restored: bool = False,
) -> World:
    def some() -> tuple[TargetId, ...]:
        return ids(draw(st.lists(st.sampled_from(tracks), unique=True)))

    base = some()
    return World(
        base=pairs(base),
        left_out=pairs(track for track in some() if track not in base),
        desired=pairs(some()),
        present=some(),
        edits=draw(st.sampled_from(edits)),
        asked=frozenset(some()),
        hidden=draw(st.integers(0, hidden)),
        restored=frozenset(some()) if restored else frozenset(),
    )
