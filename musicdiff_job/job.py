"""``run_once``: one run, from the checkpoint to the summary. The imperative shell, readable top to bottom.

A run that is paused, locked, whose services are closed, or whose collections all rest by their rules makes no call.
Every other one looks around (five calls for a library of up to 50 playlists, three without albums and artists), works
on what is due as far as its budgets reach, and saves. However it ends, it ends with a summary.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from musicdiff_job.ahead import Ahead, Hand
from musicdiff_job.auditing import apply_rules, audit, reconsider_artists
from musicdiff_job.conducting import conduct
from musicdiff_job.core.calendar import Hold
from musicdiff_job.core.checkpoint import Look, Mirror
from musicdiff_job.core.conflict import Conflict, ConflictKind
from musicdiff_job.core.errors import SkipCollection, StopRun, Unavailable, Wait
from musicdiff_job.core.model import ARTISTS, CollectionHead, Library, Service
from musicdiff_job.core.policy import matches
from musicdiff_job.core.schedule import Due, NotDue, due, learn, order_key, remembered, resting
from musicdiff_job.core.summary import CollectionState, ErrorLine, Summary
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.flowing_back import both_ways
from musicdiff_job.journal import event
from musicdiff_job.lookups import Asker
from musicdiff_job.mirroring import mirror
from musicdiff_job.recording import record_plays
from musicdiff_job.results import Tally, left_off, result_of
from musicdiff_job.run_log import RunLog
from musicdiff_job.session import Job, Session
from musicdiff_job.survey import apply_overrides, bury_missing, look_around


def run_once(job: Job) -> Summary:
    """Do as much useful work as the budgets allow. Never raises a ``JobError`` and no other ``Exception``: whatever
    happens is in the summary, a bug with its traceback in the log."""
    first = record_plays if job.history is not None else None
    return conduct(job, _work, first=first)


def _work(session: Session, log: RunLog) -> None:
    job = session.job
    apply_overrides(session)  # what a person decided is not to wait until a rest is over
    asked = job.force or job.only  # by a person, or for what may not be known yet
    hold = None if asked else resting(session.checkpoint, job.policy, session.now())
    if hold is not None:
        _rest(session, log, hold)
    else:
        sync(session, log, look(session, log))


def _rest(session: Session, log: RunLog, hold: Hold) -> None:
    """Nothing can be due, so nothing is asked; every collection gets its line all the same."""
    log.rests_until = hold.until
    for known in session.checkpoint.mirrors.values():
        head = remembered(known)
        if not session.job.policy.selects(head):
            log.results[known.id] = result_of(known, CollectionState.SKIPPED, known.reason or "not selected")
            continue
        verdict = due(head, known, None, session.job.policy, session.now())
        log.results[known.id] = result_of(known, _standing(known), verdict.reason)
    event("run.rested", until=to_iso(hold.until), reason=hold.reason)


def look(session: Session, log: RunLog) -> Library | None:
    """Look around. None when the source is closed."""
    apply_overrides(session)
    apply_rules(session)
    reconsider_artists(session)
    library = look_around(session, log)
    if library is not None:
        bury_missing(session, log, library)
        if library.complete and session.knows_target() and not session.job.only:
            seen = Look(to_iso(session.started), session.job.policy.whole_fingerprint())
            session.checkpoint = msgspec.structs.replace(session.checkpoint, look=seen)
    return library


def sync(session: Session, log: RunLog, library: Library | None, one: Hand = both_ways) -> None:
    """Work on whatever is due."""
    heads = list(library.heads) if library is not None else _remembered_heads(session)
    todo: list[tuple[CollectionHead, str]] = []
    decided = {one.collection for one in session.checkpoint.conflicts.values() if one.decision is not None}
    asked = {one.collection for one in session.checkpoint.conflicts.values() if _is_moot(session, one)}
    for head in heads:
        if not _selected(session, head):
            _deselected(session, log, head, by_only=bool(session.job.only))
            continue
        known = session.checkpoint.mirrors.get(head.id)
        if known is None:
            if session.checkpoint.runs:
                log.new.append(head.name)
            fresh = Mirror(id=head.id, kind=head.kind, name=head.name, entries=head.total or 0, whose=head.whose)
            session.put(fresh)
        listed = session.listed() if session.knows_target() else None
        verdict = due(head, known, listed, session.job.policy, session.now(), force=session.job.force)
        if head.id in decided:
            todo.append((head, "you have decided"))
        elif head.id in asked:
            todo.append((head, "its playlist is on Deezer again"))
        elif isinstance(verdict, Due):
            todo.append((head, verdict.reason))
            if known is None or (known.tried_at is None and known.seen_at is None):
                session.put(msgspec.structs.replace(session.mirror(head), seen_at=session.now_text()))
        elif known is not None:
            _in_step(session, log, head, known, verdict)
        _note_listing(session, head, is_due=bool(todo) and todo[-1][0] is head)
    asker = Asker(session.connections.catalogue, session.job.rules)
    each(session, log, todo, asker, one)
    if not session.job.dry_run:
        _artists_again(session, log, heads, asker, one)
        audit(session, asker)


def _artists_again(session: Session, log: RunLog, heads: Sequence[CollectionHead], asker: Asker, one: Hand) -> None:
    """Followed artists come early in a run, and are told from others of their names by what comes after them."""
    head = next((head for head in heads if head.id == ARTISTS and head.id in log.results), None)
    settled = (CollectionState.CHANGED, CollectionState.IN_SYNC)
    if head is None or log.results[head.id].state not in settled or not reconsider_artists(session):
        return
    first = log.results[head.id]
    each(session, log, [(head, "more of the library is known")], asker, one)
    last = log.results[head.id]
    unchanged = first.state is CollectionState.CHANGED and last.state is CollectionState.IN_SYNC
    log.results[head.id] = msgspec.structs.replace(
        last,
        state=first.state if unchanged else last.state,
        reason=first.reason if last.state in settled else last.reason,
        added=first.added + last.added,
        removed=first.removed + last.removed,
    )


def _is_moot(session: Session, conflict: Conflict) -> bool:
    """Whether the question is what to do about a deleted playlist, and Deezer shows it again."""
    known = session.checkpoint.mirrors.get(conflict.collection)
    if conflict.kind is not ConflictKind.DELETED_ON_TARGET or known is None or not session.knows_target():
        return False
    return all(part.playlist in session.listed() for part in known.parts)


def _remembered_heads(session: Session) -> list[CollectionHead]:
    """With the source closed: what was wholly read before and can still be placed."""
    readings = (one.reading for one in session.checkpoint.mirrors.values())
    return [one.head for one in readings if one is not None and one.complete and one.head is not None]


def _selected(session: Session, head: CollectionHead) -> bool:
    only = session.job.only
    return session.job.policy.selects(head) and (not only or any(matches(pattern, head) for pattern in only))


def _deselected(session: Session, log: RunLog, head: CollectionHead, *, by_only: bool) -> None:
    if by_only:
        return
    known = session.mirror(head)
    state = CollectionState.DETACHED if known.parts else CollectionState.SKIPPED
    reason = "not selected; its mirror is kept" if known.parts else "not selected"
    # Looked at afresh when it is selected again.
    left = msgspec.structs.replace(known, state=CollectionState.SKIPPED, reason=reason, verified_at=None, reading=None)
    session.put(msgspec.structs.replace(left, name=head.name, whose=head.whose))
    session.checkpoint = session.checkpoint.without_conflicts_of(head.id)
    log.results[head.id] = result_of(known, state, reason)


def _in_step(session: Session, log: RunLog, head: CollectionHead, known: Mirror, verdict: NotDue) -> None:
    if session.knows_target() and known.state is CollectionState.IN_SYNC:
        parts = tuple(learn(part, session.listed().get(part.playlist)) for part in known.parts)
        seen = msgspec.structs.replace(known, parts=parts)
        if not verdict.rests and head.snapshot and session.job.policy.rule_for(head).every is not None:
            seen = msgspec.structs.replace(seen, checked_at=to_iso(session.started))
        if seen != known:
            session.put(seen)
    log.results[head.id] = result_of(known, _standing(known), verdict.reason)


def _standing(known: Mirror) -> CollectionState:
    """Where a collection stands that is not due. What may not be worked on yet (a time window, say) is no work that
    this run left undone."""
    return CollectionState.SKIPPED if known.state is CollectionState.PENDING else known.state


def _note_listing(session: Session, head: CollectionHead, *, is_due: bool) -> None:
    """Remember what rules go by until the next look: the name, and whose it is. Of what is due the latter is noted when
    its turn has come, for that it is somebody else's now may be why it is due."""
    known = session.mirror(head)
    whose = known.whose if is_due else head.whose
    if (known.name, known.whose) != (head.name, whose):
        session.put(msgspec.structs.replace(known, name=head.name, whose=whose))


def _stands_still(before: Mirror, after: Mirror) -> bool:
    return msgspec.structs.replace(after, tried_at=before.tried_at, name=before.name) == before


def _is_away(session: Session, wait: Wait) -> bool:
    """Whether the service takes no more calls. Else it fails on what this collection asks for, and answers others."""
    unlisted = wait.service is Service.DEEZER and not session.knows_target()
    return not isinstance(wait, Unavailable) or unlisted or session.gate.closed(wait.service) is not None


def each(
    session: Session, log: RunLog, todo: Sequence[tuple[CollectionHead, str]], asker: Asker, one: Hand = mirror
) -> None:
    """Work on one collection after the other, first things first, and look ahead to those that come next. Every one
    gets its line, also those that were not reached."""
    now, known = session.now(), session.checkpoint.mirrors
    todo = sorted(todo, key=lambda item: order_key(item[0], known.get(item[0].id), session.job.policy, now))
    with Ahead(session, asker, [head for head, _ in todo]) as ahead:
        _in_turn(session, log, todo, asker, ahead.then(one))


def _in_turn(
    session: Session, log: RunLog, todo: Sequence[tuple[CollectionHead, str]], asker: Asker, one: Hand
) -> None:
    session.job.observer.phase("sync", len(todo))
    stopped: StopRun | None = None
    for head, reason in todo:
        tally = Tally()
        before, looked_up = session.mirror(head), session.lookups
        if stopped is not None:
            result = result_of(session.mirror(head), CollectionState.PENDING, f"waits: {stopped.message}")
        else:
            try:
                result = one(session, asker, head, reason, tally)
                if result.state is CollectionState.FAILED:
                    log.errors.append(
                        ErrorLine(head.name, result.reason, "Its mirror stays as it is; it is tried again")
                    )
            except StopRun as stop:
                stopped = stop
                log.stopped(stop)
                if session.lookups == looked_up and _stands_still(before, session.mirror(head)):
                    # What does not fit into a run's budget must not come first in every run.
                    session.put(msgspec.structs.replace(session.mirror(head), failures=before.failures + 1))
                result = left_off(session, head, CollectionState.PENDING, stop, tally)
            except Wait as wait:
                if _is_away(session, wait):
                    log.stopped(wait, str(wait.service))
                    result = left_off(session, head, CollectionState.PENDING, wait, tally)
                else:
                    log.failed(wait, head.name)
                    result = left_off(session, head, CollectionState.FAILED, wait, tally)
            except SkipCollection as error:
                log.failed(error, head.name)
                result = left_off(session, head, CollectionState.FAILED, error, tally)
        log.results[head.id] = result
        event(
            "collection.finished", collection=head.id, name=head.name, state=str(result.state), reason=result.reason,
            added=result.added, removed=result.removed,
        )  # fmt: skip
        session.job.observer.finished(result)
        session.job.observer.phase("sync", len(todo))
    if stopped is not None:
        raise stopped
