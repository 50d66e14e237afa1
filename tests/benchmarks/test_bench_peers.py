"""What others' programs cost, by formula: equal to what was computed by hand from their code for one library."""

from __future__ import annotations

import pytest
from bench_peers import PEERS, Calls, Shape

SHAPE = Shape(playlists=50, tracks=100, different=2_354)


@pytest.mark.parametrize(
    ("name", "first", "again"),
    [
        ("MusicDiff", Calls(50, 5_501), Calls(50, 201)),
        ("spotify_to_tidal", Calls(52, 10_550), Calls(52, 255)),
        ("SyncDisBoi", Calls(102, 5_151), Calls(102, 52)),
    ],
)
def test_the_formulas_give_what_was_computed_by_hand(name: str, first: Calls, again: Calls) -> None:
    one, other = PEERS[name]
    assert (one(SHAPE), other(SHAPE)) == (first, again)


def test_every_program_is_in_the_test_above() -> None:
    assert list(PEERS) == ["MusicDiff", "spotify_to_tidal", "SyncDisBoi"]
