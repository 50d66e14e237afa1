"""Planning: a dry run, or a dry undo, that ends with the plan as a document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypedDict

from musicdiff_job import __version__
from musicdiff_job.conducting import conduct
from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord
from musicdiff_job.core.errors import StopRun
from musicdiff_job.core.model import CollectionHead, CollectionId, SourceId
from musicdiff_job.core.pins import Listing, created_of, memory_of, namesakes_of, shown_of
from musicdiff_job.core.plan import PLACEHOLDER
from musicdiff_job.core.plan_file import FORMAT, SCHEMA, CollectionPlan, MirrorPlan, SyncPlan, UndoPlan, target_of
from musicdiff_job.core.summary import CollectionResult, CollectionState, Summary
from musicdiff_job.flowing_back import both_ways
from musicdiff_job.job import look, sync
from musicdiff_job.lookups import Asker
from musicdiff_job.report.plan import Planned, PlanRecorder
from musicdiff_job.results import Tally
from musicdiff_job.run_log import RunLog
from musicdiff_job.session import Job, Session
from musicdiff_job.undoing import NEEDS, images_of, put_back, sees_target

WHOLE = frozenset({CollectionState.CHANGED, CollectionState.DETACHED})
"""How a collection ends whose changes are all known."""


def plan_once(job: Job, recorder: PlanRecorder) -> tuple[Summary, SyncPlan | None]:
    """What a run would do now, and that as a document; None when it could not even look. ``job`` is a dry one whose
    observer is ``recorder``. A collection that could not be planned to its end is not in the document."""
    documents: list[SyncPlan] = []

    def work(session: Session, log: RunLog) -> None:
        before = session.checkpoint
        library = look(session, log)
        listing = dict(session.listed()) if session.knows_target() else {}
        listing |= {playlist: head for playlist, head in session.deleted.items() if head is not None}
        sources: dict[CollectionId, tuple[SourceId, ...]] = {}

        def one(session: Session, asker: Asker, head: CollectionHead, reason: str, tally: Tally) -> CollectionResult:
            result = both_ways(session, asker, head, reason, tally)
            sources[head.id] = tally.sources
            return result

        try:
            sync(session, log, library, one)
        except StopRun as stop:
            log.stopped(stop)  # what was planned by then is a plan
        collections = tuple(
            _mirror_plan(session, before, listing, plan, sources.get(plan.head.id, ()))
            for plan in _whole(recorder, log)
        )
        records = _records(session.checkpoint, before, collections)
        documents.append(SyncPlan(**_heading(session, before), records=records, collections=collections))

    summary = conduct(job, work)
    return summary, next(iter(documents), None)


def plan_undo(job: Job, recorder: PlanRecorder, run: str) -> tuple[Summary, UndoPlan | None]:
    """What undoing the run ``run`` would do now, and that as a document. As ``plan_once``."""
    documents: list[UndoPlan] = []

    def work(session: Session, log: RunLog) -> None:
        before = session.checkpoint
        if not sees_target(session, log):
            return
        listing = dict(session.listed())
        try:
            put_back(session, log, run)
        except StopRun as stop:
            log.stopped(stop)
        collections = tuple(_undo_plan(session, before, listing, plan, run) for plan in _whole(recorder, log))
        documents.append(UndoPlan(**_heading(session, before), run=run, collections=collections))

    summary = conduct(job, work, needs=NEEDS)
    return summary, next(iter(documents), None)


def _whole(recorder: PlanRecorder, log: RunLog) -> Iterable[Planned]:
    return (plan for key, plan in recorder.plans.items() if plan.changes and log.results[key].state in WHOLE)


class _Heading(TypedDict):
    format: str
    schema: int
    app_version: str
    created_at: str
    profile: str
    accounts: dict[str, str]
    after: str


def _heading(session: Session, before: Checkpoint) -> _Heading:
    return _Heading(
        format=FORMAT,
        schema=SCHEMA,
        app_version=__version__,
        created_at=session.now_text(),
        profile=session.job.profile,
        accounts={service: account.id for service, account in session.checkpoint.accounts.items()},
        after=before.runs[-1].run_id if before.runs else "",
    )


def _mirror_plan(
    session: Session, before: Checkpoint, listing: Listing, plan: Planned, sources: Sequence[SourceId]
) -> MirrorPlan:
    head, later = plan.head, session.checkpoint
    gone = later.mirrors[head.id].state is CollectionState.DETACHED
    shown = shown_of(before, later, head.id, listing)
    return MirrorPlan(
        id=head.id,
        name=head.name,
        changes=plan.changes,
        names=plan.told_names(),
        shown=shown,
        created=created_of(later, head.id),
        memory=memory_of(before, head.id),
        snapshot=None if gone else head.snapshot,
        description=head.description,
        public=head.public,
        rule=session.job.policy.fingerprint(head),
        namesakes=namesakes_of(before, plan.changes, shown, head.id, listing),
        counterparts={source: target_of(later.matches.get(source)) for source in sources},
    )


def _undo_plan(session: Session, before: Checkpoint, listing: Listing, plan: Planned, run: str) -> CollectionPlan:
    head = plan.head
    then = [image.playlist for image in before.images if (image.run, image.collection) == (run, head.id)]
    now = [image.playlist for image in images_of(session, run, head.id)]
    return CollectionPlan(
        id=head.id,
        name=head.name,
        changes=plan.changes,
        names=plan.told_names(),
        shown={playlist: listing.get(playlist) for playlist in then},
        created=tuple(playlist for playlist in now if playlist.startswith(PLACEHOLDER)),
        memory=memory_of(before, head.id, run),
    )


def _records(later: Checkpoint, before: Checkpoint, collections: Iterable[MirrorPlan]) -> dict[SourceId, MatchRecord]:
    """The decisions that the collections rest on and that planning has made anew."""
    wanted = sorted({source for one in collections for source in one.counterparts})
    found = {source: later.matches[source] for source in wanted}
    return {source: one for source, one in found.items() if _is_new(one, before.matches.get(source))}


def _is_new(found: MatchRecord, known: MatchRecord | None) -> bool:
    return known is None or (found.decision, found.tries) != (known.decision, known.tries)
