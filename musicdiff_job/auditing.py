"""Old matches, looked at again: what no longer holds is looked for anew, what nothing better is found for stays.

Two things bring a match under suspicion, and neither costs a call to notice. A read of its playlist shows the track:
unreadable now, or not what today's rules would take. Or the rules themselves have changed: then what they decide
otherwise is open again, and nothing else.

The search for something better is what a run does last, with at most ``AUDITED`` tracks, so that it takes nothing from
the work that waits. A counterpart that no rule would take any more is replaced by a better one or kept: the person
sees it with ``matches --doubtful``, and a track that is there is worth more than a gap.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

import msgspec

from musicdiff_job.core.artists import called, name_of
from musicdiff_job.core.checkpoint import JudgedBy, MatchRecord
from musicdiff_job.core.conversation import score
from musicdiff_job.core.errors import Interrupted, JobError
from musicdiff_job.core.match import MATCHER_VERSION, Evidence, Match, Reason, Unmatched
from musicdiff_job.core.model import ARTISTS, SourceId, Track
from musicdiff_job.journal import event
from musicdiff_job.lookups import Asker, converse, decided, is_over, retry_at, search_for
from musicdiff_job.session import Session
from musicdiff_job.sweeping import Search

BY_NAME_ALONE = frozenset({Reason.UNCONFIRMED, Reason.AMBIGUOUS})
"""Why an artist has no counterpart when the library holds nothing that tells which of the name is meant."""
AUDITED = 50
"""Tracks looked for anew at the end of one run."""


def apply_rules(session: Session) -> None:
    """When the rules of matching are not those of the last run, open what they decide otherwise and make the
    collections that hold it due. No call."""
    rules = session.job.rules
    now = JudgedBy(MATCHER_VERSION, rules.min_score, rules.prefer_explicit)
    before = session.checkpoint.judged_by
    if before == now:
        return
    if before is not None:
        affected = {
            source: msgspec.structs.replace(record, decision=None, evidence=None, retry_at=None)
            for source, record in session.checkpoint.matches.items()
            if _decides_otherwise(record, before, now)
        }
        if affected:
            session.checkpoint = session.checkpoint.touch(frozenset(affected)).with_matches(affected)
            event("rules.changed", tracks=len(affected))
    session.checkpoint = msgspec.structs.replace(session.checkpoint, judged_by=now)


def _decides_otherwise(record: MatchRecord, before: JudgedBy, now: JudgedBy) -> bool:
    """Whether the search for this track may end otherwise than it did. A match by an older matcher is judged when its
    playlist is read; until then there is no reason to doubt it."""
    if record.override:
        return False
    match record.decision:
        case Match() as decision:
            wording = before.prefer_explicit != now.prefer_explicit and record.track.explicit is None
            return decision.score < now.min_score or wording
        case Unmatched() as decision:
            best = max((one.score for one in decision.best if not one.refused), default=0.0)
            reached = before.min_score > best >= now.min_score
            return before.matcher != now.matcher or reached
        case None:
            return False


def reconsider_artists(session: Session) -> bool:
    """Open the search for followed artists of whose name nothing was known when they were looked for, and something is
    now, and make them due. Whether there were any. No call."""
    known = session.checkpoint.mirrors.get(ARTISTS)
    matches = session.checkpoint.matches
    records = [matches[source] for source in known.waiting if source in matches] if known else []
    waiting: dict[str, list[MatchRecord]] = {}
    for record in records:
        by_name = isinstance(record.decision, Unmatched) and record.decision.reason in BY_NAME_ALONE
        if by_name and not record.override:
            waiting.setdefault(name_of(record.track), []).append(record)
    oldest = min((record.decided_at for group in waiting.values() for record in group), default=None)
    opened: dict[SourceId, MatchRecord] = {}
    for record in matches.values() if oldest is not None else ():
        # Times are whole seconds, so what was decided in the same one may have come after it.
        if record.decided_at < (oldest or "") or not (isinstance(record.decision, Match) and record.track.artists):
            continue
        for artist in waiting.get(called(record.track.artists[0]), ()):
            if artist.decided_at <= record.decided_at:
                source = SourceId(artist.track.id)
                opened[source] = msgspec.structs.replace(artist, decision=None, retry_at=None)
    if opened:
        session.checkpoint = session.checkpoint.touch(frozenset(opened)).with_matches(opened)
        event("artists.reconsidered", artists=len(opened))
    return bool(opened)


def suspect(session: Session, sources: Mapping[str, SourceId], rows: Iterable[Track]) -> None:
    """Look at the rows of a playlist that was read, ``sources`` being the source tracks by their counterpart. Those
    that hold under today's rules are noted as judged; the others are remembered for ``audit``. No call."""
    judged: dict[SourceId, MatchRecord] = {}
    for row in rows:
        source = sources.get(row.id)
        record = session.checkpoint.matches.get(source) if source else None
        if source is None or record is None or record.override or not isinstance(record.decision, Match):
            continue
        if row.readable and record.matcher == MATCHER_VERSION:
            continue
        verdict = score(record.track, row, session.job.rules)
        holds = not verdict.refused and verdict.score >= session.job.rules.min_score
        if holds and record.matcher != MATCHER_VERSION:
            judged[source] = msgspec.structs.replace(record, matcher=MATCHER_VERSION)
        if (not holds or not row.readable) and (record.retry_at is None or is_over(session, record.retry_at)):
            session.suspects[source] = row
    if judged:
        session.checkpoint = session.checkpoint.with_matches(judged)


def audit(session: Session, asker: Asker) -> None:
    """Look for something better than the suspects, and make the collections due that hold what is replaced. What stops
    the look-ups ends the audit, not the run; raises ``Interrupted`` only."""
    matches = session.checkpoint.matches
    records = {source: matches[source] for source in list(session.suspects)[:AUDITED] if source in matches}
    # Each begins with what is there: unreadable, it may name a readable copy.
    searches = [
        search_for(
            record.track, msgspec.structs.replace(record, evidence=Evidence(candidates=(session.suspects[source],)))
        )
        for source, record in records.items()
    ]
    replaced: dict[SourceId, MatchRecord] = {}

    def settle(search: Search, decision: Match | Unmatched | None, error: JobError | None) -> None:
        source = SourceId(search.track.id)
        record = records[source]
        was = record.decision.target if isinstance(record.decision, Match) else None
        if isinstance(decision, Match) and decision.target != was:
            replaced[source] = msgspec.structs.replace(decided(session, record, search.track, decision), tries=0)
            event("match.replaced", track=source, deezer=decision.target, method=str(decision.method))
        elif decision is not None or error is not None:
            kept = msgspec.structs.replace(
                record, tries=record.tries + 1, retry_at=retry_at(session, record.tries), matcher=MATCHER_VERSION
            )
            session.put_record(source, kept)

    if not searches:
        return
    event("audit.started", logging.DEBUG, tracks=len(searches))
    stop = converse(session, asker, searches, settle)
    if replaced:
        session.checkpoint = session.checkpoint.touch(frozenset(replaced)).with_matches(replaced)
    if isinstance(stop, Interrupted):
        raise stop
