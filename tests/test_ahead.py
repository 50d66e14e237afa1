"""Looking ahead: what comes next is read and looked up while something is written, and nothing else changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from memory_stage import MemoryCatalogue, Stage, WatchedTarget, copy, song

from musicdiff_job.ahead import CALLS_KEPT, Ahead
from musicdiff_job.core.errors import BadAnswer, Interrupted, OutOfBudget, Unavailable
from musicdiff_job.core.match import ByIsrc, Match
from musicdiff_job.core.model import CollectionHead, Service, SourceId, Track, Unreadable
from musicdiff_job.core.plan import Change, CreatePlaylist
from musicdiff_job.core.questions import Question, Sweep
from musicdiff_job.core.summary import CollectionResult, CollectionState
from musicdiff_job.gate import Gate, Limits
from musicdiff_job.job import run_once
from musicdiff_job.lookups import Asker
from musicdiff_job.mirroring import mirror
from musicdiff_job.results import Tally
from musicdiff_job.session import Session

ONE, TWO, THREE = range(6), range(10, 18), range(20, 24)


class Watching(Stage):
    """A stage that notes, in order, what is read, asked and written."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.seen: list[str] = []
        self.calls: int | None = None
        self.source.on_page = lambda head, offset: self.seen.append(f"read {head.name}")
        self.target.answers = self._written

    def _written(self, change: Change) -> None:
        self.seen.append(type(change).__name__)


def three_lists(**fields: object) -> tuple[Watching, list[CollectionHead]]:
    catalogue = MemoryCatalogue(*(copy(number) for numbers in (ONE, TWO, THREE) for number in numbers))
    stage = Watching(catalogue=catalogue, **fields)  # type: ignore[arg-type]
    heads = [
        stage.source.put("p1", *ONE, name="One"),
        stage.source.put("p2", *TWO, name="Two"),
        stage.source.put("p3", *THREE, name="Three"),
    ]
    return stage, heads


def in_turn(
    session: Session, heads: list[CollectionHead], before: Callable[[CollectionHead], object] = lambda head: None
) -> list[CollectionResult]:
    asker = Asker(session.connections.catalogue, session.job.rules)
    results = []

    def one(session: Session, asker: Asker, head: CollectionHead, reason: str, tally: Tally) -> CollectionResult:
        before(head)
        return mirror(session, asker, head, reason, tally)

    with Ahead(session, asker, heads) as ahead:
        hand = ahead.then(one)
        for head in heads:
            results.append(hand(session, asker, head, "new", Tally()))
    return results


def isrc(number: int) -> ByIsrc:
    return ByIsrc(str(song(number).isrc))


def counterpart(session: Session, number: int) -> str | None:
    record = session.checkpoint.matches.get(SourceId(f"s{number}"))
    return record.decision.target if record is not None and isinstance(record.decision, Match) else None


def test_what_comes_next_is_read_and_asked_for_before_the_first_is_written() -> None:
    stage, heads = three_lists()
    asked_at_the_write: list[int] = []
    stage.target.after = lambda change: asked_at_the_write.append(len(stage.catalogue.asked))
    in_turn(stage.session(), heads)
    assert stage.seen.index("read Two") < stage.seen.index("CreatePlaylist")
    assert stage.seen.index("read Three") < [n for n, what in enumerate(stage.seen) if what == "CreatePlaylist"][1]
    assert asked_at_the_write[0] > len(ONE), "the first write waits for nothing but its own look-ups"


def test_the_outcome_and_the_questions_are_those_of_one_after_the_other() -> None:
    stage, heads = three_lists()
    session = stage.session()
    results = in_turn(session, heads)
    alone, same = three_lists()
    plain = alone.session()
    asker = Asker(plain.connections.catalogue, plain.job.rules)
    expected = [mirror(plain, asker, head, "new", Tally()) for head in same]
    assert results == expected
    assert stage.own() == alone.own() == {"One": [*ONE], "Two": [*TWO], "Three": [*THREE]}
    assert sorted(map(str, stage.catalogue.asked)) == sorted(map(str, alone.catalogue.asked))
    assert sorted(stage.source.calls) == sorted(alone.source.calls)
    assert session.checkpoint.matches == plain.checkpoint.matches


def test_a_look_before_anything_is_written_begins_nothing() -> None:
    stage, heads = three_lists()
    session = stage.session()
    with Ahead(session, Asker(session.connections.catalogue, session.job.rules), heads):
        session.target.playlists()
        session.target.favourites()
    assert stage.seen == []


@pytest.mark.parametrize(
    "why", [Unreadable("Spotify says no"), BadAnswer("nonsense"), Unavailable("down", service=Service.SPOTIFY)]
)
def test_what_keeps_a_list_from_being_read_is_told_in_its_turn_and_asked_once(why: Unreadable | Exception) -> None:
    stage, heads = three_lists()

    def refuse(head: CollectionHead, offset: int) -> None:
        stage.seen.append(f"read {head.name}")
        if head.name == "Two" and isinstance(why, Exception):
            raise why

    stage.source.on_page = refuse
    if isinstance(why, Unreadable):
        stage.source.unreadable[heads[1].id] = why
    session = stage.session()
    turns: list[str] = []
    if isinstance(why, Unreadable):
        results = in_turn(session, heads)
        assert [one.state for one in results] == [
            CollectionState.CHANGED, CollectionState.FAILED, CollectionState.CHANGED,
        ]  # fmt: skip
        assert results[1].reason == why.reason
    else:
        with pytest.raises(type(why), match=str(why)):
            in_turn(session, heads, lambda head: turns.append(head.name))
        assert turns == ["One", "Two"]
    assert stage.seen.count("read Two") == 1


def test_a_look_up_that_fails_ahead_is_tried_again_in_its_turn() -> None:
    stage, heads = three_lists()
    broken = isrc(TWO[0])
    stage.catalogue.trouble[broken] = BadAnswer("nonsense")
    session = stage.session()

    def mended(head: CollectionHead) -> None:
        if head.name == "Two":
            assert counterpart(session, TWO[1]) == str(TWO[1]), "the others were found"
            assert counterpart(session, TWO[0]) is None
            stage.catalogue.trouble.clear()

    in_turn(session, heads, mended)
    assert stage.own()["Two"] == [*TWO]
    assert stage.catalogue.asked.count(broken) == 2


def test_what_was_found_ahead_is_in_the_checkpoint_however_the_first_ends() -> None:
    stage, heads = three_lists()

    def stop(change: Change) -> None:
        if isinstance(change, CreatePlaylist):
            raise OutOfBudget("the budget is spent")

    stage.target.after = stop
    session = stage.session()
    with pytest.raises(OutOfBudget):
        in_turn(session, heads)
    asked = [number for number in TWO if isrc(number) in stage.catalogue.asked]
    assert asked
    assert [counterpart(session, number) for number in asked] == [str(number) for number in asked]
    assert session.mirror(heads[1]).is_read


def test_a_signal_waits_for_no_answer() -> None:
    stage, heads = three_lists()

    def stop(change: Change) -> None:
        if isinstance(change, CreatePlaylist):
            stage.stop.set(15)
            raise Interrupted(15)

    stage.target.after = stop
    session = stage.session()
    with pytest.raises(Interrupted):
        in_turn(session, heads)
    assert isinstance(stage.target, WatchedTarget)
    assert session.target is stage.target, "what was put around it is gone"


@pytest.mark.parametrize(("calls", "looks"), [(CALLS_KEPT, False), (CALLS_KEPT + 1, True), (None, True)])
def test_the_end_of_a_budget_is_kept_for_the_collection_at_hand(calls: int | None, looks: bool) -> None:
    stage, heads = three_lists()
    session = stage.session()
    gate = Gate(Limits(None, calls, {}, {}), stage.clock, stage.stop)
    session.connections = replace(session.connections, gate=gate)
    in_turn(session, heads)
    assert (stage.seen.index("read Two") < stage.seen.index("CreatePlaylist")) is looks


def test_nothing_is_looked_up_before_what_has_to_wait_for_its_turn() -> None:
    """In another order other copies might be found."""
    stage, heads = three_lists()
    stage.deezer.rows.update({str(number): copy(number) for number in TWO})
    stage.deezer.create_by_hand("Two", TWO)
    session = stage.session()
    in_turn(session, heads, lambda head: stage.seen.append(f"turn {head.name}"))
    assert stage.seen.index("turn Two") > stage.seen.index("read Two"), (
        "it is read, but its playlist is looked at first"
    )
    assert stage.seen.index("read Three") > stage.seen.index("turn Two")
    assert not {isrc(number) for number in TWO} & set(stage.catalogue.asked)
    assert stage.own() == {"One": [*ONE], "Two": [*TWO], "Three": [*THREE]}


def test_no_more_is_read_ahead_than_the_checkpoint_should_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("musicdiff_job.ahead.ENTRIES_AHEAD", len(TWO) - 1)
    stage, heads = three_lists()
    in_turn(stage.session(), heads, lambda head: stage.seen.append(f"turn {head.name}"))
    assert stage.seen.index("read Two") < stage.seen.index("AddTracks") < stage.seen.index("read Three")
    assert stage.seen.index("read Three") < stage.seen.index("turn Three"), "there is room again"


def test_look_ups_let_reads_and_writes_go_first() -> None:
    stage, heads = three_lists()
    session = stage.session()
    stood_back: list[bool] = []
    ask = stage.catalogue.ask

    def watched(question: Question | Sweep) -> tuple[Track, ...]:
        stood_back.append(getattr(session.gate._thread, "patient", False))
        return ask(question)

    stage.catalogue.ask = watched  # type: ignore[method-assign]
    in_turn(session, heads)
    assert stood_back
    assert all(stood_back)
    assert not getattr(session.gate._thread, "patient", False)


def test_a_whole_run_looks_ahead() -> None:
    stage, _ = three_lists()
    summary = run_once(stage.job())
    assert summary.outcome == "changed"
    assert stage.seen.index("AddTracks") > stage.seen.index("read One"), "the shortest is first"
    assert stage.own() == {"One": [*ONE], "Two": [*TWO], "Three": [*THREE]}
    again = run_once(stage.job())
    assert again.outcome == "in_sync"
