"""What a run removed comes back to where it was, and stays."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_review import Death, apply, dying, errors, job_of, planned_undo, run, undo
from memory_stage import Stage, copy
from mortal import Killed

from musicdiff_job.core.checkpoint import NotBefore
from musicdiff_job.core.conflict import ConflictKind, Side, conflict_id
from musicdiff_job.core.errors import NotFound
from musicdiff_job.core.forget import forget_all
from musicdiff_job.core.model import LIKED, CollectionId, PlaylistId, TargetContents
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.plan import (
    AddTracks,
    Change,
    Created,
    CreatePlaylist,
    LikeTrack,
    Receipt,
    Refused,
    ReorderTracks,
    UpdatePlaylist,
)
from musicdiff_job.core.policy import HandEdits, OnSourceDeleted, Policy
from musicdiff_job.core.summary import CollectionState, Summary
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.job import run_once

GYM = "spotify:playlist:gym"
LIST = PlaylistId("2")
"""The first playlist that is made on the stage."""
BOTH = pytest.mark.parametrize("way", ["at once", "as a plan"])


def begin(*numbers: int, name: str = GYM, policy: Policy | None = None) -> Stage:
    stage = Stage(policy=policy or Policy())
    stage.catalogue.tracks = [copy(number) for number in range(40)]
    put(stage, *numbers, name=name)
    run(stage)
    return stage


def put(stage: Stage, *numbers: int, name: str = GYM) -> None:
    stage.source.put(name, *numbers, name="Liked Songs" if name == LIKED else "Gym")


def removing(stage: Stage, *numbers: int, name: str = GYM) -> str:
    """The source holds only these any more; the run that carries it out."""
    put(stage, *numbers, name=name)
    summary = run(stage)
    assert summary.totals.removed
    stage.target.writes.clear()
    return summary.run_id


def back(stage: Stage, run_id: str, way: str) -> Summary:
    if way == "at once":
        return undo(stage, run_id)
    return apply(stage, planned_undo(stage, run_id))


# Back to where it was


@BOTH
@pytest.mark.parametrize("edits", list(HandEdits))
def test_it_comes_back_to_where_it_was_and_no_later_run_takes_it_away(way: str, edits: HandEdits) -> None:
    stage = begin(1, 2, 3, 4, 5, 6, policy=Policy(hand_edits=edits))
    run_id = removing(stage, 2, 5)
    stage.source.calls.clear()
    summary = back(stage, run_id, way)
    assert stage.tracks(LIST) == [1, 2, 3, 4, 5, 6]
    assert [type(change) for change in stage.target.writes] == [AddTracks, ReorderTracks]
    assert stage.source.calls == [], "the source has no say in it"
    (line,) = summary.collections
    assert (line.state, line.added, line.reordered) == (CollectionState.CHANGED, 4, True)
    assert line.reason == f"what the run {run_id} removed is back"
    for _ in range(2):
        assert run(stage).outcome is Outcome.IN_SYNC
        assert (stage.tracks(LIST), stage.store.load().conflicts) == ([1, 2, 3, 4, 5, 6], {})
    put(stage, 5, 9, 2)
    run(stage)
    assert stage.tracks(LIST) == [1, 5, 6, 9, 2, 3, 4], "each behind the entry that it followed"


def test_it_is_a_persons_then_who_may_remove_it_again() -> None:
    stage = begin(1, 2, 3, policy=Policy(hand_edits=HandEdits.OVERWRITE))
    undo(stage, removing(stage, 1, 3))
    run(stage)
    stage.deezer.playlists[LIST].tracks.remove("2")
    run(stage)
    assert stage.tracks(LIST) == [1, 3]
    assert stage.store.load().mirrors[CollectionId(GYM)].restored == ()
    stage.deezer.add_by_hand(int(LIST), 2)
    run(stage)
    assert stage.tracks(LIST) == [1, 3], "added by hand it is overwritten like anything else"


LISTS = st.lists(st.integers(0, 30), unique=True, min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(LISTS, st.data(), st.sampled_from(list(HandEdits)), st.sampled_from([2, 50]))
def test_whatever_was_removed_the_order_is_restored_exactly(
    numbers: list[int], data: st.DataObject, edits: HandEdits, batch: int
) -> None:
    stage = begin(*numbers, policy=Policy(hand_edits=edits, max_removals=1.0))
    stage.target.batch = batch
    left = [number for number in numbers if data.draw(st.booleans())]
    put(stage, *left)
    run_id = run(stage).run_id
    if left == numbers:
        return
    back(stage, run_id, data.draw(st.sampled_from(["at once", "as a plan"])))
    assert stage.tracks(LIST) == numbers
    run(stage)
    assert stage.tracks(LIST) == numbers


@BOTH
def test_liked_songs_are_liked_again_and_their_order_cannot_be_told(way: str) -> None:
    stage = begin(4, 3, 2, 1, name=LIKED)
    summary = back(stage, removing(stage, 4, 1, name=LIKED), way)
    assert stage.tracks("1") == [1, 4, 2, 3]
    assert [type(change) for change in stage.target.writes] == [LikeTrack, LikeTrack]
    assert any("come back as the newest ones" in note for note in summary.collections[0].notes)
    assert run(stage).outcome is Outcome.IN_SYNC


def test_a_removal_that_was_decided_is_undone_like_any_other() -> None:
    stage = begin(*range(30))
    put(stage, 0)
    assert run(stage).outcome is Outcome.CONFLICT
    checkpoint = stage.store.load()
    key = conflict_id(stage.source.head(GYM).id, ConflictKind.MASS_REMOVAL)
    decided = msgspec.structs.replace(checkpoint.conflicts[key], decision=Side.SPOTIFY)
    stage.store.save(msgspec.structs.replace(checkpoint, conflicts={key: decided}))
    run_id = run(stage).run_id
    assert stage.tracks(LIST) == [0]
    undo(stage, run_id)
    assert stage.tracks(LIST) == list(range(30))
    assert run(stage).outcome is Outcome.IN_SYNC


# Only what is missing


@BOTH
def test_what_is_there_already_is_not_added_twice(way: str) -> None:
    stage = begin(1, 2, 3, 4, policy=Policy(hand_edits=HandEdits.OVERWRITE))
    run_id = removing(stage, 1)
    stage.deezer.add_by_hand(int(LIST), 3)
    back(stage, run_id, way)
    assert stage.target.writes[0] == AddTracks(LIST, ("2", "4"))  # type: ignore[arg-type]
    assert stage.tracks(LIST) == [1, 2, 3, 4]
    run(stage)
    assert stage.tracks(LIST) == [1, 2, 3, 4]
    stage.target.writes.clear()
    assert back(stage, run_id, way).outcome is Outcome.IN_SYNC
    assert stage.target.writes == []


@BOTH
def test_what_the_source_has_brought_back_is_left_alone(way: str) -> None:
    stage = begin(1, 2, 3, 4)
    run_id = removing(stage, 1, 4)
    put(stage, 2, 1, 4)
    run(stage)
    back(stage, run_id, way)
    assert stage.tracks(LIST) == [2, 1, 3, 4]
    put(stage, 1, 4)
    run(stage)
    assert stage.tracks(LIST) == [1, 3, 4], "2 was the source's"


@BOTH
def test_where_a_person_has_deleted_the_playlist_nothing_comes_back(way: str) -> None:
    stage = begin(1, 2)
    run_id = removing(stage, 1)
    del stage.deezer.playlists[LIST]
    summary = undo(stage, run_id)
    assert stage.target.writes == []
    assert summary.collections[0].notes == ("the playlist 'Gym' is gone from Deezer, so nothing comes back there",)


def test_a_track_that_deezer_refuses_does_not_hold_the_others_up() -> None:
    stage = begin(*range(10))
    run_id = removing(stage, 0, 9)

    def refuses(change: Change) -> Receipt | None:
        if isinstance(change, AddTracks) and change.tracks == ("5",):
            raise NotFound("no such track")
        return Refused("blocked") if isinstance(change, AddTracks) and {"3", "5"} & {*change.tracks} else None

    stage.target.answers = refuses
    summary = undo(stage, run_id)
    assert stage.tracks(LIST) == [0, 1, 2, 4, 6, 7, 8, 9]
    assert {note.split(":")[0] for note in summary.collections[0].notes} == {
        "Deezer refused Title 3", "Deezer refused Title 5"
    }  # fmt: skip


def test_a_playlist_is_not_filled_over_its_limit() -> None:
    stage = begin(1, 2, 3, policy=Policy(playlist_limit=4))
    run_id = removing(stage, 1)
    stage.deezer.add_by_hand(int(LIST), 8, 9)
    summary = undo(stage, run_id)
    assert stage.tracks(LIST) == [1, 2, 8, 9]
    assert summary.collections[0].notes == ("1 entries do not fit: Deezer takes 4",)


def test_what_deezer_hides_is_not_added_again_for_ever() -> None:
    stage = begin(1, 2, 3)
    run_id = removing(stage, 1)
    stage.deezer.add_by_hand(int(LIST), 3)
    stage.deezer.hide_by_hand(int(LIST), 3)
    summary = undo(stage, run_id)
    assert (stage.tracks(LIST), summary.collections[0].notes) == ([1, 3, 2], ())


def test_what_is_not_shown_yet_is_waited_for() -> None:
    stage = begin(1, 2, 3)
    run_id = removing(stage, 1)
    read, stale = stage.target.tracks, [2]

    def late(playlist: PlaylistId) -> TargetContents:
        found = read(playlist)
        if stage.target.writes and stale[0]:
            stale[0] -= 1
            return TargetContents(found.tracks[:1])
        return found

    stage.target.tracks = late  # type: ignore[method-assign]
    assert undo(stage, run_id).outcome is Outcome.CHANGED
    assert stage.target.writes == [AddTracks(LIST, ("2", "3"))]  # type: ignore[arg-type]
    assert stage.clock.waits == [1.0, 3.0]


# A playlist that was deleted


def deleted() -> tuple[Stage, str]:
    """A list is gone from the source and its playlist deleted, by the run that is named."""
    stage = begin(1, 2, 3, policy=Policy(on_source_deleted=OnSourceDeleted.DELETE))
    stage.deezer.playlists[LIST].description = "words"
    del stage.source.lists[CollectionId(GYM)]
    run(stage)
    stage.clock.advance(2 * 86_400)
    run_id = run(stage).run_id
    assert stage.own() == {}
    stage.target.writes.clear()
    return stage, run_id


@BOTH
def test_a_deleted_playlist_is_created_again_and_filled(way: str) -> None:
    stage, run_id = deleted()
    stage.deezer.create_by_hand("Gym", [7])  # another one, of a person's
    summary = back(stage, run_id, way)
    made = stage.deezer.playlists["4"]
    assert (made.title, made.description, made.public, made.tracks) == ("Gym", "words", False, ["1", "2", "3"])
    assert (summary.outcome, summary.totals.created, summary.totals.added) == (Outcome.CHANGED, 1, 3)
    assert stage.tracks("3") == [7]
    assert run(stage).outcome is Outcome.IN_SYNC
    stage.target.writes.clear()
    assert back(stage, run_id, way).outcome is Outcome.IN_SYNC
    assert stage.target.writes == []


@BOTH
def test_what_creating_leaves_out_of_the_header_follows(way: str) -> None:
    stage, run_id = deleted()

    def titled(change: Change) -> Receipt | None:
        if isinstance(change, CreatePlaylist):
            return Created(PlaylistId(str(stage.deezer.create_by_hand(change.title))), complete=False)
        return None

    stage.target.answers = titled
    assert back(stage, run_id, way).outcome is Outcome.CHANGED
    made = stage.deezer.playlists["3"]
    assert (made.description, made.public, made.tracks) == ("words", False, ["1", "2", "3"])


def test_a_playlist_that_deezer_refuses_to_create_leaves_no_trace() -> None:
    stage, run_id = deleted()
    stage.target.answers = lambda change: Refused("no") if isinstance(change, CreatePlaylist) else None
    summary = undo(stage, run_id)
    assert (summary.outcome, summary.collections[0].state) == (Outcome.PARTIAL, CollectionState.FAILED)
    assert stage.store.load().images[0].making is None


# A death in between


DEATHS: list[Death] = [
    (when, at) for when in ("before write", "after write", "before save", "after save") for at in range(1, 8)
]


@BOTH
@pytest.mark.parametrize("death", DEATHS, ids=str)
def test_repeated_after_a_death_it_is_completed_and_nothing_is_doubled(death: Death, way: str) -> None:
    stage = begin(*range(12), policy=Policy(hand_edits=HandEdits.OVERWRITE, max_removals=1.0))
    stage.target.batch = 3
    run_id = removing(stage, 0, 6)
    document = planned_undo(stage, run_id)

    def once(dies: Death | None = None) -> Summary:
        return undo(stage, run_id, dies) if way == "at once" else apply(stage, document, dies)

    with suppress(Killed):
        once(death)
    assert once().outcome in (Outcome.CHANGED, Outcome.IN_SYNC)
    assert stage.tracks(LIST) == list(range(12))
    run(stage)
    assert stage.tracks(LIST) == list(range(12))


@BOTH
@pytest.mark.parametrize("death", DEATHS, ids=str)
def test_a_playlist_is_not_created_twice_by_a_death(death: Death, way: str) -> None:
    stage, run_id = deleted()
    stage.deezer.create_by_hand("Gym")  # of a person's
    document = planned_undo(stage, run_id)

    def titled(change: Change) -> Receipt | None:
        if isinstance(change, CreatePlaylist):
            return Created(PlaylistId(str(stage.deezer.create_by_hand(change.title))), complete=False)
        return None

    stage.target.answers = titled

    def once(dies: Death | None = None) -> Summary:
        return undo(stage, run_id, dies) if way == "at once" else apply(stage, document, dies)

    with suppress(Killed):
        once(death)
    assert once().outcome in (Outcome.CHANGED, Outcome.IN_SYNC)
    assert len(stage.deezer.playlists) == 3
    made = stage.deezer.playlists["4"]
    assert (made.description, made.public, made.tracks) == ("words", False, ["1", "2", "3"])


@pytest.mark.parametrize("death", DEATHS[:14], ids=str)
def test_a_run_that_died_while_it_removed_can_be_undone(death: Death) -> None:
    """Whether or not the removal was written, its image was saved before."""
    stage = begin(1, 2, 3, policy=Policy(hand_edits=HandEdits.OVERWRITE))
    put(stage, 1)
    with suppress(Killed):
        run_once(dying(job_of(stage), death))
    images = stage.store.load().images
    if not images:
        assert stage.tracks(LIST) == [1, 2, 3], "what was removed is remembered"
        return
    undo(stage, images[0].run)
    assert stage.tracks(LIST) == [1, 2, 3]
    run(stage)
    assert stage.tracks(LIST) == [1, 2, 3]


# Refused


def keep_hand(stage: Stage) -> None:
    stage.deezer.add_by_hand(int(LIST), 30)


def rename(stage: Stage) -> None:
    stage.deezer.playlists[LIST].title = "Fit"


def drop(stage: Stage) -> None:
    del stage.deezer.playlists[LIST]


@pytest.mark.parametrize(
    ("move", "why"), [(keep_hand, "was edited on Deezer"), (rename, "to 'Fit'"), (drop, "is gone from Deezer")]
)
def test_a_plan_is_refused_when_the_playlist_has_moved(move: Callable[[Stage], None], why: str) -> None:
    stage = begin(1, 2, 3)
    document = planned_undo(stage, removing(stage, 1))
    move(stage)
    summary = apply(stage, document)
    assert summary.outcome is Outcome.CONFLICT
    assert why in errors(summary)["Gym"][0]
    assert stage.target.writes == []
    assert stage.store.load().mirrors[CollectionId(GYM)].restored == ()


def test_a_plan_lets_through_only_what_it_says() -> None:
    stage = begin(1, 2, 3)
    document = planned_undo(stage, removing(stage, 1))
    (one,) = document.collections
    less = msgspec.structs.replace(one, changes=(AddTracks(LIST, one.changes[0].tracks[:1]),))  # type: ignore[union-attr]
    summary = apply(stage, msgspec.structs.replace(document, collections=(less,)))
    assert "does not say to add these 2 tracks" in errors(summary)[""][0]
    assert stage.target.writes == []


@pytest.mark.parametrize("way", ["at once", "as a plan"])
def test_what_is_not_remembered_any_more_cannot_be_undone(way: str) -> None:
    stage = begin(1, 2, 3)
    run_id = removing(stage, 1)
    document = planned_undo(stage, run_id)
    if way == "at once":
        stage.store.save(forget_all(stage.store.load()))
    else:
        stage.clock.advance(31 * 86_400)
        run(stage)
    summary = undo(stage, run_id) if way == "at once" else apply(stage, document)
    assert summary.outcome is Outcome.CONFLICT
    assert "not remembered any more" in errors(summary)[""][0]


def test_images_are_dropped_by_a_run_after_thirty_days() -> None:
    stage = begin(1, 2, 3)
    removing(stage, 1)
    stage.clock.advance(29 * 86_400)
    run(stage)
    assert stage.store.load().images
    stage.clock.advance(2 * 86_400)
    run(stage)
    assert stage.store.load().images == ()


def test_a_source_that_asked_to_wait_is_not_waited_for() -> None:
    stage = begin(1, 2, 3)
    run_id = removing(stage, 1)
    checkpoint = stage.store.load()
    until = to_iso(stage.clock.now() + timedelta(hours=5))
    for service, outcome in (("spotify", Outcome.CHANGED), ("deezer", Outcome.RATE_LIMITED)):
        closed = {service: NotBefore(until, "quota")}
        stage.store.save(msgspec.structs.replace(checkpoint, not_before=closed))
        assert undo(stage, run_id).outcome is outcome


def test_every_list_gets_its_line_although_one_cannot_be_written() -> None:
    stage = begin(1, 2, 3)
    put(stage, 4, 5, name=LIKED)
    run(stage)
    put(stage, 1)
    put(stage, 4, name=LIKED)
    run_id = run(stage).run_id
    stage.target.writes.clear()

    def broken(change: Change) -> Receipt | None:
        if isinstance(change, AddTracks):
            raise NotFound("gone")
        return None

    stage.target.answers = broken
    stage.target.header = drop_header  # type: ignore[method-assign, assignment]
    summary = undo(stage, run_id)
    assert summary.outcome is Outcome.PARTIAL
    assert {one.state for one in summary.collections} == {CollectionState.FAILED, CollectionState.CHANGED}
    assert sorted(stage.tracks("1")) == [4, 5]


def drop_header(playlist: PlaylistId) -> object:
    raise NotFound("gone")


def test_metadata_that_deezer_refuses_is_told() -> None:
    stage, run_id = deleted()

    def titled(change: Change) -> Receipt | None:
        if isinstance(change, CreatePlaylist):
            return Created(PlaylistId(str(stage.deezer.create_by_hand(change.title))), complete=False)
        return Refused("no") if isinstance(change, UpdatePlaylist) else None

    stage.target.answers = titled
    summary = undo(stage, run_id)
    assert summary.collections[0].notes == ("Deezer refused to change the playlist's metadata: no",)
    assert stage.tracks("3") == [1, 2, 3]
