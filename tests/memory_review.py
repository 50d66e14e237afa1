"""Plans that are made, reviewed and carried out, on accounts in memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import msgspec
from memory_stage import Silent, Stage
from mortal import MortalStore, MortalTarget

from musicdiff_job.applying import apply_plan
from musicdiff_job.core.checkpoint import Checkpoint
from musicdiff_job.core.plan_file import Plan, SyncPlan, UndoPlan, parse
from musicdiff_job.core.summary import Summary
from musicdiff_job.dry_run import DryStore, DryTarget
from musicdiff_job.job import run_once
from musicdiff_job.planning import plan_once, plan_undo
from musicdiff_job.report.plan import PlanRecorder
from musicdiff_job.session import Job
from musicdiff_job.undoing import undo_once

Death = tuple[str, int]
"""At which write or save a run dies, and before or after it: ("before write", 2)."""


def job_of(stage: Stage, **fields: Any) -> Job:
    number = len(stage.store.saved)
    return dataclasses.replace(stage.job(), **{"run_id": f"run-{number}", **fields})


def run(stage: Stage, **fields: Any) -> Summary:
    return run_once(job_of(stage, **fields))


def dry(stage: Stage, recorder: PlanRecorder, **fields: Any) -> Job:
    job = job_of(stage, **fields)

    def connect(checkpoint: Checkpoint) -> Any:
        made = job.connect(checkpoint)
        return dataclasses.replace(made, target=DryTarget(made.target))

    return dataclasses.replace(job, store=DryStore(stage.store), connect=connect, observer=recorder, dry_run=True)


def _planned(stage: Stage, planner: Callable[[Job, PlanRecorder], tuple[Summary, Plan | None]], **fields: Any) -> Plan:
    recorder = PlanRecorder(Silent())
    writes = list(stage.target.writes)
    _, document = planner(dry(stage, recorder, **fields), recorder)
    assert document is not None
    assert stage.target.writes == writes
    assert parse(msgspec.json.encode(document)) == document  # what is applied has been a file
    return document


def plan(stage: Stage, **fields: Any) -> SyncPlan:
    document = _planned(stage, plan_once, **fields)
    assert isinstance(document, SyncPlan)
    return document


def planned_undo(stage: Stage, run: str, **fields: Any) -> UndoPlan:
    document = _planned(stage, lambda job, recorder: plan_undo(job, recorder, run), **fields)
    assert isinstance(document, UndoPlan)
    return document


def apply(stage: Stage, document: Plan, death: Death | None = None, **fields: Any) -> Summary:
    return apply_plan(dying(job_of(stage, **fields), death), document)


def undo(stage: Stage, run: str, death: Death | None = None, **fields: Any) -> Summary:
    return undo_once(dying(job_of(stage, **fields), death), run)


def dying(job: Job, death: Death | None) -> Job:
    if death is None:
        return job
    when, at = death
    before = when.startswith("before")
    if when.endswith("save"):
        store: Any = MortalStore(job.store, at, before=before)
        return dataclasses.replace(job, store=store)

    def connect(checkpoint: Checkpoint) -> Any:
        made = job.connect(checkpoint)
        target: Any = MortalTarget(made.target, at, before=before)
        return dataclasses.replace(made, target=target)

    return dataclasses.replace(job, connect=connect)


def errors(summary: Summary) -> dict[str, list[str]]:
    """What is said of each collection, "" for what is said of the whole."""
    found: dict[str, list[str]] = {}
    for line in summary.errors:
        found.setdefault(line.where, []).append(line.message)
    return found
