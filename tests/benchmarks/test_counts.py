"""The recorded counts hold, and the comparison with them notices what it is there to notice."""

from __future__ import annotations

import json

import pytest
from counts import BASELINE, TOLERANCES, comparable, judge, of_runs, surroundings

RECORDED = json.loads(BASELINE.read_text(encoding="utf-8"))


def test_nothing_costs_more_than_is_recorded() -> None:
    found = comparable(of_runs(), surroundings(), RECORDED["where"])
    assert judge(found, RECORDED["counts"]) == [], "if it is meant to: make guard UPDATE=1"


def test_every_count_has_a_tolerance_and_the_promises_are_among_them() -> None:
    counts = RECORDED["counts"]
    assert {what.partition(":")[0] for what in counts} == set(TOLERANCES)
    assert counts["calls: Spotify, nothing to do"] + counts["calls: Deezer besides look-ups, nothing to do"] <= 3
    assert counts["calls: writes, nothing to do"] == counts["look-ups: nothing to do"] == 0
    assert counts["calls: writes, one track added"] == counts["look-ups: one track added"] == 1


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"calls: a": 10}, 0),
        ({"calls: a": 11}, 1),
        ({"calls: a": 9}, 1),
        ({"bytes: b": 1_040}, 0),
        ({"bytes: b": 1_060}, 1),
        ({"bytes: b": 940}, 1),
        ({"calls: new": 1}, 1),
        ({}, 0),
    ],
)
def test_a_count_that_has_moved_is_told(found: dict[str, int], said: int) -> None:
    assert len(judge(found, {"calls: a": 10, "bytes: b": 1_000})) == said


def test_elsewhere_modules_and_instructions_are_not_compared() -> None:
    found = {"calls: a": 1, "look-ups: l": 1, "bytes: b": 1, "modules: m": 1, "instructions: i": 1}
    assert comparable(found, {"python": "3.11.7"}, {"python": "3.11.7"}) == found
    elsewhere = comparable(found, {"python": "3.13.1"}, {"python": "3.11.7"})
    assert list(elsewhere) == ["calls: a", "look-ups: l", "bytes: b"]
