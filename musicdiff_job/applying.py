"""``apply``: carrying out a reviewed plan, exactly that, or nothing.

First a look, which costs what a run's costs: if anything has moved that the plan rests on, the whole plan is refused
before the first write. Then the job's own engine works on the plan's collections, so that intents, budgets and deaths
are what they always are; the target asks before every write whether the plan lets it through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import msgspec

from musicdiff_job.conducting import LEASE_MARGIN, conduct
from musicdiff_job.core.checkpoint import MatchRecord
from musicdiff_job.core.errors import StalePlan, UsageError
from musicdiff_job.core.model import CollectionHead, CollectionId, Kind, PlaylistId, SourceId, kind_of
from musicdiff_job.core.permit import permits
from musicdiff_job.core.pins import is_done, match_moves, mirror_moves, undo_moves
from musicdiff_job.core.plan import Change, EditSource
from musicdiff_job.core.plan_file import MirrorPlan, Plan, SyncPlan, UndoPlan, identity, target_of
from musicdiff_job.core.summary import ErrorLine, Summary
from musicdiff_job.core.timestamps import from_iso, to_iso
from musicdiff_job.job import each
from musicdiff_job.lookups import Asker
from musicdiff_job.report.plan import told
from musicdiff_job.report.text import count
from musicdiff_job.results import result_of
from musicdiff_job.reviewed import NEW_PLAN, ClosedCatalogue, ReviewedTarget
from musicdiff_job.run_log import RunLog
from musicdiff_job.session import Job, Session
from musicdiff_job.survey import bury_missing, look_around
from musicdiff_job.undoing import NEEDS, images_of, put_back, sees_target


def apply_plan(job: Job, plan: Plan) -> Summary:
    """Carry the plan out. Never raises a ``JobError``: a plan that no longer fits ends in a summary of the outcome
    ``conflict``, whose errors name what has moved."""
    match plan:
        case SyncPlan():
            return conduct(job, lambda session, log: _sync(session, log, plan))
        case UndoPlan():
            return conduct(job, lambda session, log: _undo(session, log, plan), needs=NEEDS)


def _sync(session: Session, log: RunLog, plan: SyncPlan) -> None:
    log.plan = identity(plan)
    _refuse_edits_of_source(plan)
    _refuse_strangers(session, plan)
    library = look_around(session, log, {kind_of(one.id) for one in plan.collections} or tuple(Kind))
    heads = {head.id: head for head in library.heads} if library is not None else {}
    torn = library is not None and not library.complete and any(one.id not in heads for one in plan.collections)
    if library is None or torn or not session.knows_target():
        return  # the log says why nothing can be told
    _refuse_moved(log, [(one.name, _moves(session, plan, one, heads)) for one in plan.collections])
    session.checkpoint = session.checkpoint.with_matches(_decided(session, plan))

    def bound(collection: CollectionId) -> Sequence[PlaylistId]:
        mirror = session.checkpoint.mirrors.get(collection)
        return [part.playlist for part in mirror.parts] if mirror is not None else []

    _guard(session, plan, bound)
    todo: list[tuple[CollectionHead, str]] = []
    for one in plan.collections:
        known = session.checkpoint.mirrors.get(one.id)
        if known is not None and is_done(one, session.checkpoint, session.listed()):
            log.results[one.id] = result_of(known, known.state, "carried out already")
        elif one.id in heads:
            todo.append((heads[one.id], "planned"))
    bury_missing(session, log, library, {one.id for one in plan.collections})
    each(session, log, todo, Asker(session.connections.catalogue, session.job.rules))


def _undo(session: Session, log: RunLog, plan: UndoPlan) -> None:
    log.plan = identity(plan)
    _refuse_strangers(session, plan)
    if not sees_target(session, log):
        return
    listing = session.listed()
    _refuse_moved(log, [(one.name, undo_moves(one, plan, session.checkpoint, listing)) for one in plan.collections])
    _guard(session, plan, lambda key: [image.playlist for image in images_of(session, plan.run, key)])
    put_back(session, log, plan.run)


# Refusing


def _refuse_edits_of_source(plan: SyncPlan) -> None:
    """A plan pins what Deezer showed; what is to flow back to Spotify is for a run, which reads it again first."""
    names = [one.name for one in plan.collections if any(isinstance(change, EditSource) for change in one.changes)]
    if names:
        raise UsageError(
            f"the plan changes Spotify's own list {names[0]!r}, which `apply` does not do; nothing was written",
            "Let `musicdiff-job run --only NAME` do that, then make a new plan",
        )


def _refuse_strangers(session: Session, plan: Plan) -> None:
    if plan.profile != session.job.profile:
        raise StalePlan(
            f"the plan is for the profile {plan.profile!r}, this is {session.job.profile!r}", "Name it with --profile"
        )
    for service, pinned in plan.accounts.items():
        known = session.checkpoint.accounts.get(service)
        if known is not None and known.id != pinned:
            raise StalePlan(f"the plan is for the {service} account {pinned}, this is {known.id}", NEW_PLAN)


def _refuse_moved(log: RunLog, found: Iterable[tuple[str, Iterable[str]]]) -> None:
    lines = [ErrorLine(name, why) for name, moves in found for why in moves]
    log.errors.extend(lines)
    if moved := len({line.where for line in lines}):
        raise StalePlan(f"the plan no longer fits: {count(moved, 'collection')} moved; nothing was written", NEW_PLAN)


def _moves(
    session: Session, plan: SyncPlan, one: MirrorPlan, heads: Mapping[CollectionId, CollectionHead]
) -> Iterator[str]:
    checkpoint, job = session.checkpoint, session.job
    yield from mirror_moves(one, plan, checkpoint, heads, session.listed(), job.policy)
    if changed := match_moves(one, plan.records, checkpoint, job.overrides):
        yield f"{count(len(changed), 'track')} of it would get another counterpart, or none"


# Carrying out


def _guard(session: Session, plan: Plan, bound: Callable[[CollectionId], Sequence[PlaylistId]]) -> None:
    """Let through only what the plan permits; ``bound`` tells which playlists stand for a collection."""

    def ask(change: Change) -> None:
        if not any(permits(one, bound(one.id), change) for one in plan.collections):
            raise StalePlan(f"the plan no longer fits: it does not say {told(change)}", NEW_PLAN)

    session.connections = replace(
        session.connections, target=ReviewedTarget(session.target, ask), catalogue=ClosedCatalogue()
    )


def _decided(session: Session, plan: SyncPlan) -> dict[SourceId, MatchRecord]:
    """The decisions that the plan rests on, where the checkpoint does not hold them; none to be looked up again before
    this run ends."""
    until = session.now() + timedelta(seconds=session.job.max_seconds) + LEASE_MARGIN
    found: dict[SourceId, MatchRecord] = {}
    for source, target in ((source, target) for one in plan.collections for source, target in one.counterparts.items()):
        known, planned = session.checkpoint.matches.get(source), plan.records.get(source)
        record = known
        if planned is not None and (known is None or known.decision is None or target_of(known) != target):
            record = msgspec.structs.replace(planned, rejected=known.rejected if known is not None else ())
        if record is None:
            continue  # an override decides
        if record.retry_at is not None and from_iso(record.retry_at) <= until:
            record = msgspec.structs.replace(record, retry_at=to_iso(until))
        if record != known:
            found[source] = record
    return found
