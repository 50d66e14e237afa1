"""The memory between runs: its transitions, and that a run may die at any write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sync_world import PLAYLIST, World, after, changes_of, ids, pair, pairs, targets, worlds, written

from musicdiff_job.core.checkpoint import (
    RUNS_KEPT,
    Checkpoint,
    MatchRecord,
    Mirror,
    NotBefore,
    Pair,
    Part,
    acknowledge,
    holds,
    intend,
    restore,
    settled_base,
    with_part,
)
from musicdiff_job.core.diff import Difference, diff
from musicdiff_job.core.match import Match, Method
from musicdiff_job.core.model import CollectionId, Kind, PlaylistId, SourceId, TargetId, Track
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.plan import AddTracks, Change, LikeTrack, RemoveTracks, ReorderTracks, UnlikeTrack
from musicdiff_job.core.plays import Cursor, PlayKey
from musicdiff_job.core.policy import HandEdits
from musicdiff_job.core.summary import CollectionResult, CollectionState, ErrorLine, Summary
from musicdiff_job.core.terms import Preference, Terms
from musicdiff_job.core.timestamps import to_iso

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = 86_400
ONE, TWO = CollectionId("spotify:playlist:1"), CollectionId("spotify:playlist:2")


def mirror(id_: CollectionId = ONE, **fields: object) -> Mirror:
    return Mirror(id=id_, kind=Kind.PLAYLIST, name="Gym", **fields)  # type: ignore[arg-type]


def add(tracks: str) -> AddTracks:
    return AddTracks(PLAYLIST, ids(tracks))


def remove(tracks: str) -> RemoveTracks:
    return RemoveTracks(PLAYLIST, ids(tracks))


# Closed services


@pytest.mark.parametrize(
    ("since", "until", "closed"),
    [
        pytest.param(0, 60, True, id="a minute"),
        pytest.param(-86_400, 60, True, id="said yesterday"),
        pytest.param(-86_400, 0, False, id="over"),
        pytest.param(None, 60, True, id="said nobody knows when"),
        pytest.param(0, 366 * DAY, True, id="a year"),
        pytest.param(0, 366 * DAY + 1, False, id="longer than any service may ask"),
        pytest.param(None, 366 * DAY + 1, False, id="that long, said nobody knows when"),
        pytest.param(1, 60, False, id="said by a clock that was ahead"),
    ],
)
def test_a_service_is_closed_as_long_as_it_said_and_may_say(since: int | None, until: int, closed: bool) -> None:
    said_at = None if since is None else to_iso(NOW + timedelta(seconds=since))
    ends = NOW + timedelta(seconds=until)
    assert NotBefore(to_iso(ends), "quota", since=said_at).closed_until(NOW) == (ends if closed else None)


# Intents


def test_an_intent_joins_those_in_flight_and_an_acknowledgement_covers_them_all() -> None:
    known = mirror(parts=(Part(PlaylistId("6")), Part(PLAYLIST)))
    once = intend(known, PLAYLIST, add("ab"))
    twice = intend(acknowledge(once, PLAYLIST), PLAYLIST, remove("c"))
    part = twice.parts[1]
    assert part.in_flight == (add("ab"), remove("c"))
    assert part.added_in_flight() == part.added_in_flight(acknowledged=True) == frozenset(ids("ab"))
    assert once.parts[1].added_in_flight(acknowledged=True) == frozenset()
    assert part.removed_in_flight() == frozenset(ids("c"))
    assert twice.parts[0] == Part(PlaylistId("6"))


def test_likes_are_in_flight_like_additions() -> None:
    part = Part(
        PLAYLIST, in_flight=(LikeTrack(TargetId("a")), UnlikeTrack(TargetId("b")), ReorderTracks(PLAYLIST, ids("x")))
    )
    assert (part.added_in_flight(), part.removed_in_flight()) == (frozenset(ids("a")), frozenset(ids("b")))


def test_a_part_is_replaced_in_its_place_or_comes_last() -> None:
    known = mirror(parts=(Part(PlaylistId("1")), Part(PlaylistId("2"))))
    assert [part.count for part in with_part(known, Part(PlaylistId("1"), count=5)).parts] == [5, -1]
    assert [part.playlist for part in with_part(known, Part(PlaylistId("3"))).parts] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("base", "in_flight", "present", "settled"),
    [
        pytest.param("ab", [], "", "ab", id="nothing in flight: the base stands, whatever is seen"),
        pytest.param("a", [add("b")], "ab", "ab", id="an addition that is there is ours"),
        pytest.param("a", [add("b")], "a", "a", id="an addition that is not there never happened"),
        pytest.param("ab", [remove("b")], "a", "a", id="a removal that is gone is done"),
        pytest.param("ab", [remove("b")], "ab", "ab", id="a removal that is still there is still ours"),
        pytest.param("ab", [remove("z")], "abz", "ab", id="what was never ours does not become so by its removal"),
        pytest.param("ab", [add("b")], "a", "a", id="an entry added again that is not there never happened"),
        pytest.param("a", [add("bc"), add("c")], "ac", "ac", id="half a batch"),
    ],
)
def test_settling(base: str, in_flight: list[Change], present: str, settled: str) -> None:
    part = Part(PLAYLIST, base=pairs(base), in_flight=tuple(in_flight))
    assert targets(settled_base(part, frozenset(ids(present)))) == ids(settled)


def test_a_settled_addition_is_owned_before_its_source_is_known() -> None:
    part = Part(PLAYLIST, in_flight=(add("a"),))
    assert settled_base(part, frozenset(ids("a"))) == (Pair(SourceId(""), TargetId("a")),)


# What undo puts back


@pytest.mark.parametrize(
    ("base", "in_flight", "acknowledged", "left"),
    [
        ("abc", [], 0, []),
        ("abc", [remove("ab"), add("x")], 1, [remove("a"), add("x")]),
        ("abc", [remove("b"), add("x")], 1, [add("x")]),
        ("ac", [UnlikeTrack(TargetId("b")), LikeTrack(TargetId("x"))], 2, [LikeTrack(TargetId("x"))]),
        ("ac", [ReorderTracks(PLAYLIST, ids("bac"))], 1, [ReorderTracks(PLAYLIST, ids("bac"))]),
    ],
)
def test_what_is_put_back_is_nobodys_but_the_persons(
    base: str, in_flight: list[Change], acknowledged: int, left: list[Change]
) -> None:
    part = Part(PLAYLIST, base=pairs(base), in_flight=tuple(in_flight), acknowledged=acknowledged)
    other = Part(PlaylistId("6"), base=pairs("b"))
    known = restore(mirror(parts=(other, part), restored=ids("z")), PLAYLIST, ids("b"))
    assert known.restored == ids("zb")
    assert known.parts[0] == other
    assert (targets(known.parts[1].base), known.parts[1].in_flight) == (ids("ac"), tuple(left))
    assert known.parts[1].in_flight[: known.parts[1].acknowledged] == tuple(
        change for change in left if change in in_flight[:acknowledged] or change == remove("a")
    )
    assert TargetId("b") not in targets(settled_base(known.parts[1], frozenset(ids("abc"))))


# A run that dies


def compare(world: World, part: Part, present: tuple[TargetId, ...], desired: tuple[Pair, ...]) -> Difference:
    return diff(part.base, world.left_out, desired, present, edits=world.edits, asked=world.asked)


def interrupted(
    world: World, part: Part, present: tuple[TargetId, ...], stop: int, *, applied: bool, batch: int
) -> tuple[Part, tuple[TargetId, ...]]:
    """One look, then writes until the run is killed around write ``stop``: its intent is saved, it may have been
    applied, and what the next run finds is the part as saved and the target as it is."""
    seen = msgspec.structs.replace(part, base=settled_base(part, frozenset(present)), in_flight=(), acknowledged=0)
    changes = changes_of(compare(world, seen, present, world.desired), present, batch=batch)[: stop + 1]
    memory = mirror(parts=(seen,))
    for number, change in enumerate(changes):
        memory = intend(memory, PLAYLIST, change)
        if number < stop or applied:
            present = written(present, change)
        if number < stop:
            memory = acknowledge(memory, PLAYLIST)
    return memory.parts[0], present


KILLS = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=3)


@settings(max_examples=150, deadline=None)
@given(worlds(), KILLS, st.integers(1, 3))
def test_killed_at_any_write_the_end_is_that_of_an_undisturbed_run(
    world: World, kills: list[tuple[int, bool]], batch: int
) -> None:
    undisturbed = compare(world, Part(PLAYLIST, base=world.base), world.present, world.desired)
    part, present = Part(PLAYLIST, base=world.base), world.present
    for stop, applied in kills:
        part, present = interrupted(world, part, present, stop, applied=applied, batch=batch)
    settled = msgspec.structs.replace(part, base=settled_base(part, frozenset(present)))
    found = compare(world, settled, present, world.desired)
    assert found.hand_added == undisturbed.hand_added
    assert after(present, changes_of(found, present)) == undisturbed.order
    assert (found.base, found.left_out) == (undisturbed.base, undisturbed.left_out)


@settings(max_examples=150, deadline=None)
@given(worlds(), KILLS, st.integers(1, 3), st.data())
def test_killed_while_the_source_moves_on_nothing_of_ours_is_taken_for_anybody_elses(
    world: World, kills: list[tuple[int, bool]], batch: int, data: st.DataObject
) -> None:
    by_hand = set(world.present) - set(targets(world.base))
    part, present = Part(PLAYLIST, base=world.base), world.present
    for stop, applied in kills:
        part, present = interrupted(world, part, present, stop, applied=applied, batch=batch)
    settled = msgspec.structs.replace(part, base=settled_base(part, frozenset(present)))
    later = data.draw(worlds()).desired
    found = compare(world, settled, present, later)
    assert set(found.hand_added) <= by_hand
    assert set(found.ask_added) <= by_hand
    placed = set(targets(settled.base))
    assert not (set(present) - by_hand) - placed, "an entry of ours has lost its owner"
    assert set(targets(found.left_out)) <= set(targets((*world.base, *world.left_out)))


def test_an_addition_that_was_lost_is_made_again_and_not_taken_for_removed_by_hand() -> None:
    part = Part(PLAYLIST, base=pairs("a"), in_flight=(add("b"),), acknowledged=1)
    found = diff(settled_base(part, frozenset(ids("a"))), (), pairs("ab"), ids("a"), edits=HandEdits.KEEP)
    assert (found.add, found.left_out) == (pairs("b"), ())


# The document


def summary(number: int, *collections: CollectionResult) -> Summary:
    return Summary(str(number), Outcome.IN_SYNC, "", "", 0.0, collections=collections)


def test_the_last_fifty_runs_are_kept_with_what_there_was_to_tell() -> None:
    checkpoint = Checkpoint()
    quiet = CollectionResult("q", "playlist", "q", CollectionState.IN_SYNC, "")
    telling = tuple(CollectionResult(str(n), "playlist", "", CollectionState.CHANGED, "") for n in range(30))
    for number in range(RUNS_KEPT + 3):
        checkpoint = checkpoint.with_run(summary(number, quiet, *telling))
    assert [run.run_id for run in checkpoint.runs] == [str(number) for number in range(3, RUNS_KEPT + 3)]
    assert checkpoint.runs[0].collections == telling[:20]


def test_a_run_with_many_errors_does_not_swell_the_document() -> None:
    many = tuple(ErrorLine(str(number), "failed") for number in range(1000))
    told = msgspec.structs.replace(summary(1), errors=many, new_playlists=tuple(line.where for line in many))
    (kept,) = Checkpoint().with_run(told).runs
    assert (kept.errors, len(kept.new_playlists)) == (many[:20], 20)


def test_touching_makes_the_collections_that_hold_a_track_due() -> None:
    placed = mirror(ONE, parts=(Part(PLAYLIST, base=(pair("9", "s1"),)),), snapshot="x")
    waiting = mirror(TWO, waiting=(SourceId("s2"),), snapshot="x")
    left = mirror(CollectionId("3"), left_out=(pair("8", "s3"),), snapshot="x")
    checkpoint = Checkpoint().with_mirror(placed).with_mirror(waiting).with_mirror(left)

    def due(*sources: str) -> set[str]:
        touched = checkpoint.touch(frozenset(map(SourceId, sources)))
        return {key for key, one in touched.mirrors.items() if one.snapshot == ""}

    assert due("s1") == {ONE}
    assert due("s2", "s3") == {TWO, "3"}
    assert due("other") == set()
    assert holds(placed, frozenset({SourceId("s1")}))


def test_transitions_leave_the_old_value_alone() -> None:
    empty = Checkpoint()
    empty.with_mirror(mirror())
    empty.with_run(summary(1))
    assert empty == Checkpoint()


def test_matches_of_older_versions_load_and_what_is_not_said_is_not_written() -> None:
    """As written before ``taken`` and ``terms`` were kept."""
    old = (
        b'{"track":{"id":"s","title":"Song"},"decision":{"type":"match","target":"1","method":"search","score":0.9,'
        b'"runner_up":"2","runner_up_score":0.89},"decided_at":"2026-11-20T03:00:00Z","matcher":1}'
    )
    record = msgspec.json.decode(old, type=MatchRecord)
    assert (record.decision, record.terms) == (Match("1", Method.SEARCH, 0.9, "2", 0.89), None)
    assert msgspec.json.encode(record) == old
    assert isinstance(record.decision, Match)
    taken = msgspec.structs.replace(record.decision, taken=Track("1", "Song", album="Hits"))
    terms = Terms((TargetId("5"),), Preference("Hits", explicit=False))
    new = msgspec.structs.replace(record, decision=taken, terms=terms)
    assert msgspec.json.decode(msgspec.json.encode(new), type=MatchRecord) == new
    assert new.ruled_out == {"5"}


def test_a_checkpoint_from_before_the_listening_history_loads() -> None:
    assert msgspec.json.encode(Checkpoint()) == b"{}"
    assert msgspec.json.decode(b"{}", type=Checkpoint).playback is None
    kept = Checkpoint(playback=Cursor((PlayKey("2026-11-21T12:00:00.000Z", "t"),)))
    assert msgspec.json.decode(msgspec.json.encode(kept), type=Checkpoint) == kept
    assert msgspec.json.decode(msgspec.json.encode(Checkpoint(playback=Cursor())), type=Checkpoint).playback == Cursor()
