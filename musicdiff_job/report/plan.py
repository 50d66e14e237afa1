"""What a run would change: recorded while it plans, and shown as a difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple, assert_never

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
from musicdiff_job.report.silent import ShowsCalls
from musicdiff_job.report.text import Block, Cell, Lines, Tone, clean, count, named

Names = Mapping[TargetId, str]

SIGNS = {"+": Tone.GOOD, "-": Tone.BAD, "~": Tone.BUSY}
"""Something comes, goes, or stays and is altered."""
SHOWN = 20
"""Tracks that come, or go, in one collection that are shown; more are counted."""


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

    @property
    def calls_left(self) -> Callable[[], int] | None:
        """What tells the watcher how many calls the run may still make (``silent.ShowsCalls``)."""
        return self.watcher.calls_left if isinstance(self.watcher, ShowsCalls) else None

    @calls_left.setter
    def calls_left(self, tell: Callable[[], int] | None) -> None:
        if isinstance(self.watcher, ShowsCalls):
            self.watcher.calls_left = tell

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
    plans: Iterable[Planned], results: Iterable[CollectionResult], *, notes: bool = False, every: bool = False
) -> tuple[Block, ...]:
    """The difference for people: a block for each collection that changes, long lists cut unless ``every``, then the
    sums, and what could not be planned; with ``notes``, what else a person should know."""
    results, changing = tuple(results), [plan for plan in plans if plan.changes]
    blocks: list[Block] = [_difference(plan, every=every) for plan in changing]
    trouble = {CollectionState.FAILED: Tone.BAD, CollectionState.CONFLICT: Tone.BAD, CollectionState.PENDING: Tone.BUSY}
    stuck = tuple(
        Cell(f"{named(result.name or result.id)}: {result.state.value.replace('_', ' ')}: {result.reason}", tone)
        for result in results
        if (tone := trouble.get(result.state)) and result.reason
    )
    if len(changing) > 1:
        sums = _sums(line for plan in changing for line in _told(plan))
        blocks.append(Lines((f"in all: {sums or 'changes'} in {count(len(changing), 'collection')}",)))
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


class _Told(NamedTuple):
    """A line of the difference. ``listed`` marks one of many: a track, an album or an artist that comes or goes."""

    sign: str
    text: str
    listed: bool = False


def _difference(plan: Planned, *, every: bool) -> Lines:
    lines = list(_told(plan))
    sums = f" ({told})" if (told := _sums(lines)) else ""
    cells = [Cell(f"{named(plan.head.name or plan.head.id)}{sums}")]
    for (sign, listed), group in groupby(lines, key=lambda line: (line.sign, line.listed)):
        texts = [line.text for line in group]
        shown = texts if every or not listed or len(texts) <= SHOWN + 1 else texts[:SHOWN]
        cells += [Cell(f"  {sign} {text}", SIGNS[sign]) for text in shown]
        if len(shown) < len(texts):
            cells.append(Cell(f"  {sign} ... and {len(texts) - SHOWN:,} more (-v shows all)", SIGNS[sign]))
    return Lines(tuple(cells))


def _sums(lines: Iterable[_Told]) -> str:
    """How much comes and goes: ``+3 -2``; "" for nothing."""
    counts = Counter(line.sign for line in lines if line.listed)
    return " ".join(f"{sign}{counts[sign]:,}" for sign in "+-" if counts[sign])


def _told(plan: Planned) -> Iterator[_Told]:
    placed = {track: at for change in plan.changes for at, track in _order(change)}
    for change in plan.changes:
        yield from _signed(change, plan, placed)


def _order(change: AnyChange) -> Iterator[tuple[int, TargetId]]:
    return iter(enumerate(change.tracks, 1)) if isinstance(change, ReorderTracks) else iter(())


def _signed(change: AnyChange, plan: Planned, placed: Mapping[TargetId, int]) -> Iterator[_Told]:
    names = plan.names
    match change:
        case CreatePlaylist():
            title = "" if change.title == plan.head.name else f' "{named(change.title)}"'
            yield _Told("+", f"new playlist{title} ({_privacy(change.public)})")
        case UpdatePlaylist():
            if change.title is not None:
                yield _Told("~", f'title: "{named(change.title)}"')
            if change.description is not None:
                yield _Told("~", f'description: "{clean(change.description)}"')
            if change.public is not None:
                yield _Told("~", f"now {_privacy(change.public)}")
        case AddTracks():
            # Deezer appends; where an order follows, that is not where a track ends up.
            for track in change.tracks:
                place = f" (to place {placed[track]})" if track in placed else ""
                yield _Told("+", f"{_name(track, names)}{place}", listed=True)
        case LikeTrack():
            yield _Told("+", _name(change.track, names), listed=True)
        case RemoveTracks():
            yield from (_Told("-", _name(track, names), listed=True) for track in change.tracks)
        case UnlikeTrack():
            yield _Told("-", _name(change.track, names), listed=True)
        case ReorderTracks():
            yield _Told("~", f"new order of {count(len(change.tracks), 'track')}")
        case DeletePlaylist():
            yield _Told("-", f'the whole playlist "{named(plan.head.name)}"')
        case EditSource():
            for sign, entries in (("+", change.add), ("-", change.remove)):
                for entry in entries:
                    yield _Told(sign, f"on Spotify: {_name(TargetId(entry), names)}", listed=True)
        case _:
            assert_never(change)


def _privacy(public: bool) -> str:
    return "public" if public else "private"


def _name(track: TargetId, names: Names) -> str:
    name = names.get(track)
    return named(name) if name else f"track {track}"
