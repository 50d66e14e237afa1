"""``run_once``: one run, from the checkpoint to the summary. The imperative shell, readable top to bottom.

A run that is paused, locked, or whose services are closed makes no call. Every other one looks around (three calls
for a library of up to 50 playlists), works on what is due as far as its budgets reach, and saves. However it ends,
it ends with a summary.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import msgspec

from musicdiff_job.core.checkpoint import Account, Checkpoint, Mirror
from musicdiff_job.core.errors import (
    CheckpointUnwritable,
    Interrupted,
    JobError,
    LostLease,
    OutOfBudget,
    RateLimited,
    SkipCollection,
    StopRun,
    Unavailable,
    Wait,
    WrongAccount,
)
from musicdiff_job.core.model import CollectionHead, CollectionId, Kind, Library, Service
from musicdiff_job.core.outcome import Outcome, exit_code
from musicdiff_job.core.override_file import fingerprint as overrides_fingerprint
from musicdiff_job.core.policy import OnSourceDeleted, matches
from musicdiff_job.core.schedule import Due, due, given_up, learn, order_key
from musicdiff_job.core.summary import (
    CollectionResult,
    CollectionState,
    ConflictLine,
    ErrorLine,
    Summary,
    outcome_of,
    totals_of,
)
from musicdiff_job.core.timestamps import from_iso, to_iso
from musicdiff_job.journal import event
from musicdiff_job.lookups import Asker
from musicdiff_job.mirroring import Tally, mirror, result_of
from musicdiff_job.ports import Lease
from musicdiff_job.session import Job, Session
from musicdiff_job.tombstones import bury

LEASE_MARGIN = timedelta(minutes=2)
"""A lease outlives its run's time budget by this much."""


class _Log:
    """What the summary is made of, gathered while the run goes on."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.started = job.clock.now()
        self.clock_start = job.clock.monotonic()
        self.stops: set[Outcome] = set()
        self.errors: list[ErrorLine] = []
        self.results: dict[CollectionId, CollectionResult] = {}
        self.retry_at: list[datetime] = []
        self.new: list[str] = []
        self.signal: int | None = None

    def stopped(self, error: JobError, where: str = "") -> None:
        """Something ended the run or closed a service."""
        self.stops.add(error.outcome)
        if isinstance(error, Interrupted):
            self.signal = error.signal
        if isinstance(error, RateLimited):
            self.retry_at.append(error.until)
        line = ErrorLine(where, error.message, error.hint)
        if line not in self.errors and not isinstance(error, OutOfBudget | Interrupted):
            self.errors.append(line)

    def crashed(self, error: Exception) -> None:
        """A bug. What was saved stands."""
        self.stops.add(Outcome.CRASH)
        self.errors.append(
            ErrorLine("", f"a bug: {type(error).__name__}", "The log has the traceback; please report it")
        )
        event("run.crashed", logging.ERROR, error=error)

    def unlisted(self, error: SkipCollection, where: str) -> None:
        """A service would not list its playlists at all: for this run it is as good as down."""
        self.stops.add(Outcome.UNAVAILABLE)
        self.errors.append(ErrorLine(where, error.message, error.hint))

    def summary(self, session: Session | None) -> Summary:
        """The run so far."""
        job = self.job
        results = tuple(self.results.values())
        conflicts = tuple(session.checkpoint.conflicts.values()) if session else ()
        totals = totals_of(results, sum(conflict.decision is None for conflict in conflicts))
        outcome = outcome_of(frozenset(self.stops), totals)
        tally = session.gate.tally() if session else None
        summary = Summary(
            run_id=job.run_id,
            outcome=outcome,
            started_at=to_iso(self.started),
            finished_at=to_iso(job.clock.now()),
            duration_seconds=round(job.clock.monotonic() - self.clock_start, 3),
            profile=job.profile,
            trigger=job.trigger,
            dry_run=job.dry_run,
            exit_code=exit_code(outcome, job.exit_codes, self.signal),
            retry_at=to_iso(min(self.retry_at)) if self.retry_at else None,
            totals=totals,
            collections=results,
            new_playlists=tuple(self.new),
            conflicts=tuple(
                ConflictLine(one.id, one.collection, one.name, str(one.kind), one.message, one.opened_at)
                for one in conflicts
                if one.decision is None
            ),
            errors=tuple(self.errors),
        )
        if session and tally:
            methods = {**summary.matching, **session.methods}
            found = sum(methods.values())
            methods |= {"cache": methods["cache"] + max(0, totals.matched - found), "unmatched": totals.unmatched}
            summary = msgspec.structs.replace(
                summary, api_calls=tally.calls, matching=methods, lookups=session.lookups, writes=tally.writes
            )
        return summary


def run_once(job: Job) -> Summary:
    """Do as much useful work as the budgets allow. Never raises a ``JobError`` and no other ``Exception``: whatever
    happens is in the summary, a bug with its traceback in the log."""
    log = _Log(job)
    try:
        with job.store.lease(job.run_id, log.started + timedelta(seconds=job.max_seconds) + LEASE_MARGIN) as lease:
            return _with_lease(job, lease, log)
    except JobError as error:
        log.stopped(error)
    except Exception as error:
        log.crashed(error)
    return log.summary(None)


def _with_lease(job: Job, lease: Lease, log: _Log) -> Summary:
    checkpoint = lease.load()
    if checkpoint.paused is not None:
        log.stops.add(Outcome.PAUSED)
        log.errors.append(ErrorLine("", f"paused: {checkpoint.paused.reason}", "`musicdiff-job resume`"))
        return log.summary(None)
    if closed := _closed(checkpoint, log.started):
        log.stopped(closed)
        return log.summary(None)
    lease.prove_writable()
    event("run.started", run=job.run_id, profile=job.profile, dry_run=job.dry_run)
    session: Session | None = None
    try:
        connections = job.connect(checkpoint)
        try:
            session = Session(job, lease, checkpoint, connections)
            _work(session, log)
        finally:
            connections.close()
    except JobError as error:
        log.stopped(error)
        if isinstance(error, CheckpointUnwritable | LostLease | WrongAccount):
            # Nothing may or can be written, not even that this happened.
            return log.summary(session)
    except Exception as error:
        log.crashed(error)
    return _finish(lease, checkpoint, session, log)


def _closed(checkpoint: Checkpoint, now: datetime) -> RateLimited | None:
    """Why no call can do any good now: the target is closed, or the source is and nothing is left to place."""
    until = {
        service: from_iso(closed.until)
        for service in Service
        if (closed := checkpoint.not_before.get(service)) is not None and from_iso(closed.until) > now
    }
    ready = any(one.reading is not None and one.reading.complete for one in checkpoint.mirrors.values())
    for service in (Service.DEEZER, Service.SPOTIFY):
        if service in until and (service is Service.DEEZER or not ready):
            reason = checkpoint.not_before[service].reason
            return RateLimited(
                f"{service} asked to wait until {to_iso(until[service])}: {reason}",
                service=service,
                until=until[service],
            )
    return None


def _finish(lease: Lease, loaded: Checkpoint, session: Session | None, log: _Log) -> Summary:
    """Remember the run, whatever it came to."""
    summary = log.summary(session)
    checkpoint = (session.checkpoint if session else loaded).with_run(summary)
    if summary.outcome in (Outcome.IN_SYNC, Outcome.CHANGED):
        checkpoint = msgspec.structs.replace(checkpoint, last_success_at=summary.finished_at)
    try:
        if session:
            session.checkpoint = checkpoint
            session.save()
        else:
            lease.save(checkpoint)
    except (CheckpointUnwritable, LostLease) as error:
        log.stopped(error)
        summary = log.summary(session)
    event("run.finished", run=summary.run_id, outcome=str(summary.outcome), calls=summary.api_calls)
    return summary


def _work(session: Session, log: _Log) -> None:
    try:
        _pin_accounts(session, log)
        _apply_overrides(session)
        library = _look(session, log)
        _sync(session, log, library)
    except StopRun as stop:
        if isinstance(stop, CheckpointUnwritable | LostLease | WrongAccount):
            raise
        log.stopped(stop)


def _pin_accounts(session: Session, log: _Log) -> None:
    """Make sure that the credentials open the accounts that this checkpoint is about. A credential that has been seen
    before needs no call."""
    for service, account in ((Service.SPOTIFY, session.source), (Service.DEEZER, session.target)):
        pinned = session.checkpoint.accounts.get(service)
        credential = account.credential()
        if pinned is not None and pinned.credential == credential:
            continue
        try:
            found = account.account()
        except Wait as wait:
            if pinned is not None:
                raise  # it may be somebody else's account
            log.stopped(wait, str(service))
            continue
        if pinned is not None and pinned.id != found:
            raise WrongAccount(
                f"the {service} credentials belong to account {found}, this checkpoint to account {pinned.id}",
                "Use the other credentials or another checkpoint, or forget this one with `musicdiff-job reset --all`",
            )
        accounts = {**session.checkpoint.accounts, str(service): Account(found, credential)}
        session.checkpoint = msgspec.structs.replace(session.checkpoint, accounts=accounts)


def _apply_overrides(session: Session) -> None:
    """When the overrides have changed, make the collections they touch due."""
    now = overrides_fingerprint(session.job.overrides)
    if now == session.checkpoint.overrides:
        return
    before = {source for source, record in session.checkpoint.matches.items() if record.override == "file"}
    touched = frozenset(before | set(session.job.overrides))
    session.checkpoint = msgspec.structs.replace(session.checkpoint.touch(touched), overrides=now)


def _look(session: Session, log: _Log) -> Library | None:
    """The source's collections; None when the source is closed. Looks at the target's playlists too."""
    policy = session.job.policy
    library: Library | None = None
    session.job.observer.phase("look", None)
    try:
        library = session.source.library(frozenset(kind for kind in Kind if policy.wants(kind)))
    except Wait as wait:
        log.stopped(wait, "spotify")
    except SkipCollection as error:
        log.unlisted(error, "spotify")
    try:
        if library is not None or any(_ready(one) for one in session.checkpoint.mirrors.values()):
            session.listed()
    except Wait as wait:
        log.stopped(wait, "deezer")
    except SkipCollection as error:
        log.unlisted(error, "deezer")
    if library is not None and library.complete:
        _mark_missing(session, log, library)
    return library


def _ready(one: Mirror) -> bool:
    return one.reading is not None and one.reading.complete


def _mark_missing(session: Session, log: _Log, library: Library) -> None:
    """Tombstones: a collection that a complete listing does not show is marked, and given up only after a while."""
    present = {head.id for head in library.heads}
    for one in list(session.checkpoint.mirrors.values()):
        if one.id in present:
            if one.missing_since is not None:
                back = msgspec.structs.replace(one, missing_since=None, missing_runs=0)
                if back.state is CollectionState.DETACHED:
                    back = Mirror(id=one.id, kind=one.kind, name=one.name)
                session.put(back)
            continue
        if not session.job.policy.wants(one.kind) or one.state is CollectionState.DETACHED:
            continue
        marked = msgspec.structs.replace(
            one, missing_since=one.missing_since or session.now_text(), missing_runs=one.missing_runs + 1
        )
        session.put(marked)
        if given_up(marked, session.now()):
            log.results[one.id] = _bury(session, log, marked)
        else:
            log.results[one.id] = result_of(marked, CollectionState.SKIPPED, "no longer on Spotify; its mirror is kept")


def _bury(session: Session, log: _Log, gone: Mirror) -> CollectionResult:
    try:
        return bury(session, gone, delete=session.job.policy.on_source_deleted is OnSourceDeleted.DELETE)
    except (Wait, SkipCollection) as error:
        if isinstance(error, Wait):
            log.stopped(error, gone.name)
        else:
            log.errors.append(ErrorLine(gone.name, error.message, error.hint))
        state = CollectionState.PENDING if isinstance(error, Wait) else CollectionState.FAILED
        return _left(session, CollectionHead(gone.id, gone.kind, gone.name, gone.snapshot), state, error, Tally())


def _sync(session: Session, log: _Log, library: Library | None) -> None:
    heads = list(library.heads) if library is not None else _remembered_heads(session)
    todo: list[tuple[CollectionHead, str]] = []
    decided = {one.collection for one in session.checkpoint.conflicts.values() if one.decision is not None}
    for head in heads:
        if not _selected(session, head):
            _deselected(session, log, head, by_only=bool(session.job.only))
            continue
        known = session.checkpoint.mirrors.get(head.id)
        if known is None:
            if session.checkpoint.runs:
                log.new.append(head.name)
            session.put(Mirror(id=head.id, kind=head.kind, name=head.name, entries=head.total or 0))
        listed = session.listed() if session.knows_target() else None
        verdict = due(head, known, listed, session.job.policy, session.now(), force=session.job.force)
        if head.id in decided:
            todo.append((head, "you have decided"))
        elif isinstance(verdict, Due):
            todo.append((head, verdict.reason))
            if known is None or (known.tried_at is None and known.seen_at is None):
                session.put(msgspec.structs.replace(session.mirror(head), seen_at=session.now_text()))
        elif known is not None:
            _in_step(session, log, head, known, verdict.reason)
    now = session.now()
    todo.sort(key=lambda item: order_key(item[0], session.checkpoint.mirrors.get(item[0].id), session.job.policy, now))
    _each(session, log, todo)


def _remembered_heads(session: Session) -> list[CollectionHead]:
    """With the source closed: what was wholly read before and can still be placed."""
    readings = (one.reading for one in session.checkpoint.mirrors.values())
    return [one.head for one in readings if one is not None and one.complete and one.head is not None]


def _selected(session: Session, head: CollectionHead) -> bool:
    only = session.job.only
    return session.job.policy.selects(head) and (not only or any(matches(pattern, head) for pattern in only))


def _deselected(session: Session, log: _Log, head: CollectionHead, *, by_only: bool) -> None:
    if by_only:
        return
    known = session.mirror(head)
    state = CollectionState.DETACHED if known.parts else CollectionState.SKIPPED
    reason = "not selected; its mirror is kept" if known.parts else "not selected"
    # Looked at afresh when it is selected again.
    session.put(
        msgspec.structs.replace(known, state=CollectionState.SKIPPED, reason=reason, verified_at=None, reading=None)
    )
    log.results[head.id] = result_of(known, state, reason)


def _in_step(session: Session, log: _Log, head: CollectionHead, known: Mirror, reason: str) -> None:
    if session.knows_target() and known.state is CollectionState.IN_SYNC:
        parts = tuple(learn(part, session.listed().get(part.playlist)) for part in known.parts)
        if parts != known.parts:
            session.put(msgspec.structs.replace(known, parts=parts))
    log.results[head.id] = result_of(known, known.state, reason)


def _each(session: Session, log: _Log, todo: list[tuple[CollectionHead, str]]) -> None:
    """Work on one collection after the other. Every one gets its line, also those that were not reached."""
    asker = Asker(session.connections.catalogue, session.job.rules)
    session.job.observer.phase("sync", len(todo))
    stopped: StopRun | None = None
    for head, reason in todo:
        tally = Tally()
        if stopped is not None:
            result = result_of(session.mirror(head), CollectionState.PENDING, f"waits: {stopped.message}")
        else:
            try:
                result = mirror(session, asker, head, reason, tally)
            except StopRun as stop:
                stopped = stop
                log.stopped(stop)
                result = _left(session, head, CollectionState.PENDING, stop, tally)
            except Wait as wait:
                log.stopped(wait, head.name)
                closed = not isinstance(wait, Unavailable) or session.gate.closed(wait.service) is not None
                if isinstance(wait, Unavailable) and not closed:
                    log.stops.discard(Outcome.UNAVAILABLE)
                state = CollectionState.PENDING if closed else CollectionState.FAILED
                result = _left(session, head, state, wait, tally)
            except SkipCollection as error:
                log.errors.append(ErrorLine(head.name, error.message, error.hint))
                result = _left(session, head, CollectionState.FAILED, error, tally)
        log.results[head.id] = result
        event(
            "collection.finished", collection=head.id, name=head.name, state=str(result.state), reason=result.reason,
            added=result.added, removed=result.removed,
        )  # fmt: skip
        session.job.observer.finished(result)
        session.job.observer.phase("sync", len(todo))
    if stopped is not None:
        raise stopped


def _left(
    session: Session, head: CollectionHead, state: CollectionState, error: JobError, tally: Tally
) -> CollectionResult:
    """A collection that an error ended: what it got done stays in the checkpoint."""
    known = session.mirror(head)
    failures = known.failures + 1 if state is CollectionState.FAILED else known.failures
    session.put(msgspec.structs.replace(known, state=state, reason=error.message, failures=failures))
    if not isinstance(error, CheckpointUnwritable | LostLease):
        session.save()
    return result_of(session.mirror(head), state, error.message, tally)
