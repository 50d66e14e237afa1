"""Finding the counterparts of source tracks: overrides, memory, then look-ups, several at a time.

Every look-up is one question of ``core.match``; the evidence of a search that a budget cuts short is kept, so that
the next run asks the next question and none twice. Within a run an answered question is never put again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from musicdiff_job.core.checkpoint import MatchRecord
from musicdiff_job.core.errors import JobError, SkipCollection, Unavailable
from musicdiff_job.core.match import (
    MATCHER_VERSION,
    Ask,
    Evidence,
    Match,
    Method,
    Preference,
    Question,
    Reason,
    Rules,
    Unmatched,
    decide,
)
from musicdiff_job.core.model import Service, SourceId, TargetId, Track
from musicdiff_job.core.override_file import BY_FILE
from musicdiff_job.core.overrides import BY_COMMAND
from musicdiff_job.core.timestamps import from_iso, to_iso
from musicdiff_job.journal import event
from musicdiff_job.ports import Catalogue
from musicdiff_job.session import Session

WORKERS = 8
"""Look-ups in flight. At 150 ms a look-up, two would use Deezer's 10 a second; more cover slower answers."""
SAME_RECORDING_MS = 3_000
REFUSALS_BELIEVED = 2
"""After the target has twice not taken a counterpart, it is taken for refused."""


@dataclass(frozen=True, slots=True)
class Found:
    """How far one track's search came: a decision, or evidence and what stopped it."""

    evidence: Evidence
    decision: Match | Unmatched | None
    error: JobError | None = None


class Asker:
    """Puts questions to the catalogue, each at most once per run. Thread-safe."""

    def __init__(self, catalogue: Catalogue, rules: Rules) -> None:
        self._catalogue = catalogue
        self._rules = rules
        self._lock = threading.Lock()
        self._answers: dict[Question, tuple[Track, ...]] = {}
        self._asking: dict[Question, threading.Lock] = {}
        self.asked = 0

    def search(
        self, wanted: Track, evidence: Evidence, rejected: frozenset[str], prefer: Preference | None = None
    ) -> Found:
        """Ask until there is a decision or something stops it."""
        while True:
            match decide(wanted, evidence, self._rules, rejected, prefer):
                case Ask(question):
                    try:
                        evidence = evidence.with_answer(question, self._answer(question))
                    except JobError as error:
                        return Found(evidence, None, error)
                case decision:
                    return Found(evidence, decision)

    def _answer(self, question: Question) -> tuple[Track, ...]:
        with self._lock:
            turn = self._asking.setdefault(question, threading.Lock())
        with turn:
            if question not in self._answers:
                answer = self._catalogue.ask(question)
                with self._lock:
                    self._answers[question] = answer
                    self.asked += 1
            return self._answers[question]


def resolve(session: Session, asker: Asker, tracks: Iterable[Track], *, patient: bool = True) -> None:
    """Bring the checkpoint's match records of these tracks up to date. Raises what stopped a look-up
    (``OutOfBudget``, ``RateLimited``, ...), after everything that was found has been recorded. What stops one track's
    look-up only stops none of the others; without patience it makes that track unmatched and raises nothing."""
    wanted = {SourceId(track.id): track for track in tracks}
    records = {source: _remembered(session, source, track) for source, track in wanted.items()}
    if any(record.decision is None for record in records.values()):
        by_isrc = _by_isrc(session)
        for source, record in records.items():
            twin = by_isrc.get(record.track.isrc or "")
            free = record.decision is None and not record.rejected and record.terms is None
            if free and twin is not None and _same(twin.track, record.track):
                decision = msgspec.structs.replace(_as_match(twin), method=Method.CACHE)
                records[source] = MatchRecord(
                    record.track, decision, decided_at=session.now_text(), matcher=MATCHER_VERSION
                )
    open_ = [record.track for record in records.values() if record.decision is None]
    known = session.checkpoint.matches
    records = {source: record for source, record in records.items() if record != known.get(source)}
    if records:
        session.checkpoint = session.checkpoint.with_matches(records)
    if open_:
        _look_up(session, asker, open_, patient=patient)


def _look_up(session: Session, asker: Asker, tracks: list[Track], *, patient: bool) -> None:
    session.job.observer.phase("match", len(tracks))
    pending: set[Future[tuple[Track, Found]]] = set()
    stop: JobError | None = None
    trouble: JobError | None = None
    before = asker.asked
    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="look-up")
    queue = iter(tracks)
    try:
        while True:
            while stop is None and len(pending) < 2 * WORKERS and (track := next(queue, None)) is not None:
                record = session.checkpoint.matches[SourceId(track.id)]
                pending.add(pool.submit(_one, asker, track, record))
            if not pending:
                break
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                track, found = future.result()
                if _is_about_one(session, found.error):
                    # One that has ended so before is not waited for again.
                    if patient and not session.checkpoint.matches[SourceId(track.id)].tries:
                        trouble = trouble or found.error
                    else:
                        found = Found(found.evidence, Unmatched(Reason.UNANSWERED))
                else:
                    stop = stop or found.error
                _record(session, track, found)
                session.job.observer.advance()
            session.save_soon()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        session.lookups += asker.asked - before
    if stop := stop or trouble:
        raise stop


def _is_about_one(session: Session, error: JobError | None) -> bool:
    """Whether an error ends the look-ups of one track only: Deezer fails on the question, but answers others."""
    return isinstance(error, SkipCollection | Unavailable) and session.gate.closed(Service.DEEZER) is None


def _one(asker: Asker, track: Track, record: MatchRecord) -> tuple[Track, Found]:
    prefer = record.terms.prefer if record.terms else None
    return track, asker.search(track, record.evidence or Evidence(), record.ruled_out, prefer)


def _record(session: Session, track: Track, found: Found) -> None:
    source = SourceId(track.id)
    record = session.checkpoint.matches[source]
    now = session.now()
    match found.decision:
        case None:
            record = msgspec.structs.replace(record, evidence=found.evidence if found.evidence.asked else None)
        case Match() as decision:
            session.methods[decision.method] += 1
            # The tries stay: if Deezer refuses this counterpart as well, the pause goes on growing.
            record = MatchRecord(
                track,
                decision,
                decided_at=to_iso(now),
                tries=record.tries,
                rejected=record.rejected,
                matcher=MATCHER_VERSION,
                terms=record.terms,
            )
            event("track.matched", logging.DEBUG, track=track.id, deezer=decision.target, method=str(decision.method))
        case Unmatched() as decision:
            record = MatchRecord(
                track,
                decision,
                decided_at=to_iso(now),
                tries=record.tries + 1,
                retry_at=_retry_at(session, record.tries),
                rejected=record.rejected,
                matcher=MATCHER_VERSION,
                terms=record.terms,
            )
            event("track.unmatched", logging.DEBUG, track=track.id, reason=str(decision.reason))
    session.checkpoint = session.checkpoint.with_matches({source: record})


def _retry_at(session: Session, tries: int) -> str | None:
    pauses = session.job.retry
    if not pauses:
        return None
    return to_iso(session.now() + timedelta(seconds=pauses[min(tries, len(pauses) - 1)]))


def _remembered(session: Session, source: SourceId, track: Track) -> MatchRecord:
    """The record to start from: a person's word, what is remembered and still holds, or an open one."""
    record = session.checkpoint.matches.get(source)
    overrides = session.job.overrides
    if source in overrides.tracks:
        target = overrides.tracks[source]
        decision = Unmatched(Reason.REJECTED) if target is None else Match(target, Method.OVERRIDE, 1.0)
        if record is not None and record.override == BY_FILE and record.decision == decision:
            return msgspec.structs.replace(record, track=track)
        return MatchRecord(
            track, decision, decided_at=session.now_text(), override=BY_FILE, matcher=MATCHER_VERSION,
            rejected=record.rejected if record else (),
        )  # fmt: skip
    terms = overrides.terms.get(source)
    if record is None:
        return MatchRecord(track, terms=terms)
    barred = terms.rejected if terms else ()
    # What was said by command stands, unless the file has ruled it out. What was asked holds under any terms.
    if (record.override and isinstance(record.decision, Match) and record.decision.target in barred) or not (
        record.override == BY_COMMAND or overrides.is_obeyed(source, record)
    ):
        return MatchRecord(track, evidence=record.evidence, rejected=record.rejected, terms=terms)
    record = msgspec.structs.replace(record, track=track, terms=terms)
    if record.override or isinstance(record.decision, Match):
        return record
    due = isinstance(record.decision, Unmatched) and record.retry_at is not None and _is_over(session, record.retry_at)
    return msgspec.structs.replace(record, decision=None, evidence=None) if due else record


def _is_over(session: Session, retry_at: str) -> bool:
    """Whether the pause before another try is over. One that would last longer than any was set by a clock that was
    ahead, or under other settings."""
    left = (from_iso(retry_at) - session.now()).total_seconds()
    return left <= 0 or left > max(session.job.retry, default=left)


def _by_isrc(session: Session) -> dict[str, MatchRecord]:
    return {
        record.track.isrc: record
        for record in session.checkpoint.matches.values()
        if record.track.isrc and isinstance(record.decision, Match) and not (record.override or record.terms)
    }


def _as_match(record: MatchRecord) -> Match:
    if not isinstance(record.decision, Match):
        raise TypeError("only matched records are indexed by ISRC")
    return record.decision


def _same(one: Track, other: Track) -> bool:
    if one.duration_ms is None or other.duration_ms is None:
        return one.title.casefold() == other.title.casefold()
    return abs(one.duration_ms - other.duration_ms) <= SAME_RECORDING_MS


def refused(session: Session, targets: Iterable[TargetId], *, at_once: bool = False) -> None:
    """Note that the target would not take these counterparts. After ``REFUSALS_BELIEVED`` times, or ``at_once``, the
    tracks are unmatched for that reason and tried again on the usual schedule."""
    gone = set(targets)
    records: dict[SourceId, MatchRecord] = {}
    for source, record in session.checkpoint.matches.items():
        if not isinstance(record.decision, Match) or record.decision.target not in gone:
            continue
        count = record.refusals + 1
        if at_once or count >= REFUSALS_BELIEVED:
            records[source] = msgspec.structs.replace(
                record,
                decision=Unmatched(Reason.REFUSED),
                tries=record.tries + 1,
                # A person's choice is not looked for again.
                retry_at=None if record.override else _retry_at(session, record.tries),
                refusals=0,
            )
        else:
            records[source] = msgspec.structs.replace(record, refusals=count)
    session.checkpoint = session.checkpoint.with_matches(records)
