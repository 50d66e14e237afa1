"""Finding the counterparts of source tracks, albums and artists: overrides, memory, then look-ups, several at a time.

Every look-up is one question of ``core.match``; the evidence of a search that a budget cuts short is kept, so that
the next run asks the next question and none twice. Within a run an answered question is never put again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from datetime import timedelta

import msgspec

from musicdiff_job.core.artists import NOTHING, Known, known_of, name_of
from musicdiff_job.core.checkpoint import MatchRecord
from musicdiff_job.core.errors import JobError, SkipCollection, Unavailable
from musicdiff_job.core.match import (
    MATCHER_VERSION,
    Evidence,
    Match,
    Method,
    Reason,
    Rules,
    Unmatched,
)
from musicdiff_job.core.model import Item, Service, SourceId, TargetId, Track, item_of
from musicdiff_job.core.override_file import BY_FILE
from musicdiff_job.core.overrides import BY_COMMAND
from musicdiff_job.core.timestamps import from_iso, to_iso
from musicdiff_job.journal import event
from musicdiff_job.ports import Catalogue
from musicdiff_job.session import Session
from musicdiff_job.sweeping import Call, Learned, Planner, Search

WORKERS = 16
"""Look-ups in flight. At 150 ms a look-up, two would use Deezer's 10 a second; more cover slower answers, and the time
in which the run is busy with a write and takes no answers."""
SAME_RECORDING_MS = 3_000
REFUSALS_BELIEVED = 2
"""After the target has twice not taken a counterpart, it is taken for refused."""


class Asker:
    """Puts questions to the catalogue, each at most once per run, and remembers what the run has learned from them."""

    def __init__(self, catalogue: Catalogue, rules: Rules) -> None:
        self.catalogue = catalogue
        self.rules = rules
        self.learned = Learned()


def resolve(session: Session, asker: Asker, tracks: Iterable[Track], *, patient: bool = True) -> None:
    """Bring the checkpoint's match records of these tracks up to date. Raises what stopped a look-up
    (``OutOfBudget``, ``RateLimited``, ...), after everything that was found has been recorded. What stops one track's
    look-up only stops none of the others; without patience it makes that track unmatched and raises nothing."""
    if open_ := _opened(session, tracks):
        _look_up(session, asker, open_, patient=patient)


def begin(session: Session, asker: Asker, tracks: Iterable[Track]) -> Conversation | None:
    """The conversation that ``resolve`` would have, for the caller to go on with; None when there is nothing to ask.
    What comes of it is recorded; a track whose look-up fails is left as open as it was."""
    open_ = _opened(session, tracks)
    if not open_:
        return None
    return Conversation(
        session, asker, _searches(session, open_), lambda search, decision, _: _record(session, search, decision)
    )


def _opened(session: Session, tracks: Iterable[Track]) -> list[Track]:
    """Of these tracks those that have to be looked up, each with its record in the checkpoint, as the others have."""
    wanted = {SourceId(track.id): track for track in tracks}
    records = {source: _remembered(session, source, track) for source, track in wanted.items()}
    if session.connections.tell is not None:
        session.connections.tell(wanted.values())
        records = {source: _as_itself(session, record) for source, record in records.items()}
    if any(record.decision is None for record in records.values()):
        by_isrc = _by_isrc(session, {record.track.isrc for record in records.values() if record.decision is None})
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
    return open_


def _look_up(session: Session, asker: Asker, tracks: list[Track], *, patient: bool) -> None:
    session.job.observer.phase("match", len(tracks))
    records = session.checkpoint.matches
    trouble: list[JobError] = []

    def settle(search: Search, decision: Match | Unmatched | None, error: JobError | None) -> None:
        # A track whose look-up has ended so before is not waited for again.
        if error is not None and (not patient or records[SourceId(search.track.id)].tries):
            decision, error = Unmatched(Reason.UNANSWERED), None
        _record(session, search, decision)
        trouble.extend([error] if error else [])

    stop = converse(session, asker, _searches(session, tracks), settle) or next(iter(trouble), None)
    if stop:
        raise stop


def _searches(session: Session, tracks: list[Track]) -> list[Search]:
    records = session.checkpoint.matches
    artists = [track for track in tracks if item_of(track.id) is Item.ARTIST]
    library = ((record.track, record.decision) for record in records.values())
    known = known_of(artists, library) if artists else {}
    return [search_for(track, records[SourceId(track.id)], known.get(name_of(track), NOTHING)) for track in tracks]


Settle = Callable[[Search, Match | Unmatched | None, JobError | None], None]
"""Told how a search has ended: with a decision, with an error that concerns its question only, or not yet."""


def converse(session: Session, asker: Asker, searches: list[Search], settle: Settle) -> JobError | None:
    """Look for counterparts until every search has ended or something stops them all, which is returned. ``settle``
    is told of each once, of those that were stopped at the end."""
    with closing(Conversation(session, asker, searches, settle)) as conversation:
        while conversation.go_on():
            pass
        return conversation.stopped


class Conversation:
    """Questions about several searches, ``WORKERS`` of them in flight. To be closed."""

    def __init__(self, session: Session, asker: Asker, searches: list[Search], settle: Settle) -> None:
        self._session = session
        self._catalogue = asker.catalogue
        self._planner = Planner(asker.learned, asker.rules, searches)
        self._settle = settle
        self._pending: dict[Future[tuple[Track, ...]], Call] = {}
        self.stopped: JobError | None = None
        """What stopped all searches."""
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="look-up", initializer=session.gate.stand_back)

    def close(self) -> None:
        """Ask nothing more, and tell ``settle`` of the searches that have not ended."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for search in list(self._planner.open):
            self._settle(search, None, None)

    def go_on(self, *, waiting: bool = True, asking: bool = True) -> bool:
        """Take the answers that have come and, if ``asking``, ask what comes next; ``waiting`` for an answer if none
        has come. Whether more is to come."""
        self._take(wait(self._pending, None if waiting else 0, FIRST_COMPLETED).done if self._pending else set())
        while asking and self.stopped is None and len(self._pending) < WORKERS:
            if (call := self._planner.next()) is None:
                break
            self._pending[self._pool.submit(self._catalogue.ask, call.question)] = call
        for search, decision in self._planner.decided():
            self._settle(search, decision, None)
        self._session.save_soon()
        return bool(self._pending)

    def _take(self, answered: set[Future[tuple[Track, ...]]]) -> None:
        for future in answered:
            call = self._pending.pop(future)
            try:
                self._planner.answered(call, future.result())
                self._session.lookups += 1
            except JobError as error:
                about_one = _is_about_one(self._session, error)
                self.stopped = self.stopped or (None if about_one else error)
                for search in self._planner.failed(call):
                    self._settle(search, None, error if about_one else None)


def search_for(track: Track, record: MatchRecord, known: Known = NOTHING) -> Search:
    """The search to start or to go on with. ``known`` is what the library holds of an artist."""
    prefer = record.terms.prefer if record.terms else None
    return Search(track, record.evidence or Evidence(), record.ruled_out, prefer, known)


def _is_about_one(session: Session, error: JobError) -> bool:
    """Whether an error ends the look-ups of one track only: Deezer fails on the question, but answers others."""
    return isinstance(error, SkipCollection | Unavailable) and session.gate.closed(Service.DEEZER) is None


def _record(session: Session, search: Search, decision: Match | Unmatched | None) -> None:
    track = search.track
    source = SourceId(track.id)
    record = session.record(source) or MatchRecord(track)
    if decision is not None:
        session.job.observer.advance()
    match decision:
        case None:
            record = msgspec.structs.replace(record, evidence=search.evidence if search.evidence.asked else None)
        case Match():
            session.methods[decision.method] += 1
            record = decided(session, record, track, decision)
            event("track.matched", logging.DEBUG, track=track.id, deezer=decision.target, method=str(decision.method))
        case Unmatched():
            record = decided(session, record, track, decision)
            event("track.unmatched", logging.DEBUG, track=track.id, reason=str(decision.reason))
    session.put_record(source, record)


def decided(session: Session, before: MatchRecord, track: Track, decision: Match | Unmatched) -> MatchRecord:
    """The record after a search. The tries stay with a match: if Deezer refuses this counterpart as well, the pause
    goes on growing."""
    missed = isinstance(decision, Unmatched)
    return MatchRecord(
        track,
        decision,
        decided_at=session.now_text(),
        tries=before.tries + missed,
        retry_at=retry_at(session, before.tries) if missed else None,
        rejected=before.rejected,
        matcher=MATCHER_VERSION,
        terms=before.terms,
    )


def retry_at(session: Session, tries: int) -> str | None:
    """When to look again for what was not found ``tries`` times before; None for never."""
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
    due = isinstance(record.decision, Unmatched) and record.retry_at is not None and is_over(session, record.retry_at)
    return msgspec.structs.replace(record, decision=None, evidence=None) if due else record


def is_over(session: Session, retry_at: str) -> bool:
    """Whether the pause before another try is over. One that would last longer than any was set by a clock that was
    ahead, or under other settings."""
    left = (from_iso(retry_at) - session.now()).total_seconds()
    return left <= 0 or left > max(session.job.retry, default=left)


def _as_itself(session: Session, record: MatchRecord) -> MatchRecord:
    """The record of a track that is its own counterpart, unless something has been decided about it."""
    if record.decision is not None:
        return record
    decision = Match(record.track.id, Method.CACHE, 1.0)
    return msgspec.structs.replace(
        record, decision=decision, decided_at=session.now_text(), matcher=MATCHER_VERSION, evidence=None
    )


def _by_isrc(session: Session, wanted: set[str | None]) -> dict[str, MatchRecord]:
    return {
        isrc: record
        for record in session.checkpoint.matches.values()
        if (isrc := record.track.isrc) and isrc in wanted
        if isinstance(record.decision, Match) and not (record.override or record.terms)
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
                retry_at=None if record.override else retry_at(session, record.tries),
                refusals=0,
            )
        else:
            records[source] = msgspec.structs.replace(record, refusals=count)
    session.checkpoint = session.checkpoint.with_matches(records)
