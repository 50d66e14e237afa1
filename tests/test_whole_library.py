"""A whole library in small runs: to the fixed point within every budget, then at rest. ``bench_library`` does the same
with a large one."""

from __future__ import annotations

from pathlib import Path

import pytest
from rig import Credential, open_rig

from musicdiff_job.core.model import Kind
from musicdiff_job.core.outcome import Outcome
from musicdiff_job.core.summary import CollectionState
from musicdiff_job.sandbox.world import synthetic_world

BUDGET = 30
AT_REST = 6
"""Calls of a run that finds nothing new, besides signing in."""


@pytest.mark.parametrize("credential", ["arl", "token"])
def test_small_runs_come_to_a_fixed_point_and_stay_there(tmp_path: Path, credential: Credential) -> None:
    world = synthetic_world(4, 8, 20, albums=8, artists=6)
    with open_rig(
        tmp_path, world, credential=credential, MUSICDIFF_SYNC_ENTITIES="liked,artists,albums,playlists"
    ) as rig:
        runs = rig.until_done(max_calls=BUDGET)
        assert len(runs) > 4
        for run in runs:
            assert run.api_calls["spotify"] + run.api_calls["deezer"] <= BUDGET
            assert (run.errors, run.exit_code) == ((), 0)
        writes, state = rig.sandbox.deezer.write_counts(), rig.sandbox.deezer.library()
        assert not rig.sandbox.deezer.refused_duplicates()
        assert writes["create"] == 4 and writes["like_albums"] == len(state.albums) == 8
        assert not {"remove", "unlike", "delete", "unlike_albums", "unlike_artists"} & set(writes)
        for _ in range(2):
            again = rig.run(max_calls=BUDGET)
            assert (again.outcome, again.writes) == (Outcome.IN_SYNC, 0)
            assert again.api_calls["spotify"] + again.api_calls["deezer"] <= AT_REST
            assert {line.kind for line in again.collections} == set(Kind)
            assert {line.state for line in again.collections} == {CollectionState.IN_SYNC}
            assert all(line.matched > line.entries / 2 or line.kind is Kind.ARTISTS for line in again.collections)
        assert rig.sandbox.deezer.write_counts() == writes
        assert rig.sandbox.deezer.library() == state
