"""kill -9 at every write and every save: nothing lost, nothing twice, nothing wrongly removed.

The usual form takes a few points of each kind. ``MUSICDIFF_TORTURE=N`` sweeps every point of the small scenes and adds
N trials in random scenes, from the seed ``MUSICDIFF_TORTURE_FROM`` on; ``torture_kill`` does the same as
a command and prints the figures.
"""

from __future__ import annotations

import dataclasses
import os
import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec
import pytest
from kill_random import random_scene
from kill_runners import Forks, forks
from kill_scenes import Scene, backup, both_ways, every_write, first_sync, listening, shelves
from kill_verdict import Losses, Shown, World, judge
from killing import Point
from rig import Credential
from torture_kill import CREDENTIALS, TRIALS_EACH, Stage, Trial, every_trial

from musicdiff_job.sandbox.deezer_account import DeezerAccount
from musicdiff_job.sandbox.world import SpotifyAccount

TORTURE = int(os.environ.get("MUSICDIFF_TORTURE", "0"))
FIRST = int(os.environ.get("MUSICDIFF_TORTURE_FROM", "3"))
"""Seed of the first random scene; by default one with stale reads."""
LONG = pytest.mark.timeout(0 if TORTURE else 300)
VERBS = {"create", "change_header", "add", "remove", "reorder", "delete", "like", "unlike"}
"""Every kind of write that the job makes, as the sandbox calls them."""


@pytest.fixture(scope="module")
def runner() -> Iterator[Forks]:
    with forks() as found:
        yield found


def writes_of_each_kind(stage: Stage, sides: tuple[bool, ...], *, last: bool) -> list[Trial]:
    """Every kind of write, at its first occurrence or its last."""
    found = {verb: at for at, verb in sorted(enumerate(stage.course.writes, 1), reverse=not last)}
    return [Trial((Point("write", at, late),)) for at in found.values() for late in sides]


def some_saves(stage: Stage) -> list[Trial]:
    """The first save, one in the middle and the last, before one and after the other."""
    count = len(stage.course.saves)
    return [
        Trial((Point("save", at, late),), rethink=late) for at, late in ((1, True), (count // 2, False), (count, True))
    ]


def judged(stage: Stage, trials: Iterable[Trial]) -> None:
    found = [story for trial in trials if (story := stage.kill(trial).story)]
    assert not found, "\n\n".join(found)


@LONG
@pytest.mark.parametrize("credential", CREDENTIALS)
def test_killed_at_any_write_or_save_it_loses_nothing(tmp_path: Path, runner: Forks, credential: Credential) -> None:
    stage = Stage(every_write(credential, tmp_path / "past"), tmp_path / "places", runner)
    assert set(stage.course.writes) == VERBS
    few = writes_of_each_kind(stage, (False, True), last=credential == "token")
    judged(stage, every_trial(stage) if TORTURE else [*few, *some_saves(stage)])


@LONG
@pytest.mark.parametrize("credential", CREDENTIALS)
def test_killed_in_its_first_run_it_loses_nothing(tmp_path: Path, runner: Forks, credential: Credential) -> None:
    stage = Stage(first_sync(credential, tmp_path / "past"), tmp_path / "places", runner)
    few = writes_of_each_kind(stage, (True,), last=credential == "arl")
    judged(stage, every_trial(stage) if TORTURE else [*few, *some_saves(stage)])


BESIDES: dict[Callable[[Credential, Path], Scene], set[str]] = {
    shelves: {"like_albums", "unlike_albums", "like_artists", "unlike_artists", "like"},
    listening: {"add"},
    both_ways: {"add", "remove", "append", "withdraw"},
    backup: set(),
}
"""Scenes of what there is besides playlists and liked songs on Deezer, and the kinds of writes of each."""


@LONG
@pytest.mark.parametrize("make", BESIDES, ids=lambda make: make.__name__)
def test_killed_in_any_part_of_the_library_it_loses_nothing(
    tmp_path: Path, runner: Forks, make: Callable[[Credential, Path], Scene]
) -> None:
    for credential in CREDENTIALS if TORTURE else CREDENTIALS[:1]:
        here = tmp_path / credential
        stage = Stage(make(credential, here / "past"), here / "places", runner)
        assert BESIDES[make] <= set(stage.course.writes)
        few = [*writes_of_each_kind(stage, (True,), last=False), *some_saves(stage)[:2]]
        judged(stage, every_trial(stage) if TORTURE else few)


@LONG
@pytest.mark.parametrize("seed", range(FIRST, FIRST + max(1, TORTURE // TRIALS_EACH)))
def test_killed_again_and_again_in_any_library_it_loses_nothing(tmp_path: Path, runner: Forks, seed: int) -> None:
    stage = Stage(random_scene(seed, tmp_path / "past"), tmp_path / "places", runner)
    pick = random.Random(seed)
    judged(stage, (stage.draw(pick) for _ in range(TRIALS_EACH if TORTURE else 4)))


def test_a_process_started_the_usual_way_dies_alike(tmp_path: Path, runner: Forks) -> None:
    stage = Stage(first_sync("arl", tmp_path / "past"), tmp_path / "places", runner)
    verdict = stage.kill(Trial((Point("write", 5, late=True), Point("save", 3)), executed=True))
    assert (verdict.killed, verdict.story) == (2, "")


# That the figures would tell

SCENE = Scene("s", "arl", {}, {}, SpotifyAccount(), DeezerAccount().library(), None, lambda spotify, deezer: None)


@pytest.mark.parametrize(
    ("before", "wanted", "found", "losses"),
    [
        ([[1, 2]], [[1, 2, 3]], [[1, 2, 3]], Losses()),
        ([[1, 2]], [[1, 2, 3]], [[1, 2]], Losses(lost=1)),
        ([[1, 2]], [[1, 2, 3]], [[2, 3]], Losses(wrongly_removed=1)),
        ([[1, 2]], [[1]], [[1, 2]], Losses(left_behind=1)),
        ([[1, 2]], [[1], [2]], [[1, 2], [2]], Losses(duplicated=1)),
        ([], [[1]], [[1], [1]], Losses(duplicated=1, playlists_duplicated=1)),
        ([[1, 8]], [[1, 8]], [[1]], Losses(hand_added_lost=1)),
        ([[1]], [[1]], [[1, 9]], Losses(hand_removed_back=1)),
        ([[1, 2]], [[1, 2]], [[2, 1]], Losses(misplaced=1)),
        ([[1]], [[1], [2]], [[1]], Losses(lost=1, playlists_lost=1)),
    ],
)
def test_a_loss_is_told_from_another(
    before: list[list[int]], wanted: list[list[int]], found: list[list[int]], losses: Losses
) -> None:
    scene = dataclasses.replace(SCENE, hand_added=frozenset({("gym", 8)}), hand_removed=frozenset({("gym", 9)}))
    judged, told = judge(scene, world(before), world(wanted), world(found))
    assert judged == losses
    assert bool(told) is bool(losses)


def test_what_the_job_believes_counts() -> None:
    twin = world([[1]])
    assert judge(SCENE, twin, twin, msgspec.structs.replace(twin, remembered={"gym": 1}))[0] == Losses(misremembered=1)
    assert judge(SCENE, twin, twin, msgspec.structs.replace(twin, repeated=2))[0] == Losses(duplicated=2)
    assert judge(SCENE, twin, twin, twin, restless=True)[0] == Losses(restless=1)


def world(lists: list[list[int]]) -> World:
    shown = tuple(Shown("Gym", tuple(tracks)) for tracks in lists)
    return World({"gym": shown} if shown else {}, {}, {})
