"""The real command against the sandbox, killed with SIGKILL at a chosen point, and run again until it is content.

A *point* is a write to Deezer or to a Spotify playlist, or a save of the checkpoint (of a listening history, of a
backup), before it is carried out or after (when nobody has been told yet), any call to a service, or an instant. Writes
and calls are counted by the sandbox, saves by the process itself (``killed_process``).
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec
from kill_runners import LONGEST, Runner
from kill_scenes import Scene, files_in
from killed_process import Start
from rig import FAST

from musicdiff_job.clock import StopFlag, SystemClock
from musicdiff_job.core.checkpoint import Account, Checkpoint
from musicdiff_job.core.model import Service
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.summary import Summary
from musicdiff_job.sandbox.deezer_account import DeezerAccount, Write
from musicdiff_job.sandbox.deezer_library import DeezerLibrary, Edited, Refusal
from musicdiff_job.sandbox.faults import Dropped
from musicdiff_job.sandbox.http import Request, Response
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.world import SpotifyAccount
from musicdiff_job.store.file import FileStore

RUNS = 12
"""Runs that may be needed after the last death; two are usual, stale reads ask for more."""

UNFINISHED = frozenset({Outcome.CHANGED, Outcome.MORE_TO_DO, Outcome.PARTIAL})
"""Outcomes after which another run may well be content."""

What = Literal["write", "save", "call", "instant"]


class Point(msgspec.Struct, frozen=True):
    """Where a run dies: at the ``at``-th write, save or call of it (1 is the first), before or after it was carried
    out, or ``at`` thousandths of a second after its start."""

    what: What
    at: int
    late: bool = False

    def __str__(self) -> str:
        if self.what == "instant":
            return f"{self.at} ms after its start"
        return f"{'after' if self.late else 'before'} {self.what} {self.at}"


class Course(msgspec.Struct, frozen=True):
    """How a run went: its writes in order, and how many of them came before each save."""

    writes: tuple[str, ...]
    saves: tuple[int, ...]
    calls: int
    milliseconds: int

    def points(self) -> list[Point]:
        """Every write and every save, before and after."""
        counted: tuple[tuple[What, int], ...] = (("write", len(self.writes)), ("save", len(self.saves)))
        return [Point(what, at, late) for what, n in counted for at in range(1, n + 1) for late in (False, True)]

    def tell(self, point: Point) -> str:
        """The point, and what happens there in an undisturbed run."""
        if point.what == "write" and point.at <= len(self.writes):
            return f"{point} of {len(self.writes)} ({self.writes[point.at - 1]})"
        if point.what == "save" and point.at <= len(self.saves):
            done = self.saves[point.at - 1]
            last = f"after write {done}, {self.writes[done - 1]}" if done else "before any write"
            return f"{point} of {len(self.saves)} ({last})"
        return str(point)


class Reaper:
    """Kills a process when a service gets to the point."""

    def __init__(self, runner: Runner | None = None, point: Point | None = None) -> None:
        self.started = threading.Event()
        self._runner = runner
        self._point = point
        self._lock = threading.Lock()
        self._passed = 0

    def pass_by(self, what: What, *, late: bool) -> None:
        """A call is about to be carried out, or (late) to be answered. Raises ``ConnectionResetError`` when that is
        the point: then nothing more happens to the call."""
        point, runner = self._point, self._runner
        if runner is None or point is None or (point.what, point.late) != (what, late):
            return
        with self._lock:
            self._passed += 1
            reached = self._passed == point.at
        if reached:
            self.started.wait(LONGEST)
            runner.kill()
            raise ConnectionResetError("whoever asked is dead")


class MortalAccount(DeezerAccount):
    """A Deezer account whose client may die at a write. ``done`` are the writes with the times of their ends."""

    reaper = Reaper()

    def __init__(self, *, library: DeezerLibrary) -> None:
        super().__init__(library=library)
        self.done: list[tuple[float, str]] = []

    def commit(self, write: Write, edit: Callable[[DeezerLibrary], Edited], read_lag: int = 0) -> Refusal | None:
        self.reaper.pass_by("write", late=False)
        refusal = super().commit(write, edit, read_lag)
        self.done.append((time.monotonic(), write.verb))
        self.reaper.pass_by("write", late=True)
        return refusal


class MortalSpotify(SpotifyAccount):
    """A Spotify account whose client may die at a write of its own; a person's edits are not among them."""

    reaper = Reaper()
    done: list[tuple[float, str]]

    def append_tracks(self, playlist_id: str, track_ids: Sequence[str], position: int | None = None) -> None:
        self._mortally("append", lambda: super(MortalSpotify, self).append_tracks(playlist_id, track_ids, position))

    def remove_tracks(self, playlist_id: str, track_ids: Collection[str]) -> None:
        self._mortally("withdraw", lambda: super(MortalSpotify, self).remove_tracks(playlist_id, track_ids))

    def _mortally(self, verb: str, edit: Callable[[], None]) -> None:
        self.reaper.pass_by("write", late=False)
        edit()
        self.done.append((time.monotonic(), verb))
        self.reaper.pass_by("write", late=True)


def mortal_copy(account: SpotifyAccount, done: list[tuple[float, str]]) -> MortalSpotify:
    """A copy of an account whose client may die; its writes are noted in ``done``."""
    copied = MortalSpotify(account.catalogue)
    vars(copied).update(vars(account.copy()))
    copied.done = done
    return copied


class MortalSandbox(Sandbox):
    """A sandbox whose client may die at any call."""

    reaper = Reaper()

    def respond(self, service: str, request: Request) -> Response | Dropped:
        self.reaper.pass_by("call", late=False)
        answer = super().respond(service, request)
        self.reaper.pass_by("call", late=True)
        return answer


@dataclass(frozen=True)
class Ended:
    """How one run ended. ``summary`` is None when it was killed."""

    status: int
    summary: Summary | None
    course: Course

    @property
    def killed(self) -> bool:
        return self.status == -signal.SIGKILL

    def __str__(self) -> str:
        if self.summary is None:
            return "killed" if self.killed else f"ended with status {self.status}"
        told = [error.message for error in self.summary.errors]
        return f"{self.summary.outcome}, {self.summary.writes} writes" + (f": {told}" if told else "")


@dataclass
class Place:
    """One world: both accounts, a sandbox that serves them, and a folder with a checkpoint."""

    scene: Scene
    sandbox: MortalSandbox
    spotify: MortalSpotify
    deezer: MortalAccount
    folder: Path
    runs: list[Ended] = field(default_factory=list)

    @property
    def checkpoint_file(self) -> Path:
        return self.folder / "checkpoint.json"

    def checkpoint(self) -> Checkpoint:
        store = FileStore(self.checkpoint_file, clock=SystemClock(StopFlag()), app_version="test")
        return store.peek() or Checkpoint()

    def move_in(self) -> None:
        """Make the folder beside the checkpoint the one that it is about: the target of a backup is its place."""
        clock = SystemClock(StopFlag())
        store = FileStore(self.checkpoint_file, clock=clock, app_version="test")
        with store.lease("by hand", clock.now()) as lease:
            known = lease.load()
            here = Account(f"files:{self.folder / self.scene.beside}", "before it was moved")
            accounts = {**known.accounts, str(Service.DEEZER): here}
            lease.save(msgspec.structs.replace(known, accounts=accounts), last=True)

    def files(self) -> dict[str, bytes]:
        """What lies in the folder beside the checkpoint; not what a death has left unfinished there."""
        folder = self.folder / self.scene.beside
        return files_in(folder) if self.scene.beside else {}

    def run(self, runner: Runner, point: Point | None = None) -> Ended:
        """One run, which dies at ``point`` if it gets there."""
        reaper = self.deezer.reaper = self.spotify.reaper = self.sandbox.reaper = Reaper(runner, point)
        writes, calls, began = len(self.deezer.done), len(self.sandbox.log.all()), time.monotonic()
        start = self._start(point)
        runner.start(start)
        reaper.started.set()
        alarm = threading.Timer(point.at / 1000 if point else 0, runner.kill)
        if point and point.what == "instant":
            alarm.start()
        status = runner.end()
        alarm.cancel()
        took = round((time.monotonic() - began) * 1000)
        done = self.deezer.done[writes:]
        saves = [float(line) for line in Path(start.saves).read_text().split()]
        course = Course(
            writes=tuple(verb for _, verb in done),
            saves=tuple(sum(at < save for at, _ in done) for save in saves),
            calls=len(self.sandbox.log.all()) - calls,
            milliseconds=took,
        )
        summary = None
        if status >= 0 and (output := Path(start.output).read_bytes().splitlines()):
            summary = msgspec.json.decode(output[-1], type=Summary)
        self.runs.append(Ended(status, summary, course))
        return self.runs[-1]

    def run_until_in_sync(self, runner: Runner) -> bool:
        """Runs until one has nothing to do (two in a row where reads may be stale); False when ``RUNS`` do not come to
        that, or one fails for good."""
        content = 0
        for _ in range(RUNS):
            ended = self.run(runner)
            if ended.summary is None or ended.summary.outcome not in (Outcome.IN_SYNC, *UNFINISHED):
                return False
            content = content + 1 if ended.summary.outcome is Outcome.IN_SYNC and not ended.course.writes else 0
            if content == 1 + self.scene.lags:
                return True
        return False

    def story(self) -> str:
        """How each run ended, and what the last one said on stderr."""
        said = (self.folder / "errors.txt").read_text(errors="replace")
        return "".join(f"  run {number}: {ended}\n" for number, ended in enumerate(self.runs, 1)) + said

    def _start(self, point: Point | None) -> Start:
        output, errors, saves = (self.folder / name for name in ("output.txt", "errors.txt", "saves.txt"))
        saves.write_bytes(b"")
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return Start(
            arguments=("run",),
            environment={
                **kept,
                **self.sandbox.environment(self.scene.credential),
                **FAST,
                "MUSICDIFF_CHECKPOINT_URL": str(self.checkpoint_file),
                **self.scene.settings,
            },
            folder=str(self.folder),
            checkpoint=str(self.checkpoint_file),
            output=str(output),
            errors=str(errors),
            saves=str(saves),
            watched=str(self.folder / self.scene.beside) if self.scene.beside else "",
            die_at=point.at if point and point.what == "save" else 0,
            late=bool(point and point.late),
        )


@contextlib.contextmanager
def open_place(scene: Scene, folder: Path) -> Iterator[Place]:
    """The scene in a folder of its own, whose sandbox serves while it is entered."""
    folder.mkdir(parents=True)
    deezer = MortalAccount(library=scene.library)
    spotify = mortal_copy(scene.spotify, deezer.done)
    with MortalSandbox(spotify, deezer, scope=scene.scope, switches=scene.deezer_switches) as sandbox:
        place = Place(scene, sandbox, spotify, deezer, folder)
        if scene.checkpoint is not None:
            place.checkpoint_file.write_bytes(scene.checkpoint)
        if scene.beside:
            for name, content in scene.files.items():
                path = folder / scene.beside / name
                path.parent.mkdir(mode=0o700, exist_ok=True)
                path.write_bytes(content)
        if scene.is_backup and scene.checkpoint is not None:
            place.move_in()
        yield place
