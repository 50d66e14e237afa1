"""The frame of every kind of work under the lease: from the checkpoint to the summary, however the work ends.

``run``, ``apply`` and ``undo`` differ in the work they pass in, and in nothing else: whoever is paused, locked or
kept waiting by a service makes no call, and whatever happens is in a summary that the checkpoint remembers.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from musicdiff_job.core.before_image import kept
from musicdiff_job.core.checkpoint import Checkpoint, Pause
from musicdiff_job.core.errors import (
    CheckpointUnwritable,
    JobError,
    LostLease,
    RateLimited,
    StopRun,
    WrongAccount,
)
from musicdiff_job.core.failing import reason_to_stop
from musicdiff_job.core.forget import forget_unused
from musicdiff_job.core.model import Service
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.summary import ErrorLine, Summary
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.journal import event
from musicdiff_job.ports import Lease
from musicdiff_job.run_log import RunLog
from musicdiff_job.session import Job, Session
from musicdiff_job.survey import pin_accounts

LEASE_MARGIN = timedelta(minutes=2)
"""A lease outlives its run's time budget by this much."""
BOTH = (Service.SPOTIFY, Service.DEEZER)

Work = Callable[[Session, RunLog], None]
"""What is done once the accounts are known to be the right ones. Raises any ``JobError`` to end it."""


def conduct(job: Job, work: Work, *, needs: tuple[Service, ...] = BOTH, first: Work | None = None) -> Summary:
    """Do ``work`` under the lease and remember how it went; ``needs`` are the services that it cannot do without.
    ``first`` is done before it, and also where ``needs`` are closed, as long as Spotify is open.
    Never raises a ``JobError`` and no other ``Exception``: whatever happens is in the summary, a bug with its
    traceback in the log."""
    log = RunLog(job)
    try:
        with job.store.lease(job.run_id, log.started + timedelta(seconds=job.max_seconds) + LEASE_MARGIN) as lease:
            return _with_lease(job, lease, log, work, needs, first)
    except JobError as error:
        log.stopped(error)
    except Exception as error:
        log.crashed(error)
    return log.summary(None)


def _with_lease(
    job: Job, lease: Lease, log: RunLog, work: Work, needs: tuple[Service, ...], first: Work | None
) -> Summary:
    checkpoint = lease.load()
    if checkpoint.paused is not None:
        log.stops.add(Outcome.PAUSED)
        log.errors.append(ErrorLine("", f"paused: {checkpoint.paused.reason}", "`musicdiff-job resume`"))
        return log.summary(None)
    closed = _closed(checkpoint, log.started, needs)
    if closed and (first is None or Service.SPOTIFY in _closures(checkpoint, log.started)):
        log.stopped(closed)
        return log.summary(None, checkpoint)
    lease.prove_writable()
    event("run.started", run=job.run_id, profile=job.profile, dry_run=job.dry_run)
    session: Session | None = None
    try:
        connections = job.connect(checkpoint)
        try:
            session = Session(job, lease, checkpoint, connections)
            _do(session, log, work, needs, first, closed)
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


def _closed(checkpoint: Checkpoint, now: datetime, needs: tuple[Service, ...]) -> RateLimited | None:
    """Why no call can do any good now: the target is closed, or the source is and nothing is left to place."""
    until = {service: ends for service, ends in _closures(checkpoint, now).items() if service in needs}
    ready = any(one.is_read for one in checkpoint.mirrors.values())
    for service in (Service.DEEZER, Service.SPOTIFY):
        if service in until and (service is Service.DEEZER or not ready):
            reason = checkpoint.not_before[service].reason
            return RateLimited(
                f"{service} asked to wait until {to_iso(until[service])}: {reason}",
                service=service,
                until=until[service],
            )
    return None


def _closures(checkpoint: Checkpoint, now: datetime) -> dict[Service, datetime]:
    """The services that are not to be called now, and until when."""
    return {
        service: ends
        for service in Service
        if (closed := checkpoint.not_before.get(service)) is not None and (ends := closed.closed_until(now)) is not None
    }


def _do(
    session: Session,
    log: RunLog,
    work: Work,
    needs: tuple[Service, ...],
    first: Work | None,
    closed: RateLimited | None,
) -> None:
    try:
        if first is not None:
            first(session, log)
        if closed is not None:
            log.stopped(closed)
            return
        pin_accounts(session, needs)
        work(session, log)
    except StopRun as stop:
        if isinstance(stop, CheckpointUnwritable | LostLease | WrongAccount):
            raise
        log.stopped(stop)


def _finish(lease: Lease, loaded: Checkpoint, session: Session | None, log: RunLog) -> Summary:
    """Remember the run, whatever it came to."""
    summary = log.summary(session)
    before = session.checkpoint if session else loaded
    checkpoint = before.with_run(summary)
    if reason := reason_to_stop(checkpoint.failed_runs, summary, log.job.stop_after_failures):
        log.errors.append(ErrorLine("", reason, "Mend what failed, then `musicdiff-job resume`"))
        summary = log.summary(session)
        checkpoint = msgspec.structs.replace(before.with_run(summary), paused=Pause(summary.finished_at, reason))
    checkpoint = msgspec.structs.replace(checkpoint, images=kept(checkpoint.images, log.job.clock.now()))
    if summary.outcome in (Outcome.IN_SYNC, Outcome.CHANGED):
        checkpoint = msgspec.structs.replace(checkpoint, last_success_at=summary.finished_at)
        checkpoint = forget_unused(checkpoint, log.job.clock.now())
    try:
        if session:
            session.checkpoint = checkpoint
            session.save(last=True)
        else:
            lease.save(checkpoint, last=True)
    except (CheckpointUnwritable, LostLease) as error:
        log.stopped(error)
        summary = log.summary(session)
    event("run.finished", run=summary.run_id, outcome=str(summary.outcome), calls=summary.api_calls)
    return summary
