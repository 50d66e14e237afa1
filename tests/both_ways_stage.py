"""A rig with one list whose hand edits flow back, and what may happen to its writes on Spotify."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from mortal import Killed, SwiftClock
from rig import Rig, open_rig
from universe import universe

from musicdiff_job.core.checkpoint import Checkpoint, Mirror
from musicdiff_job.core.conflict import ConflictKind, Side, conflict_id
from musicdiff_job.core.model import CollectionHead, CollectionId, SourceId
from musicdiff_job.core.summary import Summary
from musicdiff_job.job import run_once
from musicdiff_job.ports import SourceWrites
from musicdiff_job.sandbox.catalogue import load_catalogue
from musicdiff_job.sandbox.spotify_accounts import SCOPES, WRITE_SCOPES
from musicdiff_job.sandbox.spotify_library import CatalogueTrack
from musicdiff_job.sandbox.spotify_render import Cohort
from musicdiff_job.sandbox.world import SpotifyAccount
from musicdiff_job.session import Job

BOTH = '[{"match": "Gym", "direction": "both"}]'
MAY = f"{SCOPES} {WRITE_SCOPES}"


def known() -> list[str]:
    """Source tracks each of which has a counterpart of its own."""
    sources, counterparts, _ = universe()
    once = [one for one in sources if one in counterparts]
    return [one for one in once if sum(counterparts[other] == counterparts[one] for other in once) == 1]


def counterpart(source: str) -> int:
    return universe()[1][source]


def foreign() -> tuple[int, ...]:
    """Deezer tracks that stand for no source track of these tests."""
    return universe()[2]


@dataclass
class BothWays:
    """The list "Gym", on both sides."""

    rig: Rig
    playlist: str

    @property
    def spotify(self) -> SpotifyAccount:
        return self.rig.sandbox.spotify

    @property
    def key(self) -> CollectionId:
        return CollectionId(f"spotify:playlist:{self.playlist}")

    def memory(self) -> Mirror:
        return self.rig.checkpoint().mirrors[self.key]

    @property
    def number(self) -> int:
        """The list's Deezer playlist."""
        (part,) = self.memory().parts
        return int(part.playlist)

    def on_spotify(self) -> list[str]:
        playlist = self.spotify.playlist(self.playlist)
        assert playlist is not None
        return [entry.content.id for entry in playlist.entries if isinstance(entry.content, CatalogueTrack)]

    def on_deezer(self) -> list[int]:
        return self.rig.playlists()["Gym"]

    def add(self, track: int, *, first: bool = False) -> None:
        """By hand, on Deezer."""
        self.rig.sandbox.deezer.add_by_hand(self.number, track, offset=0 if first else -1)

    def remove(self, track: int) -> None:
        """By hand, on Deezer."""
        self.rig.sandbox.deezer.remove_by_hand(self.number, track)

    def move_to_end(self, track: int) -> None:
        """By hand, on Deezer."""
        rest = [one for one in self.on_deezer() if one != track]
        self.rig.sandbox.deezer.reorder_by_hand(self.number, [*rest, track])

    def drop(self, source: str) -> None:
        """By hand, on Spotify."""
        self.spotify.remove_at(self.playlist, self.on_spotify().index(source))

    def writes(self) -> list[str]:
        """The writes that Spotify has seen, by method."""
        return [one.method for one in self.rig.sandbox.log.all() if one.service == "spotify" and one.method != "GET"]

    def in_step(self) -> bool:
        return [counterpart(one) for one in self.on_spotify()] == self.on_deezer()

    def change(self, edit: Callable[[Checkpoint], Checkpoint]) -> None:
        """Change what is remembered, as commands do."""
        with self.rig.store().lease("command", self.rig.now() + timedelta(minutes=1)) as lease:
            lease.save(edit(lease.load()), last=True)

    def decide(self, kind: ConflictKind, side: Side) -> None:
        """As `resolve` does."""
        key = conflict_id(self.key, kind)

        def decided(checkpoint: Checkpoint) -> Checkpoint:
            known = msgspec.structs.replace(checkpoint.conflicts[key], decision=side)
            changed: Checkpoint = msgspec.structs.replace(checkpoint, conflicts={**checkpoint.conflicts, key: known})
            return changed

        self.change(decided)

    def rest(self, limit: int = 12) -> Summary:
        """Runs until one has nothing to do; two of them must write nothing more."""
        for _ in range(limit):
            summary = self.rig.run()
            if summary.outcome in ("in_sync", "conflict") and not summary.writes:
                return summary
        raise AssertionError(f"no rest after {limit} runs: {summary}")


@contextmanager
def both_ways(
    folder: Path, *tracks: str, scope: str = MAY, cohort: Cohort = Cohort.RESTRICTED, rules: str = BOTH, **extra: Any
) -> Iterator[BothWays]:
    """Entered with the list in step."""
    spotify = SpotifyAccount(load_catalogue())
    playlist = spotify.add_playlist("Gym", tracks)
    with open_rig(
        folder,
        spotify,
        clock=SwiftClock(),
        scope=scope,
        cohort=cohort,
        MUSICDIFF_PLAYLIST=rules,
        SPOTIFY_AUTHORIZED_AT="2027-01-01",
        **extra,
    ) as rig:
        stage = BothWays(rig, playlist)
        assert rig.run().outcome == "changed"
        yield stage


class SmallWrites:
    """Writes on Spotify of one track each; the process dies at the n-th, before or after it, or somebody meddles."""

    batch = 1

    def __init__(
        self, writes: SourceWrites, at: int = 0, *, before: bool = False, meddle: Callable[[], None] | None = None
    ) -> None:
        self._writes = writes
        self._left = at
        self._before = before
        self._meddle = meddle

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writes, name)

    def append(self, head: CollectionHead, tracks: Sequence[SourceId]) -> str:
        return self._at(lambda: self._writes.append(head, tracks))

    def remove(self, head: CollectionHead, tracks: Sequence[SourceId], snapshot: str) -> str:
        return self._at(lambda: self._writes.remove(head, tracks, snapshot))

    def _at(self, write: Callable[[], str]) -> str:
        self._left -= 1
        if self._left == 0 and self._before:
            raise Killed
        if self._left == 0 and self._meddle:
            self._meddle()
            return write()
        snapshot = write()
        if self._left == 0:
            raise Killed
        return snapshot


def with_writes(wrap: Callable[[SourceWrites], Any]) -> Callable[[Job], Summary]:
    """A run whose writes on Spotify go through something else."""

    def work(job: Job) -> Summary:
        def connect(checkpoint: Any) -> Any:
            connections = job.connect(checkpoint)
            assert connections.writes is not None
            return replace(connections, writes=wrap(connections.writes))

        return run_once(replace(job, connect=connect))

    return work
