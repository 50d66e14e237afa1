"""Old matches under suspicion: what brings them there, what the search for something better does, what it leaves."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from memory_stage import MemoryCatalogue, Stage, copy, matched, song

from musicdiff_job import auditing
from musicdiff_job.auditing import apply_rules, audit, suspect
from musicdiff_job.core.checkpoint import JudgedBy, MatchRecord
from musicdiff_job.core.errors import Interrupted, OutOfBudget
from musicdiff_job.core.match import MATCHER_VERSION, ByIsrc, Match, Method, Reason, Rules, Scored, Unmatched
from musicdiff_job.core.model import SourceId, Track
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.job import run_once
from musicdiff_job.lookups import Asker
from musicdiff_job.session import Session

GYM = "spotify:playlist:gym"
NOW = JudgedBy(MATCHER_VERSION, 0.85, True)


def begin(*known: Track, records: dict[SourceId, MatchRecord] | None = None) -> tuple[Stage, Session]:
    stage = Stage(catalogue=MemoryCatalogue(*known))
    session = stage.session()
    session.checkpoint = session.checkpoint.with_matches(matched(1) if records is None else records)
    return stage, session


def record(session: Session, number: int = 1) -> MatchRecord:
    return session.checkpoint.matches[SourceId(f"s{number}")]


def changed(number: int = 1, /, **fields: object) -> dict[SourceId, MatchRecord]:
    key = SourceId(f"s{number}")
    return {key: msgspec.structs.replace(matched(number)[key], **fields)}


def look(session: Session, *rows: Track) -> list[str]:
    suspect(session, {row.id: SourceId(f"s{row.id}") for row in rows}, rows)
    return sorted(session.suspects)


def search(session: Session) -> None:
    audit(session, Asker(session.connections.catalogue, session.job.rules))


# Suspects


def test_what_is_readable_and_was_judged_by_these_rules_is_not_looked_at() -> None:
    _, session = begin()
    before = session.checkpoint
    assert look(session, copy(1, title="Quite another song")) == []
    assert session.checkpoint is before


def test_what_has_become_unreadable_is_a_suspect() -> None:
    _, session = begin()
    assert look(session, copy(1, readable=False)) == ["s1"]


def test_what_an_older_matcher_took_is_judged_anew_without_a_call() -> None:
    stage, session = begin(records={**changed(1, matcher=0), **changed(2, matcher=0)})
    assert look(session, copy(1), copy(2, title="Song number 2 (Karaoke)", isrc=None)) == ["s2"]
    assert (record(session, 1).matcher, record(session, 2).matcher) == (MATCHER_VERSION, 0)
    assert stage.catalogue.asked == []


@pytest.mark.parametrize(
    "fields", [{"override": "command"}, {"decision": Unmatched(Reason.NOT_FOUND)}, {"decision": None}]
)
def test_a_persons_word_and_what_is_no_match_are_no_suspects(fields: dict[str, object]) -> None:
    _, session = begin(records=changed(1, **{"matcher": 0, **fields}))
    assert look(session, copy(1, readable=False)) == []


def test_rows_that_nobody_mirrored_are_no_suspects() -> None:
    _, session = begin()
    suspect(session, {}, [copy(1, readable=False)])
    assert not session.suspects


def test_a_suspect_that_nothing_was_found_for_is_left_alone_for_a_while() -> None:
    stage, session = begin()
    assert look(session, copy(1, readable=False)) == ["s1"]
    search(session)
    session.suspects.clear()
    assert look(session, copy(1, readable=False)) == []
    stage.clock.advance(timedelta(days=2).total_seconds())
    assert look(session, copy(1, readable=False)) == ["s1"]


# The search


def test_an_unreadable_counterpart_is_replaced_by_the_copy_that_deezer_names() -> None:
    twin = copy(1, isrc=None)
    stage, session = begin(msgspec.structs.replace(twin, id="77"))
    look(session, copy(1, readable=False, alternative="77", isrc=None))
    search(session)
    decision = record(session).decision
    assert isinstance(decision, Match)
    assert (decision.target, record(session).decided_at) == ("77", to_iso(stage.clock.now()))


def test_an_unreadable_counterpart_without_a_copy_stays() -> None:
    stage, session = begin(copy(1, readable=False))
    look(session, copy(1, readable=False))
    search(session)
    assert record(session).decision == matched(1)[SourceId("s1")].decision
    assert record(session).retry_at == to_iso(stage.clock.now() + timedelta(days=1))


def test_what_the_rules_would_not_take_any_more_is_replaced() -> None:
    _, session = begin(
        msgspec.structs.replace(copy(1), id="9"),
        records=changed(matcher=0, decision=Match("1", Method.SEARCH, 0.9)),
    )
    look(session, copy(1, title="Song number 1 (Live)", isrc=None))
    search(session)
    decision = record(session).decision
    assert isinstance(decision, Match)
    assert (decision.target, decision.method, record(session).matcher) == ("9", Method.ISRC, MATCHER_VERSION)


def test_what_the_rules_would_not_take_any_more_stays_while_nothing_better_is_found() -> None:
    """A track that is there is worth more than a gap."""
    known = Match("1", Method.SEARCH, 0.9)
    _, session = begin(records=changed(matcher=0, decision=known))
    look(session, copy(1, title="Song number 1 (Live)", isrc=None))
    search(session)
    assert record(session).decision == known


def test_a_replaced_counterpart_makes_its_collections_due_and_the_next_run_exchanges_it() -> None:
    stage = Stage(catalogue=MemoryCatalogue())
    stage.source.put(GYM, 1, 2)
    stage.know(1, 2)
    stage.deezer.rows.update({"1": copy(1), "2": copy(2)})
    assert run_once(stage.job()).outcome is Outcome.CHANGED
    assert run_once(stage.job()).outcome is Outcome.IN_SYNC
    stage.deezer.rows["1"] = copy(1, readable=False, isrc=None)
    stage.catalogue.tracks = [msgspec.structs.replace(copy(1), id="11")]
    stage.clock.advance(timedelta(days=8).total_seconds())
    run_once(stage.job())  # it is verified every week
    assert run_once(stage.job()).outcome is Outcome.CHANGED
    assert stage.own() == {"Gym": [11, 2]}
    assert run_once(stage.job()).outcome is Outcome.IN_SYNC


def test_what_stops_the_look_ups_ends_the_audit_and_not_the_run() -> None:
    stage, session = begin()
    look(session, copy(1, readable=False))
    stage.catalogue.trouble[ByIsrc(str(song(1).isrc))] = OutOfBudget("no calls left")
    search(session)
    assert record(session) == matched(1)[SourceId("s1")]


def test_a_signal_ends_the_run() -> None:
    stage, session = begin()
    look(session, copy(1, readable=False))
    stage.catalogue.trouble[ByIsrc(str(song(1).isrc))] = Interrupted(15)
    with pytest.raises(Interrupted):
        search(session)


def test_one_run_looks_for_so_many_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "AUDITED", 3)
    stage, session = begin(records=matched(*range(10)))
    look(session, *(copy(number, readable=False) for number in range(10)))
    search(session)
    assert len({question.isrc for question in stage.catalogue.asked if isinstance(question, ByIsrc)}) == 3


def test_without_suspects_nothing_is_asked() -> None:
    stage, session = begin()
    search(session)
    assert stage.catalogue.asked == []


# Rules


def test_the_first_run_only_notes_the_rules() -> None:
    _, session = begin(records=changed(decision=Match("1", Method.SEARCH, 0.5)))
    apply_rules(session)
    assert session.checkpoint.judged_by == NOW
    assert record(session).decision is not None


def unmatched(score: float, refused: str = "") -> Unmatched:
    return Unmatched(Reason.BELOW_THRESHOLD, (Scored(copy(1), score, (), refused),))


@pytest.mark.parametrize(
    ("decision", "before", "opened"),
    [
        (Match("1", Method.SEARCH, 0.84), JudgedBy(MATCHER_VERSION, 0.8, True), True),
        (Match("1", Method.SEARCH, 0.86), JudgedBy(MATCHER_VERSION, 0.8, True), False),
        (unmatched(0.86), JudgedBy(MATCHER_VERSION, 0.9, True), True),
        (unmatched(0.84), JudgedBy(MATCHER_VERSION, 0.9, True), False),
        (unmatched(0.86), JudgedBy(MATCHER_VERSION, 0.8, True), False),
        (unmatched(0.86, "another length"), JudgedBy(MATCHER_VERSION, 0.9, True), False),
        (Unmatched(Reason.NOT_FOUND), JudgedBy(MATCHER_VERSION - 1, 0.85, True), True),
        (Match("1", Method.SEARCH, 0.86), JudgedBy(MATCHER_VERSION - 1, 0.85, True), False),
        (Match("1", Method.SEARCH, 0.9), JudgedBy(MATCHER_VERSION, 0.85, False), True),
        (Match("1", Method.SEARCH, 0.9), NOW, False),
    ],
)
def test_a_change_of_rules_opens_what_they_decide_otherwise(
    decision: Match | Unmatched, before: JudgedBy, opened: bool
) -> None:
    _, session = begin(records=changed(decision=decision, retry_at="2027-01-01T00:00:00Z"))
    session.checkpoint = msgspec.structs.replace(session.checkpoint, judged_by=before)
    apply_rules(session)
    assert (record(session).decision is None) is opened
    assert session.checkpoint.judged_by == NOW


def test_another_wording_matters_only_where_the_source_does_not_say() -> None:
    said = msgspec.structs.replace(song(1), explicit=True)
    _, session = begin(records=changed(track=said))
    session.checkpoint = msgspec.structs.replace(session.checkpoint, judged_by=JudgedBy(MATCHER_VERSION, 0.85, False))
    apply_rules(session)
    assert record(session).decision is not None


def test_a_persons_word_stands_whatever_the_rules() -> None:
    _, session = begin(records=changed(decision=Match("1", Method.OVERRIDE, 0.1), override="command"))
    session.checkpoint = msgspec.structs.replace(session.checkpoint, judged_by=JudgedBy(0, 0.1, True))
    apply_rules(session)
    assert record(session).decision is not None


def test_a_stricter_threshold_takes_out_what_no_longer_reaches_it_and_a_looser_one_takes_it_back() -> None:
    near = copy(1, isrc=None, duration_ms=203_000)
    stage = Stage(catalogue=MemoryCatalogue(near, copy(2)))
    stage.source.put(GYM, 1, 2)
    assert run_once(stage.job()).outcome is Outcome.CHANGED
    assert stage.own() == {"Gym": [1, 2]}
    stage.rules = Rules(min_score=0.99)
    run_once(stage.job())
    assert stage.own() == {"Gym": [2]}
    stage.rules = Rules()
    run_once(stage.job())
    assert stage.own() == {"Gym": [1, 2]}
