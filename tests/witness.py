"""Sees every write as Deezer applies it, and says which of them nobody asked for.

Judged are writes, not ends: a track that is removed and put back, a playlist that is empty for a moment and a second
playlist for one list all look right afterwards. The witness stands inside the sandbox's account, so writes whose answer
is lost are judged like all others. It keeps its own book of what the job has placed where, knows every state the source
was in, and believes the job's checkpoint only about which playlist belongs to which list, and about intents: what is
written must stand there beforehand.

A run may act on what Spotify said when it was last read, so a write is right if it is right for any state since then.
"""

from __future__ import annotations

import dataclasses
import traceback
from collections import defaultdict
from collections.abc import Callable

from both_sides import FAVOURITES, BothSides, Held, Moment
from wishes import Wishes

from musicdiff_job.core.checkpoint import Checkpoint, Mirror, Part
from musicdiff_job.core.conflict import ConflictKind, Side
from musicdiff_job.core.model import LIKED, CollectionId
from musicdiff_job.core.plan import ReorderTracks
from musicdiff_job.core.summary import CollectionState
from musicdiff_job.sandbox.deezer_account import DeezerAccount, Write
from musicdiff_job.sandbox.deezer_library import DeezerLibrary, DeezerPlaylist, Edited, Refusal

FLOOR = 10
DAY = 86_400.0


class WatchedAccount(DeezerAccount):
    """An account that tells a witness of every write that changed something: the library before and after it."""

    witness: Callable[[DeezerLibrary, DeezerLibrary], None] | None = None

    def commit(self, write: Write, edit: Callable[[DeezerLibrary], Edited], read_lag: int = 0) -> Refusal | None:
        with self._lock:
            before = self._library
            refusal = super().commit(write, edit, read_lag)
            if self.witness is not None and self._library is not before:
                self.witness(before, self._library)
            return refusal


@dataclasses.dataclass
class _Run:
    """What the witness knows of the run that is going on."""

    wishes: Wishes
    began: int
    """The state of the source at its beginning."""
    edits: int
    mirrors: dict[CollectionId, Mirror]
    decided: dict[tuple[CollectionId, ConflictKind], Side]
    held: dict[CollectionId, int]
    """How many entries each collection had at its beginning, by its own count or by ours, whichever is more."""
    placed: dict[CollectionId, set[int]]
    removed: dict[CollectionId, set[int]]


class Witness:
    """``faults`` are the writes that nobody asked for, in words. ``remembered`` gives the checkpoint on the disk,
    ``looked`` says whether the present run had a whole and undisturbed look at the source, ``passed`` gives the seconds
    that have really passed, ``lag`` is how many reads Deezer may be behind."""

    def __init__(self, sides: BothSides, looked: Callable[[], bool], passed: Callable[[], float], lag: int) -> None:
        self.faults: list[str] = []
        self.made: dict[int, frozenset[CollectionId]] = {}
        """The playlists that the job created, and for which collection: one of these, for namesakes look alike."""
        self._sides = sides
        self._looked = looked
        self._passed = passed
        self._lag = lag
        self._runs = 0
        self._read_at = 0
        """The state of the source at the beginning of the last run that had a look."""
        self._placed: dict[int, set[int]] = defaultdict(set)
        """By playlist: what is there because of the job, or because the source wants it."""
        self._adopted: set[int] = set()
        self._emptied: dict[int, object] = {}
        self._gone: dict[CollectionId, tuple[float, int]] = {}
        """Collections that are no longer on Spotify: since when, and after how many runs."""
        self._run: _Run | None = None

    # Around a run

    def begin(self, wishes: Wishes, checkpoint: Checkpoint) -> None:
        """A run begins, with these settings and this memory."""
        now = self._sides.timeline[-1]
        for key in checkpoint.mirrors:
            if key not in now:
                self._gone.setdefault(key, (self._passed(), self._runs))
        self._runs += 1
        self._run = run = _Run(
            wishes=wishes,
            began=len(self._sides.timeline) - 1,
            edits=self._sides.hand_edits,
            mirrors=dict(checkpoint.mirrors),
            decided={(one.collection, one.kind): one.decision for one in checkpoint.conflicts.values() if one.decision},
            held={},
            placed={},
            removed=defaultdict(set),
        )
        self._adopt(run, checkpoint)
        for key, mirror in checkpoint.mirrors.items():
            playlists = self.playlists(mirror)
            placed = {track for one in playlists for track in self._placed[one.id]}
            run.placed[key] = placed
            run.held[key] = max(len(placed), sum(len(one.visible()) for one in playlists))
        self._release(run, checkpoint)

    def end(self, checkpoint: Checkpoint) -> None:
        """The run is over, however it ended; this is what it left behind."""
        run = self._run
        assert run is not None
        self._adopt(run, checkpoint)
        self._judge_guard(run, checkpoint)
        self._judge_endings(run, checkpoint)
        self._release(run, checkpoint)
        if self._sides.hand_edits == run.edits:
            self._settle(run, checkpoint)
        if self._looked():
            self._read_at = run.began
        self._run = None

    def _window(self, run: _Run) -> list[Moment]:
        """The states of the source that the run may act on."""
        return self._sides.timeline[run.began if self._looked() else self._read_at :]

    def _held(self, run: _Run, key: CollectionId) -> list[Held]:
        return [moment[key] for moment in self._window(run) if key in moment]

    def playlists(self, mirror: Mirror) -> list[DeezerPlaylist]:
        loved = self._sides.deezer.loved_id
        ids = [int(part.playlist) if part.playlist.isdigit() else loved for part in mirror.parts]
        return [self._sides.deezer.playlist(one) for one in ids if self._sides.exists(one)]

    def _adopt(self, run: _Run, checkpoint: Checkpoint) -> None:
        """What is where the source wants it counts as placed by the job, whoever put it there. What else an adopted
        playlist holds was added by hand."""
        for key, mirror in checkpoint.mirrors.items():
            wanted = {track for held in self._held(run, key) for track in held.wanted}
            for playlist in self.playlists(mirror):
                self._placed[playlist.id] |= wanted & set(playlist.entries)
                if playlist.id in self._sides.by_hand and playlist.id not in self._adopted:
                    self._adopted.add(playlist.id)
                    self._sides.of(key).added += self._sides.by_hand[playlist.id][1]

    def _settle(self, run: _Run, checkpoint: Checkpoint) -> None:
        """What a read that agreed has shown to be gone is no longer the job's, if a person puts it there again."""
        for key, mirror in checkpoint.mirrors.items():
            before = run.mirrors.get(key)
            if mirror.state is CollectionState.IN_SYNC and (before is None or before.synced_at != mirror.synced_at):
                for playlist in self.playlists(mirror):
                    self._placed[playlist.id] &= set(playlist.entries)

    def _release(self, run: _Run, checkpoint: Checkpoint) -> None:
        """What was done by hand binds no longer where the settings or a decision let the job undo it."""
        for key, told in self._sides.told.items():
            collection = LIKED if key == FAVOURITES else key
            if self._may_undo(run, collection, ConflictKind.HAND_ADDED, ConflictKind.HAND_REMOVED):
                told.may_be_undone()
            if run.decided.get((collection, ConflictKind.MASS_REMOVAL)) is Side.DEEZER:
                # What was kept counts as added by hand from then on.
                mirror = checkpoint.mirrors[collection]
                told.unsure |= {track for one in self.playlists(mirror) for track in one.entries}

    def _may_undo(self, run: _Run, key: CollectionId, *kinds: ConflictKind) -> bool:
        edits = {run.wishes.edits_for(held.name) for held in self._held(run, key)}
        asked = any(run.decided.get((key, kind)) is Side.SPOTIFY for kind in kinds)
        return "overwrite" in edits or ("ask" in edits and asked)

    # What a run left behind

    def _judge_guard(self, run: _Run, checkpoint: Checkpoint) -> None:
        """No run removes more than the settings allow, unless a person has agreed."""
        if self._sides.hand_edits != run.edits or len(self._sides.timeline) - 1 != run.began:
            return  # edits during a run are judged by later looks of the same run, each with a share of its own
        for key, removed in run.removed.items():
            if run.decided.get((key, ConflictKind.MASS_REMOVAL)) is Side.SPOTIFY:
                continue
            mirror = checkpoint.mirrors.get(key)
            left = {track for one in self.playlists(mirror) for track in one.entries} if mirror else set()
            share = run.wishes.max_removals / 100
            gone, ours = removed - left, run.placed.get(key, set())
            if len(gone) > max(FLOOR, share * run.held.get(key, 0)) or len(gone & ours) > max(FLOOR, share * len(ours)):
                self._fault(f"{len(gone)} of {run.held.get(key, 0)} entries of {key} were removed at once")

    def _judge_endings(self, run: _Run, checkpoint: Checkpoint) -> None:
        """Mirrors are given up only for a reason."""
        for key, mirror in checkpoint.mirrors.items():
            before = run.mirrors.get(key)
            if mirror.missing_since is not None and all(key in moment for moment in self._window(run)):
                self._fault(f"{key} is on Spotify, and counts as missing")
            if mirror.state is not CollectionState.DETACHED or (before is not None and before.state is mirror.state):
                continue
            if key not in self._sides.deleted and not self._long_gone(run, key):
                self._fault(f"{key} was given up: {mirror.reason}")

    def _long_gone(self, run: _Run, key: CollectionId) -> bool:
        if key not in self._gone or all(key in moment for moment in self._window(run)):
            return False
        since, runs = self._gone[key]
        return self._passed() - since >= DAY and self._runs - runs >= 2

    # One write

    def saw(self, before: DeezerLibrary, after: DeezerLibrary) -> None:
        """A write was applied. Called by the sandbox, in a thread of its own."""
        try:
            self._judge(before, after)
        except Exception:  # it would end a connection, and be taken for trouble of the service
            self._fault(traceback.format_exc())

    def _judge(self, before: DeezerLibrary, after: DeezerLibrary) -> None:
        run = self._run
        if run is None:
            self._fault("a write outside of a run")
            return
        checkpoint = self._sides.remembered()
        self._adopt(run, checkpoint)
        for number in {*before.playlists, *after.playlists}:
            was, now = before.playlists.get(number), after.playlists.get(number)
            if was is now:
                continue
            owner = self._owner(checkpoint, number)
            if was is None and now is not None:
                self._judge_creation(checkpoint, now, after)
            elif owner is None:
                self._fault(f"{number} mirrors nothing, and was written to")
            elif now is None:
                self._judge_deletion(run, before.playlists[number], owner[0])
            elif was is not None:
                self._judge_change(run, owner, was, now, after)

    def _owner(self, checkpoint: Checkpoint, number: int) -> tuple[Mirror, Part] | None:
        name = "favourites" if number == self._sides.deezer.loved_id else str(number)
        pairs = ((mirror, part) for mirror in checkpoint.mirrors.values() for part in mirror.parts)
        return next(((mirror, part) for mirror, part in pairs if part.playlist == name), None)

    def _judge_creation(self, checkpoint: Checkpoint, made: DeezerPlaylist, after: DeezerLibrary) -> None:
        mirrors = checkpoint.mirrors.values()
        meant = frozenset(one.id for one in mirrors if one.creating is not None and one.creating.title == made.title)
        if not meant:
            self._fault(f"{made.id} {made.title!r} was created without an intent")
        twins = [
            other
            for other, collections in self.made.items()
            if collections == meant
            and len(meant) == 1
            and (shown := after.playlists.get(other)) is not None
            and shown.title == made.title
            and self._owner(checkpoint, other) is None
        ]
        # Two looks for a lost creation are no more than two stale reads can hide.
        if twins and self._lag < 2:
            self._fault(f"{made.id} {made.title!r} was created for {set(meant)}, which had {twins}")
        self.made[made.id] = meant

    def _judge_deletion(self, run: _Run, gone: DeezerPlaylist, mirror: Mirror) -> None:
        told = f"{gone.id} of {mirror.id}"
        last = next((moment[mirror.id] for moment in reversed(self._sides.timeline) if mirror.id in moment), None)
        if run.wishes.deleted != "delete" or not self._long_gone(run, mirror.id):
            self._fault(f"{told} was deleted")
        if last is not None and not run.wishes.selects(last.name):
            self._fault(f"{told} was deleted, and is not selected")
        if gone.id not in self.made:
            self._fault(f"{told} was deleted, and made by hand")
        if foreign := set(gone.entries) - self._placed[gone.id]:
            self._fault(f"{told} was deleted with {foreign} added by hand")

    def _judge_change(
        self, run: _Run, owner: tuple[Mirror, Part], was: DeezerPlaylist, now: DeezerPlaylist, after: DeezerLibrary
    ) -> None:
        mirror, part = owner
        told = f"{now.id} of {mirror.id}"
        liked = mirror.id == LIKED
        states = self._held(run, mirror.id)
        added, removed = set(now.entries) - set(was.entries), set(was.entries) - set(now.entries)
        if not states:
            self._fault(f"{told} was written to, and its source is gone")
        if not any(run.wishes.selects(held.name, liked=liked) for held in states):
            self._fault(f"{told} was written to, and is not selected")
        if now.loved and run.wishes.liked_as != "favourites":
            self._fault("the favourites were written to, and the liked songs do not go there")
        if not {str(track) for track in added} <= part.added_in_flight():
            self._fault(f"{told} got {added} without an intent")
        if not {str(track) for track in removed} <= part.removed_in_flight():
            self._fault(f"{told} lost {removed} without an intent")
        moved = not added and not removed and list(was.entries) != list(now.entries)
        if moved and not any(isinstance(change, ReorderTracks) for change in part.in_flight):
            self._fault(f"{told} was reordered without an intent")
        self._judge_additions(run, told, mirror, now, added, states)
        self._judge_removals(run, told, mirror, now, removed, states, after)
        if was.visible() and not now.visible():
            self._emptied[now.id] = self._scene(run)

    def _judge_additions(
        self, run: _Run, told: str, mirror: Mirror, now: DeezerPlaylist, added: set[int], states: list[Held]
    ) -> None:
        if not added:
            return
        key = FAVOURITES if now.loved else mirror.id
        if stray := {track for track in added if not any(track in held.wanted for held in states)}:
            self._fault(f"{told} got {stray}, which its source does not hold")
        if again := added & self._sides.of(key).removed:
            self._fault(f"{told} got {again} again, removed by hand")
        if self._emptied.pop(now.id, None) == self._scene(run):
            self._fault(f"{told} was emptied, and filled again")
        self._placed[now.id] |= added

    def _judge_removals(
        self,
        run: _Run,
        told: str,
        mirror: Mirror,
        now: DeezerPlaylist,
        removed: set[int],
        states: list[Held],
        after: DeezerLibrary,
    ) -> None:
        run.removed[mirror.id] |= removed
        others = [after.playlists[one.id] for one in self.playlists(mirror) if one.id != now.id]
        elsewhere = {track for other in others for track in other.entries}
        # Into a full part an entry can come only after another has left it, and that may be one that comes here.
        full = any(len(other.entries) >= run.wishes.limit for other in others)
        for track in sorted(removed - elsewhere):
            if states and all(track in held.wanted for held in states) and not full:
                self._fault(f"{told} lost {track}, which its source holds")
            elif track not in self._placed[now.id] and not self._may_undo(run, mirror.id, ConflictKind.HAND_ADDED):
                self._fault(f"{told} lost {track}, which the job did not place")

    def _scene(self, run: _Run) -> object:
        """Equal as long as nobody changes anything but the job."""
        return len(self._sides.timeline), self._sides.hand_edits, run.wishes

    def _fault(self, what: str) -> None:
        self.faults.append(what)
