"""Fitting the weights: what is computed once, what counts as wrong, and that no artist is on both sides."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from musicdiff_job.core.model import Track

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "fit_weights.py"


@pytest.fixture(scope="module")
def fitting() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fit_weights", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fit_weights"] = module  # NamedTuple looks its module up
    spec.loader.exec_module(module)
    return module


def track(id_: str, title: str = "Song", seconds: float = 200, album: str = "") -> Track:
    return Track(id=id_, title=title, artists=("Singer",), album=album, duration_ms=int(seconds * 1000))


def test_a_case_is_judged_as_the_matcher_judges(fitting: ModuleType) -> None:
    near = [track("1", seconds=203, album="Gold"), track("2"), track("3", "Song (Live)")]
    case = fitting.in_mode("with ISRC", track("s", album="Hits"), near, {"2"}, None)
    assert [item.track.id for item in case.candidates] == ["1", "2"]
    assert fitting.decided(case, fitting.TODAY) == "2"
    heavy = {**fitting.TODAY, "min_score": 1.0}
    assert fitting.decided(case._replace(candidates=case.candidates[:1]), heavy) is None


def test_what_is_right_and_wrong(fitting: ModuleType) -> None:
    pair = fitting.in_mode("with ISRC", track("s"), [], {"1"}, None)
    assert [fitting.judge(pair, answer) for answer in ("1", "2", None)] == ["right", "wrong", "missed"]
    negative = fitting.in_mode("with ISRC", track("s"), [], (), {"2"})
    assert [fitting.judge(negative, answer) for answer in ("1", "2", None)] == ["none", "wrong", "none"]
    assert fitting.loss(Counter(right=9, wrong=1, missed=2)) == fitting.WRONG + 2


def test_the_fit_finds_a_weight_that_tells_two_recordings_apart(fitting: ModuleType) -> None:
    wanted = track("s", album="Hits")
    case = fitting.in_mode("with ISRC", wanted, [track("1", album="Gold", seconds=203.5)], (), None)
    assert fitting.tally([case], fitting.TODAY)["wrong"] == 1
    fitted = fitting.fit([case] * 2, [fitting.TODAY])
    assert fitting.tally([case], fitted)["wrong"] == 0
    assert sum(fitted[name] != fitting.TODAY[name] for name in fitted) == 1
    assert fitting.fit([], [fitting.TODAY]) == fitting.TODAY


def test_hidden_means_hidden(fitting: ModuleType) -> None:
    wanted = Track(id="s", title="Song", artists=("Singer",), duration_ms=200_000, isrc="USRC17607839")
    modes = {mode: fitting.in_mode(mode, wanted, [], (), None).wanted for mode in fitting.MODES}
    assert [bool(t.isrc) for t in modes.values()] == [True, False, False]
    assert [bool(t.duration_ms) for t in modes.values()] == [True, True, False]


def test_one_artist_is_in_one_fold(fitting: ModuleType) -> None:
    names = ["The Beatles", "Beatles", "BEATLES"]
    folds = {fitting.fold_of(fitting.first_artist(Track(id="1", title="A", artists=(name, "B"))), 5) for name in names}
    assert len(folds) == 1
    assert len({fitting.fold_of(str(n), 5) for n in range(50)}) == 5


def test_spelled_as_deezer_would(fitting: ModuleType) -> None:
    spotify = Track(id="s", title="Song - A Remix", artists=("A", "B"), duration_ms=200_999, isrc="USRC17607839")
    assert fitting.as_deezer(spotify) == Track(id="s", title="Song (A Remix)", artists=("A",), duration_ms=200_000)


def test_lengths_are_counted_per_pair(fitting: ModuleType) -> None:
    def bearing(isrc: str, seconds: float) -> Track:
        return Track(id=isrc, title="Song", artists=("A",), duration_ms=int(seconds * 1000), isrc=isrc)

    counts = fitting.lengths([bearing("X", 200), bearing("X", 200.5), bearing("Y", 205.2)])
    assert counts[1] == (1, 0) and counts[5] == (0, 1) and counts[6] == (0, 1)
