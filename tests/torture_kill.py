"""Kill the real command everywhere, and count what that cost.

``python tests/torture_kill.py --sample N --seed S`` kills it at every write and every save of six small scenes, with
both kinds of credential, each time with and without people who edit both sides before the next run; then at N points of
random scenes, the first of which has seed S. Prints one line of JSON; its status is 1 when anything was lost, and the
story of every loss is on stderr.
"""

from __future__ import annotations

import argparse
import itertools
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from kill_random import random_scene
from kill_runners import Execs, Runner, forks
from kill_scenes import Scene, backup, both_ways, every_write, first_sync, listening, shelves
from kill_verdict import Losses, World, flaws, judge, seen, world_of
from killing import Course, Place, Point, What, open_place
from rig import Credential

from musicdiff_job.core.errors import CheckpointInvalid

TRIALS_EACH = 8
"""Trials of one random scene: to set a scene takes as long as a few trials."""
SMALL: tuple[Callable[[Credential, Path], Scene], ...] = (
    every_write, first_sync, shelves, listening, both_ways, backup,
)  # fmt: skip
CREDENTIALS: tuple[Credential, ...] = ("arl", "token")


class Trial(msgspec.Struct, frozen=True):
    """Deaths of one run after the other. With ``rethink`` people edit both sides after the first of them, with
    ``executed`` the processes are started as anybody would start them."""

    deaths: tuple[Point, ...]
    rethink: bool = True
    executed: bool = False


class Verdict(msgspec.Struct, frozen=True):
    """What one trial came to; ``story`` is empty when nothing was lost. ``killed`` counts the processes that died."""

    losses: Losses
    killed: int
    story: str = ""


class Result(msgspec.Struct, frozen=True):
    """Figures of many trials, and what they cost in all. A trial has one death or several; a death drawn at random may
    find the run over."""

    trials: int = 0
    killed: int = 0
    losses: Losses = Losses()

    def plus(self, verdict: Verdict) -> Result:
        return Result(self.trials + 1, self.killed + verdict.killed, self.losses + verdict.losses)


@dataclass
class Stage:
    """A scene, the undisturbed course of its run, and the worlds in which its twins come to rest: by whether people
    edit both sides after that run."""

    scene: Scene
    folder: Path
    runner: Runner
    before: World = field(init=False)
    course: Course = field(init=False)
    twins: dict[bool, World] = field(init=False, default_factory=dict)
    _numbers: Iterator[int] = field(init=False, default_factory=itertools.count)

    def __post_init__(self) -> None:
        spotify = self.scene.spotify if self.scene.flows else None
        self.before = seen(self.scene.library, self.scene.known, spotify=spotify)
        for rethink in (False, True):
            with self._open() as place:
                self.course = place.run(self.runner).course
                if rethink:
                    self.scene.rethink(place.sandbox.spotify, place.deezer)
                if not place.run_until_in_sync(self.runner):
                    raise AssertionError(f"{self.scene.name}: left alone it does not come to rest\n{place.story()}")
                twin = self.twins[rethink] = world_of(place)
                if rethink and (wrong := flaws(self.scene, place.sandbox.spotify, twin)):
                    raise AssertionError("\n".join([f"{self.scene.name}: left alone it goes wrong", *wrong]))

    def kill(self, trial: Trial) -> Verdict:
        """Carry a trial out, and judge it. Raises ``AssertionError`` when a write or save that an undisturbed run makes
        was not reached by a run that should have died there."""
        runner = Execs() if trial.executed else self.runner
        with self._open() as place:
            for number, point in enumerate(trial.deaths):
                ended = place.run(runner, point)
                if number == 0:
                    sure = point.what in ("write", "save")
                    assert ended.killed or not sure, f"{self.tell(trial)}: it was not killed\n{place.story()}"
                    if trial.rethink:
                        self.scene.rethink(place.sandbox.spotify, place.deezer)
            killed = sum(run.killed for run in place.runs)
            rested = place.run_until_in_sync(runner)
            try:
                found = world_of(place)
            except CheckpointInvalid as error:
                losses, differences = Losses(checkpoints_lost=1), [str(error)]
            else:
                twin = self.twins[trial.rethink]
                losses, differences = judge(self.scene, self.before, twin, found, restless=not rested)
            story = "\n".join([f"{self.tell(trial)}: {losses}", place.story(), *differences]) if losses else ""
        shutil.rmtree(place.folder)
        return Verdict(losses, killed, story)

    def tell(self, trial: Trial) -> str:
        """A trial, so that it can be found again."""
        deaths = ", then ".join(self.course.tell(point) for point in trial.deaths)
        edited = ", both sides edited after the first" if trial.rethink else ""
        started = ", started the usual way" if trial.executed else ""
        return f"{self.scene.name}, {self.scene.credential}: killed {deaths}{edited}{started}"

    def draw(self, pick: random.Random) -> Trial:
        """A trial at random: any point, the next runs killed too or not. Its process is seldom started the long way."""
        deaths = tuple(self._point(pick) for _ in range(pick.choice((1, 1, 2, 3))))
        return Trial(deaths, rethink=pick.random() < 0.7, executed=pick.random() < 0.05 and not self.scene.lags)

    def _point(self, pick: random.Random) -> Point:
        course = self.course
        most: dict[What, int] = {
            "write": len(course.writes),
            "save": len(course.saves),
            "call": course.calls,
            "instant": course.milliseconds,
        }
        # Fractions, so that what is drawn next does not depend on how long the run took.
        what: What = pick.choice(("write", "save", "write", "save", "call", "instant"))
        far, late = pick.random(), pick.random() < 0.5
        if not most[what]:
            what = "save"
        return Point(what, 1 + int(far * most[what]), late)

    def _open(self) -> AbstractContextManager[Place]:
        return open_place(self.scene, self.folder / str(next(self._numbers)))


def every_trial(stage: Stage) -> Iterator[Trial]:
    """A death at every write and every save of a scene, with people in between and without."""
    for point in stage.course.points():
        for rethink in (False, True):
            yield Trial((point,), rethink)


def sweeps(folder: Path, runner: Runner) -> Iterator[tuple[Stage, Trial]]:
    """Every trial of the small scenes, with both kinds of credential."""
    for make, credential in itertools.product(SMALL, CREDENTIALS):
        here = folder / f"{make.__name__}-{credential}"
        stage = Stage(make(credential, here / "past"), here / "places", runner)
        yield from ((stage, trial) for trial in every_trial(stage))


def samples(count: int, seed: int, folder: Path, runner: Runner) -> Iterator[tuple[Stage, Trial]]:
    """Random trials. Their scenes have the seeds from ``seed`` on, which is all it takes to see them again."""
    for done in range(0, count, TRIALS_EACH):
        number = seed + done // TRIALS_EACH
        stage = Stage(random_scene(number, folder / f"past-{number}"), folder / f"places-{number}", runner)
        pick = random.Random(number)
        yield from ((stage, stage.draw(pick)) for _ in range(min(TRIALS_EACH, count - done)))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Kill the job everywhere, and count what that cost.")
    parser.add_argument("--sample", type=int, default=100, metavar="N", help="random trials after the sweep (100)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the first random scene (0)")
    parser.add_argument("--no-sweep", action="store_true", help="random trials only")
    given = parser.parse_args(arguments)
    result = Result()
    with tempfile.TemporaryDirectory() as name, forks() as runner:
        folder = Path(name)
        swept = () if given.no_sweep else sweeps(folder, runner)
        for stage, trial in itertools.chain(swept, samples(given.sample, given.seed, folder, runner)):
            verdict = stage.kill(trial)
            result = result.plus(verdict)
            if verdict.story:
                sys.stderr.write(f"{verdict.story}\n")
    sys.stdout.write(f"{msgspec.json.encode(result).decode()}\n")
    return int(bool(result.losses))


if __name__ == "__main__":
    sys.exit(main())  # noqa: TID251
