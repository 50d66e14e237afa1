"""Plans that are made, reviewed and carried out, on a rig."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from mortal import MortalTarget, SwiftClock
from rig import Rig, Watcher, open_rig

from musicdiff_job.applying import apply_plan
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.match import Match
from musicdiff_job.core.model import CollectionId, SourceId
from musicdiff_job.core.plan_file import Plan, SyncPlan, UndoPlan, parse
from musicdiff_job.core.summary import Summary
from musicdiff_job.planning import plan_once, plan_undo
from musicdiff_job.report.plan import PlanRecorder
from musicdiff_job.sandbox.world import SpotifyAccount, synthetic_world
from musicdiff_job.session import Job
from musicdiff_job.undoing import undo_once

DATED = {"SPOTIFY_AUTHORIZED_AT": "2027-01-01"}
ONE, TWO, THREE = "Synthetic 0001", "Synthetic 0002", "Synthetic 0003"


@contextmanager
def swift(folder: Path, spotify: SpotifyAccount | None = None, **options: Any) -> Iterator[Rig]:
    """A rig on which waiting takes no time."""
    account = spotify or synthetic_world(playlists=3, tracks_each=8, liked=4, seed=3)
    with open_rig(folder, account, **{"clock": SwiftClock(), **DATED, **options}) as rig:
        yield rig


def _planned(rig: Rig, planner: Callable[[Job, PlanRecorder], tuple[Summary, Plan | None]], **options: Any) -> Plan:
    recorder = PlanRecorder(Watcher())
    found: list[Plan | None] = []

    def work(job: Job) -> Summary:
        summary, document = planner(job, recorder)
        found.append(document)
        return summary

    rig.run(watcher=recorder, work=work, dry_run=True, **options)  # type: ignore[arg-type]
    (document,) = found
    assert document is not None
    # What is applied has been a file.
    assert parse(msgspec.json.encode(document)) == document
    return document


def plan(rig: Rig, **options: Any) -> SyncPlan:
    document = _planned(rig, plan_once, **options)
    assert isinstance(document, SyncPlan)
    return document


def planned_undo(rig: Rig, run: str, **options: Any) -> UndoPlan:
    document = _planned(rig, lambda job, recorder: plan_undo(job, recorder, run), **options)
    assert isinstance(document, UndoPlan)
    return document


def apply(rig: Rig, document: Plan, **options: Any) -> Summary:
    return rig.run(work=lambda job: apply_plan(job, document), **options)


def undo(rig: Rig, run: str, **options: Any) -> Summary:
    return rig.run(work=lambda job: undo_once(job, run), **options)


def mortal(job: Job, at: int, *, before: bool) -> Job:
    """The job, which dies at its n-th write."""
    connect = job.connect

    def connected(checkpoint: Checkpoint) -> Any:
        made = connect(checkpoint)
        target: Any = MortalTarget(made.target, at, before=before)
        return dataclasses.replace(made, target=target)

    return dataclasses.replace(job, connect=connected)


def collection(rig: Rig, name: str) -> CollectionId:
    return CollectionId(f"spotify:playlist:{rig.sandbox.spotify.named(name).id}")


def wanted(rig: Rig, name: str) -> list[int]:
    """What the mirror of a playlist should hold."""
    matches = rig.checkpoint().matches
    tracks = [SourceId(getattr(entry.content, "id", "")) for entry in rig.sandbox.spotify.named(name).entries]
    decisions = [matches[track].decision for track in tracks if track in matches]
    return list(dict.fromkeys(int(one.target) for one in decisions if isinstance(one, Match)))


def errors(summary: Summary) -> dict[str, list[str]]:
    """What is said of each collection, "" for what is said of the whole."""
    found: dict[str, list[str]] = {}
    for line in summary.errors:
        found.setdefault(line.where, []).append(line.message)
    return found
