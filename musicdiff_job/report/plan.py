"""What a run would change: recorded while it plans, shown as a difference, or written down as a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

import msgspec

from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.model import CollectionHead, CollectionId, TargetId
from musicdiff_job.core.plan import (
    AddTracks,
    Change,
    CreatePlaylist,
    DeletePlaylist,
    LikeTrack,
    RemoveTracks,
    ReorderTracks,
    UnlikeTrack,
    UpdatePlaylist,
)
from musicdiff_job.core.summary import CollectionResult, CollectionState
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.ports import Observer
from musicdiff_job.report.text import Block, Cell, Lines, Tone, clean, count, named

Names = Mapping[TargetId, str]

SIGNS = {"+": Tone.GOOD, "-": Tone.BAD, "~": Tone.BUSY}
"""Something comes, goes, or stays and is altered."""


@dataclass(frozen=True, slots=True)
class Planned:
    """The changes to one collection, in the order in which they would be made."""

    head: CollectionHead
    changes: tuple[Change, ...]
    names: Names


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

    def planned(self, head: CollectionHead, changes: tuple[Change, ...], names: Names) -> None:
        """Add to what is known of the collection."""
        known = self.plans.get(head.id, Planned(head, (), {}))
        self.plans[head.id] = Planned(head, (*known.changes, *changes), {**known.names, **names})
        self.watcher.planned(head, changes, names)

    def finished(self, result: CollectionResult) -> None:
        """Keep the line."""
        self.results.append(result)
        self.watcher.finished(result)


class CollectionPlan(msgspec.Struct, frozen=True):
    """One collection of a plan document, pinned to both sides: the source's ``snapshot`` and the target's
    ``fingerprint`` as last read (of several parts, joined by commas; "" before there is a mirror)."""

    id: str
    name: str
    snapshot: str
    fingerprint: str
    changes: tuple[Change, ...]


class PlanDocument(msgspec.Struct, frozen=True):
    """``plan -o plan.json``."""

    schema: int
    created_at: str
    profile: str
    collections: tuple[CollectionPlan, ...]


def plan_document(plans: Iterable[Planned], checkpoint: Checkpoint, now: datetime, profile: str) -> PlanDocument:
    """The plan as a document; collections without changes are left out."""
    return PlanDocument(
        schema=1,
        created_at=to_iso(now),
        profile=profile,
        collections=tuple(
            CollectionPlan(
                id=plan.head.id,
                name=plan.head.name,
                snapshot=plan.head.snapshot,
                fingerprint=_fingerprint(checkpoint, plan.head.id),
                changes=plan.changes,
            )
            for plan in plans
            if plan.changes
        ),
    )


def _fingerprint(checkpoint: Checkpoint, collection: CollectionId) -> str:
    mirror = checkpoint.mirrors.get(collection)
    return ",".join(part.fingerprint for part in mirror.parts) if mirror else ""


def plan_blocks(plans: Iterable[Planned], results: Iterable[CollectionResult]) -> tuple[Block, ...]:
    """The difference for people: a block for each collection that changes, then what could not be planned."""
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
    return tuple(blocks) or (Lines(("Nothing to change.",)),)


def _lines(changes: Iterable[Change], names: Names) -> Iterator[Cell]:
    for change in changes:
        for sign, text in _signed(change, names):
            yield Cell(f"  {sign} {text}", SIGNS[sign])


def _signed(change: Change, names: Names) -> Iterator[tuple[str, str]]:
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
        case _:
            assert_never(change)


def _privacy(public: bool) -> str:
    return "public" if public else "private"


def _name(track: TargetId, names: Names) -> str:
    name = names.get(track)
    return named(name) if name else f"track {track}"
