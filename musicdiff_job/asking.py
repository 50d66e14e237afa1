"""Questions to a person about one collection: asked, looked up, closed. Each is logged once when it opens and once
when it closes, which is what a notification is made from."""

from __future__ import annotations

from musicdiff_job.core.conflict import Conflict, ConflictKind, Side, conflict_id
from musicdiff_job.core.model import CollectionHead
from musicdiff_job.journal import event
from musicdiff_job.session import Session


def ask(session: Session, head: CollectionHead, kind: ConflictKind, message: str, entries: int = 0) -> None:
    """Open the question, or bring the open one up to date. ``entries`` is how many entries it is about: where more of
    them are concerned than a decision was about, the question is open again."""
    asked = Conflict(conflict_id(head.id, kind), head.id, head.name, kind, message, session.now_text(), entries=entries)
    before = session.checkpoint.conflicts.get(asked.id)
    session.checkpoint = session.checkpoint.with_conflict(asked)
    now = session.checkpoint.conflicts[asked.id]
    if before is None or before.opened_at != now.opened_at:
        event("conflict.opened", conflict=now.id, collection=head.id, name=head.name, message=message)


def standing(session: Session, head: CollectionHead, kind: ConflictKind) -> Conflict | None:
    """The question, open or decided; None when there is none."""
    return session.checkpoint.conflicts.get(conflict_id(head.id, kind))


def decision(session: Session, head: CollectionHead, kind: ConflictKind) -> Side | None:
    """What was decided; None while it is open, and where there is no such question."""
    known = standing(session, head, kind)
    return known.decision if known else None


def close(session: Session, head: CollectionHead, kind: ConflictKind) -> None:
    """The decision is carried out, or the cause is gone."""
    known = standing(session, head, kind)
    if known is not None:
        session.checkpoint = session.checkpoint.without_conflict(known.id, session.now_text())
        decided = str(known.decision) if known.decision else None
        event("conflict.closed", conflict=known.id, collection=head.id, name=head.name, decision=decided)
