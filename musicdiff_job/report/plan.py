"""What a run would change: recorded while it plans, and shown as a difference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from musicdiff_job.core.model import CollectionHead, CollectionId, TargetId
from musicdiff_job.core.plan import (
    AddTracks,
    AnyChange,
    Change,
    CreatePlaylist,
    DeletePlaylist,
    EditSource,
    LikeTrack,
    RemoveTracks,
    ReorderTracks,
    UnlikeTrack,
    UpdatePlaylist,
)
from musicdiff_job.core.summary import CollectionResult, CollectionState
from musicdiff_job.ports import Observer
from musicdiff_job.report.text import Block, Cell, Lines, Tone, clean, count, named

Names = Mapping[TargetId, str]

SIGNS = {"+": Tone.GOOD, "-": Tone.BAD, "~": Tone.BUSY}
"""Something comes, goes, or stays and is altered."""


@dataclass(frozen=True, slots=True)
class Planned:
    """The changes to one collection, in the order in which they would be made."""

    head: CollectionHead
    changes: tuple[AnyChange, ...]
    names: Names

    def told_names(self) -> dict[TargetId, str]:
        """The names of the tracks that come or go."""
        found: dict[TargetId, str] = {}
        for change in self.changes:
            match change:
                case AddTracks(tracks=tracks) | RemoveTracks(tracks=tracks):
                    found.update((track, self.names[track]) for track in tracks if track in self.names)
                case LikeTrack(track=track) | UnlikeTrack(track=track) if track in self.names:
                    found[track] = self.names[track]
                case EditSource(add=added, remove=removed):
                    tracks = tuple(map(TargetId, (*added, *removed)))
                    found.update((track, self.names[track]) for track in tracks if track in self.names)
                case _:
                    pass
        return found


@dataclass(slots=True)
class PlanRecorder:
    """``ports.Observer`` that writes down what is planned, and passes everything on to ``watcher``."""

    watcher: Observer
    plans: dict[CollectionId, Planned] = field(default_factory=dict)
    results: list[CollectionResult] = field(default_factory=list)

    def phase(self, name: str, total: int | None) -> None:
        """Pass it on."""
        self.watcher.phase(name, total)

    def advance(self, steps: int = 1) -> None:
        """Pass it on."""
        self.watcher.advance(steps)

    def planned(self, head: CollectionHead, changes: tuple[AnyChange, ...], names: Names) -> None:
        """Add to what is known of the collection."""
        known = self.plans.get(head.id, Planned(head, (), {}))
        self.plans[head.id] = Planned(head, (*known.changes, *changes), {**known.names, **names})
        self.watcher.planned(head, changes, names)

    def finished(self, result: CollectionResult) -> None:
        """Keep the line."""
        self.results.append(result)
        self.watcher.finished(result)


def plan_blocks(
    plans: Iterable[Planned], results: Iterable[CollectionResult], *, notes: bool = False
) -> tuple[Block, ...]:
    """The difference for people: a block for each collection that changes, then what could not be planned; with
    ``notes``, what else a person should know."""
    results = tuple(results)
    blocks: list[Block] = [
        Lines((named(plan.head.name or plan.head.id), *_lines(plan.changes, plan.names)))
        for plan in plans
        if plan.changes
    ]
    trouble = {CollectionState.FAILED: Tone.BAD, CollectionState.CONFLICT: Tone.BAD, CollectionState.PENDING: Tone.BUSY}
    stuck = tuple(
        Cell(f"{named(result.name or result.id)}: {result.state.value.replace('_', ' ')}: {result.reason}", tone)
        for result in results
        if (tone := trouble.get(result.state)) and result.reason
    )
    if stuck:
        blocks.append(Lines(stuck))
    if not blocks:
        blocks.append(Lines(("Nothing to change.",)))
    told = tuple(f"{clean(result.name or result.id)}: {note}" for result in results for note in result.notes)
    return (*blocks, Lines(told)) if notes and told else tuple(blocks)


def told(change: Change) -> str:
    """A change in a few words that fit after "it does not say"."""
    match change:
        case CreatePlaylist(title=title):
            return f"to create the playlist {title!r}"
        case UpdatePlaylist(playlist=playlist):
            return f"to change title, description or privacy of the playlist {playlist} like this"
        case AddTracks(playlist, tracks):
            return f"to add these {count(len(tracks), 'track')} to the playlist {playlist}"
        case RemoveTracks(playlist, tracks):
            return f"to remove these {count(len(tracks), 'track')} from the playlist {playlist}"
        case ReorderTracks(playlist):
            return f"to put the playlist {playlist} into this order"
        case DeletePlaylist(playlist):
            return f"to delete the playlist {playlist}"
        case LikeTrack(track):
            return f"to add the track {track} to the favourites"
        case UnlikeTrack(track):
            return f"to remove the track {track} from the favourites"


def _lines(changes: Iterable[AnyChange], names: Names) -> Iterator[Cell]:
    for change in changes:
        for sign, text in _signed(change, names):
            yield Cell(f"  {sign} {text}", SIGNS[sign])


def _signed(change: AnyChange, names: Names) -> Iterator[tuple[str, str]]:
    match change:
        case CreatePlaylist():
            yield "+", f'new playlist "{named(change.title)}" ({_privacy(change.public)})'
        case UpdatePlaylist():
            if change.title is not None:
                yield "~", f'title: "{named(change.title)}"'
            if change.description is not None:
                yield "~", f'description: "{clean(change.description)}"'
            if change.public is not None:
                yield "~", f"now {_privacy(change.public)}"
        case AddTracks():
            yield from (("+", _name(track, names)) for track in change.tracks)
        case LikeTrack():
            yield "+", _name(change.track, names)
        case RemoveTracks():
            yield from (("-", _name(track, names)) for track in change.tracks)
        case UnlikeTrack():
            yield "-", _name(change.track, names)
        case ReorderTracks():
            yield "~", f"order of {count(len(change.tracks), 'track')}"
        case DeletePlaylist():
            yield "-", f"the whole playlist {change.playlist}"
        case EditSource():
            yield from (("+", f"on Spotify: {_name(TargetId(track), names)}") for track in change.add)
            yield from (("-", f"on Spotify: {_name(TargetId(track), names)}") for track in change.remove)
        case _:
            assert_never(change)


def _privacy(public: bool) -> str:
    return "public" if public else "private"


def _name(track: TargetId, names: Names) -> str:
    name = names.get(track)
    return named(name) if name else f"track {track}"
