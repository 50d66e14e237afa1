"""Finding counterparts: what is remembered, what is asked, and that no question is put twice."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from memory_stage import MemoryCatalogue, Stage, copy, matched, song

from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord
from musicdiff_job.core.errors import BadAnswer, OutOfBudget
from musicdiff_job.core.match import (
    MATCHER_VERSION,
    ByFields,
    ByIsrc,
    BySearch,
    Evidence,
    Match,
    Method,
    Preference,
    Reason,
    Unmatched,
)
from musicdiff_job.core.model import SourceId, TargetId, Track
from musicdiff_job.core.overrides import BY_COMMAND
from musicdiff_job.core.questions import Question, Sweep
from musicdiff_job.core.terms import Terms
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.lookups import REFUSALS_BELIEVED, Asker, refused, resolve
from musicdiff_job.session import Session


def begin(*known: Track, **fields: object) -> tuple[Stage, Session]:
    stage = Stage(catalogue=MemoryCatalogue(*known), **fields)  # type: ignore[arg-type]
    return stage, stage.session()


def look_up(session: Session, *tracks: Track) -> None:
    resolve(session, Asker(session.connections.catalogue, session.job.rules), tracks)


def record(session: Session, number: int) -> MatchRecord:
    return session.checkpoint.matches[SourceId(f"s{number}")]


def target(session: Session, number: int) -> str | None:
    decision = record(session, number).decision
    return decision.target if isinstance(decision, Match) else None


def isrc(number: int) -> ByIsrc:
    return ByIsrc(str(song(number).isrc))


# Asking


def test_a_new_track_is_looked_up_and_remembered_with_how_and_when() -> None:
    stage, session = begin(copy(1))
    look_up(session, song(1))
    found = record(session, 1)
    assert isinstance(found.decision, Match)
    assert (found.decision.target, found.decision.method) == ("1", Method.ISRC)
    assert (found.track, found.decided_at, found.matcher) == (song(1), to_iso(stage.clock.now()), MATCHER_VERSION)
    assert stage.catalogue.asked == [isrc(1)]
    assert (session.lookups, session.methods) == (1, {"isrc": 1})


def test_many_tracks_are_looked_up_and_none_is_lost_or_mixed_up() -> None:
    stage, session = begin(*map(copy, range(60)))
    look_up(session, *map(song, range(60)))
    assert {number: target(session, number) for number in range(60)} == {n: str(n) for n in range(60)}
    assert session.lookups == len(stage.catalogue.asked) == 60


def test_what_the_memory_holds_is_not_copied_for_every_track(monkeypatch: pytest.MonkeyPatch) -> None:
    folds: list[int] = []
    fold = Checkpoint.with_matches

    def counted(self: Checkpoint, records: dict[SourceId, MatchRecord]) -> Checkpoint:
        folds.append(len(records))
        return fold(self, records)

    monkeypatch.setattr(Checkpoint, "with_matches", counted)
    _, session = begin(*map(copy, range(60)))
    look_up(session, *map(song, range(60)))
    assert {number: target(session, number) for number in range(60)} == {n: str(n) for n in range(60)}
    assert folds == [60, 60], "once to open them, once with what was found"


def test_a_remembered_match_costs_no_call() -> None:
    stage, session = begin()
    session.checkpoint = session.checkpoint.with_matches(matched(1))
    before = session.checkpoint
    look_up(session, song(1))
    assert stage.catalogue.asked == []
    assert session.checkpoint == before


def test_a_remembered_match_follows_what_the_source_says_of_the_track_now() -> None:
    _, session = begin()
    session.checkpoint = session.checkpoint.with_matches(matched(1))
    look_up(session, song(1, title="Song number 1 (Remastered)"))
    assert record(session, 1).track.title == "Song number 1 (Remastered)"
    assert target(session, 1) == "1"


def test_one_question_is_put_once_however_many_tracks_need_it() -> None:
    stage, session = begin(copy(1))
    twins = [msgspec.structs.replace(song(1), id=f"twin{number}") for number in range(30)]
    look_up(session, *twins)
    assert stage.catalogue.asked == [isrc(1)]
    assert session.lookups == 1
    assert all(isinstance(found.decision, Match) for found in session.checkpoint.matches.values())


def test_an_answered_question_is_not_put_again_in_the_run() -> None:
    stage, session = begin()
    asker = Asker(session.connections.catalogue, session.job.rules)
    resolve(session, asker, [song(1)])
    asked = len(stage.catalogue.asked)
    resolve(session, asker, [msgspec.structs.replace(song(1), id="other")])
    assert len(stage.catalogue.asked) == asked


# Twins


def test_another_entry_of_a_known_recording_costs_no_call() -> None:
    stage, session = begin()
    session.checkpoint = session.checkpoint.with_matches(matched(1))
    look_up(session, msgspec.structs.replace(song(1), id="s2"))
    found = record(session, 2).decision
    assert isinstance(found, Match)
    assert (found.target, found.method) == ("1", Method.CACHE)
    assert stage.catalogue.asked == []


@pytest.mark.parametrize(
    "other", [{"duration_ms": 204_000}, {"duration_ms": None, "title": "Another song"}, {"isrc": None}]
)
def test_what_may_be_another_recording_is_looked_up(other: dict[str, object]) -> None:
    stage, session = begin()
    session.checkpoint = session.checkpoint.with_matches(matched(1))
    look_up(session, msgspec.structs.replace(song(1), id="s2", **other))
    assert stage.catalogue.asked


def test_a_persons_word_about_one_track_is_not_taken_for_its_twins() -> None:
    stage, session = begin()
    said = msgspec.structs.replace(matched(1)[SourceId("s1")], override="match set")
    session.checkpoint = session.checkpoint.with_matches({SourceId("s1"): said})
    look_up(session, msgspec.structs.replace(song(1), id="s2"))
    assert stage.catalogue.asked


def test_a_track_with_refused_candidates_does_not_take_its_twins_match() -> None:
    stage, session = begin(copy(1))
    rejected = MatchRecord(song(2), rejected=(TargetId("1"),))
    session.checkpoint = session.checkpoint.with_matches({**matched(1), SourceId("s2"): rejected})
    look_up(session, msgspec.structs.replace(song(1), id="s2"))
    assert stage.catalogue.asked
    assert target(session, 2) is None


# What a person has said


def test_the_overrides_file_decides_without_a_call() -> None:
    stage, session = begin(copy(1), overrides={SourceId("s1"): TargetId("77"), SourceId("s2"): None})
    look_up(session, song(1), song(2))
    assert record(session, 1).decision == Match("77", Method.OVERRIDE, 1.0)
    assert record(session, 2).decision == Unmatched(Reason.REJECTED)
    assert stage.catalogue.asked == []


def test_the_overrides_file_beats_what_was_found_and_forgets_nothing_that_was_rejected() -> None:
    _, session = begin(overrides={SourceId("s1"): TargetId("77")})
    known = msgspec.structs.replace(matched(1)[SourceId("s1")], rejected=(TargetId("5"),))
    session.checkpoint = session.checkpoint.with_matches({SourceId("s1"): known})
    look_up(session, song(1))
    assert target(session, 1) == "77"
    assert record(session, 1).rejected == (TargetId("5"),)


def test_a_word_taken_out_of_the_overrides_file_holds_no_longer() -> None:
    stage, session = begin(copy(1), overrides={SourceId("s1"): TargetId("77")})
    look_up(session, song(1))
    stage.overrides = {}
    later = stage.session(session.checkpoint)
    look_up(later, song(1))
    assert target(later, 1) == "1"


@pytest.mark.parametrize("decision", [Match("9", Method.OVERRIDE, 1.0), Unmatched(Reason.REJECTED)])
def test_what_was_said_by_command_stands(decision: Match | Unmatched) -> None:
    stage, session = begin(copy(1))
    known = MatchRecord(song(1), decision, override="command", retry_at="2020-01-01T00:00:00Z")
    session.checkpoint = session.checkpoint.with_matches({SourceId("s1"): known})
    look_up(session, song(1))
    assert record(session, 1).decision == decision
    assert stage.catalogue.asked == []


def test_a_rejected_candidate_is_never_found_again() -> None:
    _, session = begin(copy(1))
    known = MatchRecord(song(1), rejected=(TargetId("1"),))
    session.checkpoint = session.checkpoint.with_matches({SourceId("s1"): known})
    look_up(session, song(1))
    assert target(session, 1) is None
    assert record(session, 1).rejected == (TargetId("1"),)


def under(terms: Terms) -> tuple[Stage, Session]:
    other = msgspec.structs.replace(copy(1), id="11", album="Hits")
    return begin(copy(1), other, terms={SourceId("s1"): terms})


HITS = Terms((), Preference("Hits"))


def test_the_overrides_file_prefers_a_copy() -> None:
    _, session = under(HITS)
    look_up(session, song(1))
    assert (target(session, 1), record(session, 1).terms) == ("11", HITS)


def test_the_overrides_file_rules_a_track_out() -> None:
    _, session = under(Terms((TargetId("1"),)))
    look_up(session, song(1))
    assert target(session, 1) == "11"
    assert record(session, 1).rejected == (), "what the file says is to end with it"


@pytest.mark.parametrize("taken_back", [False, True])
def test_a_changed_word_of_the_file_reopens_only_the_tracks_it_names(taken_back: bool) -> None:
    stage, _ = under(HITS)
    stage.terms = {SourceId("s1"): HITS} if taken_back else {}
    first = stage.session()
    look_up(first, song(1))
    first.checkpoint = first.checkpoint.with_matches(matched(2))
    stage.terms = {} if taken_back else {SourceId("s1"): HITS}
    stage.catalogue.asked.clear()
    later = stage.session(first.checkpoint)
    look_up(later, song(1), song(2))
    assert (target(first, 1), target(later, 1)) == (("11", "1") if taken_back else ("1", "11"))
    assert record(later, 2) == matched(2)[SourceId("s2")]
    assert isrc(2) not in stage.catalogue.asked
    stage.catalogue.asked.clear()
    look_up(stage.session(later.checkpoint), song(1), song(2))
    assert stage.catalogue.asked == []


def test_what_was_said_by_command_stands_beside_a_preference_but_not_against_a_rejection() -> None:
    _, session = under(HITS)
    known = MatchRecord(song(1), Match("9", Method.OVERRIDE, 1.0), override=BY_COMMAND)
    session.checkpoint = session.checkpoint.with_matches({SourceId("s1"): known})
    look_up(session, song(1))
    assert record(session, 1) == msgspec.structs.replace(known, terms=HITS)
    _, session = under(Terms((TargetId("9"),)))
    session.checkpoint = session.checkpoint.with_matches({SourceId("s1"): known})
    look_up(session, song(1))
    assert target(session, 1) == "1"


def test_no_twin_takes_a_match_that_a_person_has_shaped_nor_gives_it_one() -> None:
    stage, session = under(HITS)
    look_up(session, song(1))
    stage.catalogue.asked.clear()
    look_up(session, msgspec.structs.replace(song(1), id="s2"))
    assert (target(session, 2), stage.catalogue.asked) == ("1", [isrc(1)])
    _, session = under(HITS)
    twin = MatchRecord(msgspec.structs.replace(song(1), id="s2"), Match("1", Method.ISRC, 1.0))
    session.checkpoint = session.checkpoint.with_matches({SourceId("s2"): twin})
    look_up(session, song(1))
    assert target(session, 1) == "11"


# Trying again


def test_an_unmatched_track_is_tried_again_on_the_growing_schedule() -> None:
    stage, session = begin(retry=(100.0, 300.0))
    waits = []
    for tries in (1, 2, 3, 4):
        look_up(session, song(1))
        found = record(session, 1)
        assert isinstance(found.decision, Unmatched)
        assert found.tries == tries
        asked = len(stage.catalogue.asked)
        look_up(session, song(1))
        assert len(stage.catalogue.asked) == asked, "not before its time"
        due = found.retry_at or ""
        waits.append(next(s for s in (100, 300) if to_iso(stage.clock.now() + timedelta(seconds=s)) == due))
        stage.clock.advance(waits[-1])
    assert waits == [100, 300, 300, 300]


def test_a_track_that_deezer_has_got_by_now_is_matched() -> None:
    stage, session = begin(retry=(100.0,))
    look_up(session, song(1))
    stage.catalogue.tracks.append(copy(1))
    stage.clock.advance(100.0)
    look_up(session, song(1))
    assert target(session, 1) == "1"
    assert (record(session, 1).tries, record(session, 1).retry_at) == (1, None), "were it refused, the pause would grow"


def test_no_pause_is_longer_than_the_longest_one() -> None:
    """It was set by a clock that was ahead and has been set back, or under another schedule."""
    stage, session = begin(retry=(100.0, 300.0))
    look_up(session, song(1))
    asked = len(stage.catalogue.asked)
    for seconds, again in ((300, False), (301, True)):
        until = to_iso(stage.clock.now() + timedelta(seconds=seconds))
        known = msgspec.structs.replace(record(session, 1), retry_at=until)
        session.checkpoint = session.checkpoint.with_matches({SourceId("s1"): known})
        look_up(session, song(1))
        assert (len(stage.catalogue.asked) > asked) is again


def test_without_a_schedule_nothing_is_tried_again() -> None:
    stage, session = begin(retry=())
    look_up(session, song(1))
    asked = len(stage.catalogue.asked)
    stage.clock.advance(1e8)
    look_up(session, song(1))
    assert record(session, 1).retry_at is None
    assert len(stage.catalogue.asked) == asked


# Stopped in the middle


def test_a_search_cut_short_goes_on_with_the_next_question() -> None:
    stage, session = begin(msgspec.structs.replace(copy(1), isrc=None))
    search: Question = BySearch("Song number 1 Singer")
    stage.catalogue.trouble = {search: OutOfBudget("spent")}
    with pytest.raises(OutOfBudget):
        look_up(session, song(1))
    assert record(session, 1).decision is None
    assert record(session, 1).evidence == Evidence((isrc(1),))
    assert session.lookups == 1
    stage.catalogue.trouble = {}
    stage.catalogue.asked.clear()
    later = stage.session(session.checkpoint)
    look_up(later, song(1))
    assert stage.catalogue.asked == [search]
    assert target(later, 1) == "1"
    assert record(later, 1).evidence is None


def test_what_one_failed_question_leaves_of_the_others_is_recorded() -> None:
    stage, session = begin(*map(copy, range(12)))
    stage.catalogue.trouble = {isrc(3): BadAnswer("not a track")}
    with pytest.raises(BadAnswer):
        look_up(session, *map(song, range(12)))
    assert target(session, 3) is None
    assert record(session, 3).evidence is None
    answered = {question for question in stage.catalogue.asked if question != isrc(3)}
    assert {n for n in range(12) if target(session, n)} == {n for n in range(12) if isrc(n) in answered}
    stage.catalogue.trouble = {}
    later = stage.session(session.checkpoint)
    look_up(later, *map(song, range(12)))
    assert all(target(later, number) == str(number) for number in range(12))
    assert len(stage.catalogue.asked) == 13, "no answer was asked for twice"


def test_long_searches_are_saved_while_they_go_on() -> None:
    stage, session = begin(*map(copy, range(40)))
    ask = stage.catalogue.ask

    def slow(question: Question | Sweep) -> tuple[Track, ...]:
        stage.clock.advance(1.0)
        return ask(question)

    stage.catalogue.ask = slow  # type: ignore[method-assign]
    look_up(session, *map(song, range(40)))
    assert len(stage.store.saved) >= 2
    assert 0 < len(stage.store.saved[0].matches) <= 40


# What the target would not take


def test_a_counterpart_refused_often_enough_is_unmatched_and_tried_again_later() -> None:
    stage, session = begin()
    session.checkpoint = session.checkpoint.with_matches(matched(1, 2))
    for _ in range(REFUSALS_BELIEVED - 1):
        refused(session, [TargetId("1")])
        assert target(session, 1) == "1"
    refused(session, [TargetId("1")])
    found = record(session, 1)
    assert found.decision == Unmatched(Reason.REFUSED)
    assert found.retry_at == to_iso(stage.clock.now() + timedelta(days=1))
    assert (found.tries, found.refusals) == (1, 0)
    assert record(session, 2) == matched(2)[SourceId("s2")]


def test_a_clear_refusal_is_believed_at_once() -> None:
    _, session = begin()
    session.checkpoint = session.checkpoint.with_matches(matched(1))
    refused(session, [TargetId("1"), TargetId("unknown")], at_once=True)
    assert record(session, 1).decision == Unmatched(Reason.REFUSED)


def test_fields_are_asked_last() -> None:
    stage, session = begin()
    look_up(session, song(1))
    assert stage.catalogue.asked == [isrc(1), BySearch("Song number 1 Singer"), ByFields("Singer", "Song number 1")]
    assert record(session, 1).decision == Unmatched(Reason.NOT_FOUND)
