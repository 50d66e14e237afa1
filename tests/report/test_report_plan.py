"""A plan as a difference."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from checkpoint_sample import GYM, HOSTILE

from musicdiff_job.core.model import CollectionHead, CollectionId, Kind, PlaylistId, TargetId
from musicdiff_job.core.plan import (
    AddTracks,
    Change,
    CreatePlaylist,
    DeletePlaylist,
    LikeTrack,
    RemoveTracks,
    ReorderTracks,
    UnlikeTrack,
    UpdatePlaylist,
)
from musicdiff_job.core.summary import CollectionResult, CollectionState
from musicdiff_job.report.plan import PlanRecorder, plan_blocks, told
from musicdiff_job.report.silent import ShowsCalls, Silent
from musicdiff_job.report.text import plain

HEAD = CollectionHead(GYM, Kind.PLAYLIST, "Gym", "snap")
ONE, TWO = TargetId("1"), TargetId("2")
LIST = PlaylistId("9")
ALL: tuple[Change, ...] = (
    CreatePlaylist("Gym", public=True),
    UpdatePlaylist(LIST, title="Gym 2", description="", public=False),
    AddTracks(LIST, (ONE, TWO)),
    RemoveTracks(LIST, (ONE,)),
    ReorderTracks(LIST, (TWO, ONE)),
    DeletePlaylist(LIST),
    LikeTrack(TWO),
    UnlikeTrack(ONE),
)


class Seen(Silent):
    def __init__(self) -> None:
        self.calls: list[str] = []

    def phase(self, name: str, total: int | None) -> None:
        self.calls.append(f"phase {name} {total}")

    def advance(self, steps: int = 1) -> None:
        self.calls.append(f"advance {steps}")

    def finished(self, result: CollectionResult) -> None:
        self.calls.append(f"finished {result.id}")


def recorded(*changes: Change, names: dict[TargetId, str] | None = None) -> PlanRecorder:
    recorder = PlanRecorder(Silent())
    for change in changes:
        recorder.planned(HEAD, (change,), names or {})
    return recorder


def test_every_kind_of_change_has_its_lines() -> None:
    text = plain(plan_blocks(recorded(*ALL, names={ONE: "A - One", TWO: "B - Two"}).plans.values(), ()))
    assert text.splitlines() == [
        "Gym (+3 -2)",
        "  + new playlist (public)",
        '  ~ title: "Gym 2"',
        '  ~ description: ""',
        "  ~ now private",
        "  + A - One (to place 2)",
        "  + B - Two (to place 1)",
        "  - A - One",
        "  ~ new order of 2 tracks",
        '  - the whole playlist "Gym"',
        "  + B - Two",
        "  - A - One",
    ]


def test_places_are_told_where_an_order_follows() -> None:
    text = plain(plan_blocks(recorded(AddTracks(LIST, (ONE, TWO))).plans.values(), ()))
    assert "place" not in text
    text = plain(plan_blocks(recorded(AddTracks(LIST, (TWO,)), ReorderTracks(LIST, (TWO, ONE))).plans.values(), ()))
    assert "+ track 2 (to place 1)\n" in text


def test_a_playlist_by_another_title_is_named() -> None:
    text = plain(plan_blocks(recorded(CreatePlaylist("Gym (2/3)")).plans.values(), ()))
    assert text == 'Gym\n  + new playlist "Gym (2/3)" (private)\n'


def test_long_lists_are_cut_but_for_those_who_ask() -> None:
    tracks = tuple(TargetId(str(at)) for at in range(100))
    plans = recorded(AddTracks(LIST, tracks[:60]), RemoveTracks(LIST, tracks[60:]), AddTracks(LIST, tracks[:3]))
    lines = plain(plan_blocks(plans.plans.values(), ())).splitlines()
    assert lines[0] == "Gym (+63 -40)"
    assert [line for line in lines if "..." in line] == [
        "  + ... and 40 more (-v shows all)",
        "  - ... and 20 more (-v shows all)",
    ]
    assert len(lines) == 1 + 21 + 21 + 3
    whole = plain(plan_blocks(plans.plans.values(), (), every=True)).splitlines()
    assert len(whole) == 1 + 103
    assert "..." not in "".join(whole)


def test_one_more_than_are_shown_is_shown_instead_of_counted() -> None:
    tracks = tuple(TargetId(str(at)) for at in range(21))
    assert "track 20" in plain(plan_blocks(recorded(AddTracks(LIST, tracks)).plans.values(), ()))


def test_several_collections_are_summed_up() -> None:
    recorder = recorded(AddTracks(LIST, (ONE, TWO)))
    other = CollectionHead(CollectionId("spotify:playlist:2"), Kind.PLAYLIST, "Run", "snap")
    recorder.planned(other, (RemoveTracks(LIST, (ONE,)),), {})
    assert "in all: +2 -1 in 2 collections" in plain(plan_blocks(recorder.plans.values(), ()))


def test_names_arrive_piece_by_piece_and_may_be_missing_or_hostile() -> None:
    recorder = recorded(AddTracks(LIST, (ONE,)))
    recorder.planned(HEAD, (LikeTrack(TWO),), {TWO: HOSTILE})
    lines = plain(plan_blocks(recorder.plans.values(), ())).splitlines()
    assert lines[1] == "  + track 1"
    assert len(lines) == 3
    assert not set(lines[2]) & set("\x1b\u202e")


def test_what_could_not_be_planned_is_said() -> None:
    stuck = CollectionResult(GYM, "playlist", "Gym", CollectionState.FAILED, "it does not exist")
    fine = CollectionResult(GYM, "playlist", "Gym", CollectionState.IN_SYNC, "nothing new")
    assert plain(plan_blocks((), (stuck, fine))) == "Gym: failed: it does not exist\n"
    assert plain(plan_blocks((), (fine,))) == "Nothing to change.\n"


def test_the_names_that_are_told_are_those_of_what_comes_and_goes() -> None:
    names = {ONE: "A - One", TWO: "B - Two", TargetId("3"): "C - Three"}
    changes = (AddTracks(LIST, (ONE,)), LikeTrack(TWO), UnlikeTrack(TargetId("4")))
    (plan,) = recorded(*changes, ReorderTracks(LIST, (ONE, TargetId("3"))), names=names).plans.values()
    assert plan.told_names() == {ONE: "A - One", TWO: "B - Two"}


@pytest.mark.parametrize("change", ALL, ids=lambda change: type(change).__name__)
def test_every_change_can_be_told_in_a_sentence(change: Change) -> None:
    assert told(change).startswith("to ")


class Counting(Silent):
    calls_left: Callable[[], int] | None = None


def test_who_watches_a_plan_sees_the_calls_that_are_left() -> None:
    watcher = Counting()
    recorder = PlanRecorder(watcher)
    assert isinstance(recorder, ShowsCalls)
    recorder.calls_left = lambda: 7
    assert watcher.calls_left is not None
    assert watcher.calls_left() == 7
    nobody = PlanRecorder(Silent())
    nobody.calls_left = lambda: 7
    assert nobody.calls_left is None


def test_the_recorder_passes_everything_on() -> None:
    seen = Seen()
    recorder = PlanRecorder(seen)
    recorder.phase("look", None)
    recorder.advance(2)
    recorder.finished(CollectionResult(GYM, "playlist", "Gym", CollectionState.IN_SYNC, ""))
    assert seen.calls == ["phase look None", "advance 2", f"finished {GYM}"]
    assert [result.id for result in recorder.results] == [GYM]
