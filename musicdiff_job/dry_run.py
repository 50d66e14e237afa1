"""Dry run, wrapped on: a target that keeps its changes to itself, a store and a history that keep nothing.

The wrapped target shows every change it was asked to make, so that the job plans exactly as it would for real,
including the look that follows a write.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime

from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.model import FAVOURITES, PlaylistId, TargetContents, TargetId, Track, favourites_of
from musicdiff_job.core.plan import (
    PLACEHOLDER,
    AddTracks,
    Change,
    Created,
    CreatePlaylist,
    DeletePlaylist,
    LikeTrack,
    Receipt,
    RemoveTracks,
    ReorderTracks,
    UnlikeTrack,
    UpdatePlaylist,
    Written,
)
from musicdiff_job.core.play_counts import Period
from musicdiff_job.core.plays import Line, NotALine, Play, PlayKey
from musicdiff_job.ports import History, Lease, Store, Target
from musicdiff_job.wrapped import WrappedTarget


class DryTarget(WrappedTarget):
    """A ``Target`` that reads through and writes nowhere. Playlists that would have been created are not listed."""

    def __init__(self, real: Target) -> None:
        super().__init__(real)
        self._shown: dict[PlaylistId, TargetContents] = {}
        self._made = 0

    def tracks(self, playlist: PlaylistId) -> TargetContents:
        """What the playlist would hold after the changes so far."""
        if playlist not in self._shown:
            self._shown[playlist] = self._real.tracks(playlist)
        return self._shown[playlist]

    def favourites(self, which: PlaylistId = FAVOURITES) -> TargetContents:
        """What the favourites would hold after the changes so far."""
        if which not in self._shown:
            self._shown[which] = self._real.favourites(which)
        return self._shown[which]

    def apply(self, change: Change) -> Receipt:
        """Remember the change; no call."""
        match change:
            case CreatePlaylist():
                self._made += 1
                playlist = PlaylistId(f"{PLACEHOLDER}{self._made}")
                self._shown[playlist] = TargetContents(())
                return Created(playlist, complete=True)
            case AddTracks(playlist=playlist, tracks=tracks):
                self._set(playlist, (*self._rows(playlist), *(_row(track) for track in tracks)))
            case RemoveTracks(playlist=playlist, tracks=tracks):
                self._set(playlist, tuple(row for row in self._rows(playlist) if row.id not in tracks))
            case ReorderTracks(playlist=playlist, tracks=tracks):
                rows = {row.id: row for row in self._rows(playlist)}
                self._set(playlist, tuple(rows[track] for track in tracks if track in rows))
            case LikeTrack(track=track):
                which = favourites_of(track)
                self._set(which, (*self.favourites(which).tracks, _row(track)))
            case UnlikeTrack(track=track):
                which = favourites_of(track)
                self._set(which, tuple(row for row in self.favourites(which).tracks if row.id != track))
            case UpdatePlaylist() | DeletePlaylist():
                pass
        return Written()

    def _rows(self, playlist: PlaylistId) -> tuple[Track, ...]:
        return self.tracks(playlist).tracks

    def _set(self, playlist: PlaylistId, rows: tuple[Track, ...]) -> None:
        hidden = self._shown[playlist].hidden if playlist in self._shown else 0
        self._shown[playlist] = TargetContents(rows, hidden)


def _row(track: TargetId) -> Track:
    return Track(id=track, title="")


class DryHistory:
    """A ``History`` that reads through and appends nothing."""

    def __init__(self, real: History) -> None:
        self._real = real

    @property
    def place(self) -> str:
        """As the real history's."""
        return self._real.place

    def is_empty(self) -> bool:
        """As the real history."""
        return self._real.is_empty()

    def holding(self, plays: Sequence[Play]) -> frozenset[PlayKey]:
        """As the real history's."""
        return self._real.holding(plays)

    def append(self, lines: Sequence[Line]) -> None:
        """Nothing is written."""

    def read(self, period: Period) -> Iterator[Line | NotALine]:
        """As the real history's."""
        return self._real.read(period)


class DryStore:
    """A ``Store`` that reads through, locks nothing and saves nothing."""

    def __init__(self, real: Store) -> None:
        self._real = real

    def peek(self) -> Checkpoint | None:
        """As the real store's."""
        return self._real.peek()

    def lease(self, run_id: str, until: datetime) -> AbstractContextManager[Lease]:
        """A lease that nobody else notices."""
        return _dry_lease(self._real)


@contextmanager
def _dry_lease(store: Store) -> Iterator[Lease]:
    yield _DryLease(store)


class _DryLease:
    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self) -> Checkpoint:
        return self._store.peek() or Checkpoint()

    def prove_writable(self) -> None:
        """Nothing will be written."""

    def save(self, checkpoint: Checkpoint, *, last: bool = False) -> None:
        """Nothing is written."""
