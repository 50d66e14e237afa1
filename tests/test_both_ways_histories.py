"""Histories of a list that is edited by hand on both sides, by runs that die and writes whose answers are lost: at
rest both sides hold the same, in Spotify's order, nothing twice and nothing lost.

``MUSICDIFF_TORTURE`` multiplies the number of histories.
"""

from __future__ import annotations

import dataclasses
import os
import random
from pathlib import Path
from typing import Any

import pytest
from both_ways_stage import BothWays, SmallWrites, both_ways, counterpart, known, with_writes
from mortal import Killed, MortalStore

from musicdiff_job.core.conflict import ConflictKind, Side
from musicdiff_job.core.summary import Summary
from musicdiff_job.job import run_once
from musicdiff_job.sandbox.faults import Fault, ResetAfter, ResetBefore, Status, rate_limited
from musicdiff_job.session import Job

HISTORIES = 4 * int(os.environ.get("MUSICDIFF_TORTURE", "1"))
MOST = 14


class History:
    """``expected`` says of each track whether it must be there at rest; None where edits of both sides met."""

    def __init__(self, stage: BothWays, seed: int) -> None:
        self.stage = stage
        self.pick = random.Random(seed)
        self.pool = known()[:MOST]
        self.expected: dict[str, bool | None] = {one: one in stage.on_spotify() for one in self.pool}
        self.touched: dict[str, set[Side]] = {}
        self.reordered: set[Side] = set()
        self.story: list[str] = []

    def edit(self) -> None:
        side, track = self.pick.choice(list(Side)), self.pick.choice(self.pool)
        there = track in self.stage.on_spotify() if side is Side.SPOTIFY else counterpart(track) in self._deezer()
        match side, there, self.pick.random() < 0.3:
            case Side.SPOTIFY, True, True:
                to = self.pick.randrange(len(self.stage.on_spotify()))
                self.stage.spotify.move(self.stage.playlist, self.stage.on_spotify().index(track), to)
            case Side.SPOTIFY, True, False:
                self.stage.drop(track)
            case Side.SPOTIFY, False, _:
                self.stage.spotify.add_track(self.stage.playlist, track, self.pick.choice((None, 0)))
            case _, True, True:
                self.stage.move_to_end(counterpart(track))
            case _, True, False:
                self.stage.remove(counterpart(track))
            case _:
                self.stage.add(counterpart(track), first=self.pick.random() < 0.5)
        now = track in self.stage.on_spotify() if side is Side.SPOTIFY else counterpart(track) in self._deezer()
        self.touched.setdefault(track, set()).add(side)
        if now == there:
            self.reordered.add(side)  # which of two neighbours has moved, nobody can tell
        self.expected[track] = now
        self.story.append(f"{side}: {track} {'moved' if now == there else 'added' if now else 'removed'}")
        for one, sides in self.touched.items():
            if len(sides) > 1 or (self.reordered and self.reordered != sides):
                self.expected[one] = None

    def _deezer(self) -> list[int]:
        return self.stage.on_deezer()

    def run(self) -> None:
        pick, box = self.pick, self.stage.rig.sandbox
        box.faults.clear()
        if pick.random() < 0.4:
            effect: Any = pick.choice((ResetAfter(), ResetBefore(), Status(502, applied=True), rate_limited(7200)))
            method = pick.choice(("POST", "DELETE", "GET"))
            box.misbehave(Fault(effect, "spotify", method, "/playlists/*", skip=pick.randrange(3)))
        death, at, before = pick.choice(("", "", "write", "save")), pick.randint(1, 6), pick.random() < 0.5
        self.story.append(f"run: {[str(fault.effect) for fault in box.faults.listed()]} {death} {at} {before}")

        def work(job: Job) -> Summary:
            if death == "save":
                store: Any = MortalStore(job.store, at, before=before)
                return run_once(dataclasses.replace(job, store=store))
            dies = at if death == "write" else 0
            return with_writes(lambda writes: SmallWrites(writes, dies, before=before))(job)

        try:
            summary = self.stage.rig.run(work=work)
        except Killed:
            self.story.append("killed")
            return
        self.story.append(f"{summary.outcome} {[line.message for line in summary.errors]}")
        if summary.outcome in ("in_sync", "changed"):
            self.touched.clear()
            self.reordered.clear()

    def peace(self) -> None:
        self.stage.rig.sandbox.faults.clear()
        for _ in range(40):
            self.stage.rig.clock.wait(7300)  # type: ignore[union-attr]
            summary = self.stage.rig.run()
            self.story.append(f"{summary.outcome} {[line.message for line in summary.errors]}")
            for conflict in list(self.stage.rig.checkpoint().conflicts.values()):
                self.stage.decide(ConflictKind(conflict.kind), self.pick.choice(list(Side)))
            if summary.outcome == "in_sync" and not summary.writes:
                return
        raise AssertionError("never at rest")

    def judge(self) -> None:
        spotify, deezer = self.stage.on_spotify(), self.stage.on_deezer()
        assert len(set(spotify)) == len(spotify), f"twice on Spotify: {spotify}"
        assert [counterpart(one) for one in spotify] == deezer, f"{spotify} is not {deezer}"
        wrong = {one for one, there in self.expected.items() if there is not None and there is not (one in spotify)}
        assert not wrong, f"lost or not removed: {wrong}"
        self.stage.rig.sandbox.log.forget()
        again = self.stage.rig.run()
        assert (again.writes, again.outcome, self.stage.writes()) == (0, "in_sync", [])
        assert (again.api_calls["spotify"], again.api_calls["deezer"]) == (2, 1)


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_lists_edited_on_both_sides_come_to_hold_the_same(seed: int, tmp_path: Path) -> None:
    with both_ways(tmp_path, *known()[:6], MUSICDIFF_SYNC_MAX_REMOVALS="100%") as stage:
        history = History(stage, seed)
        try:
            for _ in range(history.pick.randint(3, 6)):
                for _ in range(history.pick.choice((0, 1, 2, 4))):
                    history.edit()
                history.run()
            history.peace()
            history.judge()
        except AssertionError as wrong:
            pytest.fail("\n".join((f"seed {seed}: {wrong}", *history.story)), pytrace=False)
