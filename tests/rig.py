"""The real job against the sandbox, over real HTTP, in this process: what most tests of the job run on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from musicdiff_job import bootstrap, settings
from musicdiff_job.clock import StopFlag, SystemClock
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.model import CollectionHead, TargetId
from musicdiff_job.core.plan import AnyChange
from musicdiff_job.core.secret import Redactor
from musicdiff_job.core.summary import CollectionResult, Summary
from musicdiff_job.job import run_once
from musicdiff_job.ports import Clock
from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.spotify_accounts import SCOPES
from musicdiff_job.sandbox.spotify_render import Cohort
from musicdiff_job.sandbox.world import SpotifyAccount
from musicdiff_job.session import Job
from musicdiff_job.store.file import FileStore

Credential = Literal["arl", "token"]

FAST = {
    "MUSICDIFF_SYNC_ENTITIES": "liked,playlists",
    "MUSICDIFF_DEEZER_REQUESTS_PER_5S": "1000000",
    "MUSICDIFF_DEEZER_WRITE_INTERVAL": "0s",
    "MUSICDIFF_BUDGET_SPOTIFY_PER_DAY": "1000000",
    "MUSICDIFF_BUDGET_DEEZER_PER_HOUR": "1000000",
    "MUSICDIFF_BUDGET_CALLS": "1000000",
}


@dataclass
class Watcher:
    """An observer that remembers what it was told."""

    changes: list[AnyChange] = field(default_factory=list)
    results: list[CollectionResult] = field(default_factory=list)

    def phase(self, name: str, total: int | None) -> None:
        pass

    def advance(self, steps: int = 1) -> None:
        pass

    def planned(self, head: CollectionHead, changes: tuple[AnyChange, ...], names: Mapping[TargetId, str]) -> None:
        self.changes.extend(changes)

    def finished(self, result: CollectionResult) -> None:
        self.results.append(result)


@dataclass
class Rig:
    """One sandbox and one checkpoint; ``run`` is one run of the job."""

    sandbox: Sandbox
    folder: Path
    credential: Credential
    extra: dict[str, str]
    clock: Clock | None = None
    runs: int = 0

    def environment(self, **more: str) -> dict[str, str]:
        return {
            **self.sandbox.environment(self.credential),
            **FAST,
            "MUSICDIFF_CHECKPOINT_URL": str(self.checkpoint_file),
            **self.extra,
            **more,
        }

    @property
    def checkpoint_file(self) -> Path:
        return self.folder / "checkpoint.json"

    def now(self) -> datetime:
        return (self.clock or SystemClock(StopFlag())).now()

    def store(self) -> FileStore:
        return FileStore(self.checkpoint_file, clock=self.clock or SystemClock(StopFlag()), app_version="test")

    def checkpoint(self) -> Checkpoint:
        return self.store().peek() or Checkpoint()

    def run(
        self,
        *,
        env: Mapping[str, str] | None = None,
        stop: StopFlag | None = None,
        watcher: Watcher | None = None,
        work: Callable[[Job], Summary] = run_once,
        **options: Any,
    ) -> Summary:
        """One run, or other ``work`` on a job like its."""
        self.runs += 1
        stop = stop or StopFlag()
        clock = self.clock or SystemClock(stop)
        loaded = settings.load(env=self.environment(**(env or {})), cwd=self.folder)
        redactor = Redactor()
        redactor.learn(*loaded.secrets())
        job = bootstrap.assemble(
            loaded,
            stop=stop,
            clock=clock,
            observer=watcher or Watcher(),
            redactor=redactor,
            store=bootstrap.open_store(loaded.settings, clock),
            run_id=f"run-{self.runs}",
            **options,
        )
        return work(job)

    def until_done(self, limit: int = 200, **options: Any) -> list[Summary]:
        """Runs until one does not say that there is more to do."""
        summaries = []
        for _ in range(limit):
            summaries.append(self.run(**options))
            if summaries[-1].outcome != "more_to_do":
                return summaries
        raise AssertionError(f"still not done after {limit} runs: {summaries[-1]}")

    def playlists(self) -> dict[str, list[int]]:
        """The target's own playlists by title, without the favourites. Titles must be distinct."""
        return {title: list(tracks) for title, tracks in self.sandbox.deezer.state().playlists.items()}


@contextmanager
def open_rig(
    folder: Path,
    spotify: SpotifyAccount | None = None,
    *,
    credential: Credential = "arl",
    cohort: Cohort = Cohort.RESTRICTED,
    switches: Mapping[str, Any] | None = None,
    clock: Clock | None = None,
    scope: str = SCOPES,
    **extra: str,
) -> Iterator[Rig]:
    """A rig whose sandbox serves while it is entered. ``extra`` are environment variables for every run."""
    options: dict[str, Any] = {"quota_calls": None, **(switches or {})}
    with Sandbox(spotify, cohort=cohort, scope=scope, switches=DeezerSwitches(**options)) as sandbox:
        yield Rig(sandbox, folder, credential, extra, clock)
