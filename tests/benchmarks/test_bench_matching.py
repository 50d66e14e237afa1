"""The matcher keeps its promise on recorded real pairs (run when the reference data is at hand)."""

from __future__ import annotations

import csv
import importlib.util
import os
from collections import defaultdict
from pathlib import Path
from types import ModuleType

import pytest

from musicdiff_job.core.match import Match, Rules

BENCH = Path(__file__).parents[2] / "benchmarks" / "bench_matching.py"


@pytest.fixture(scope="module")
def reference() -> Path:
    folder = Path(os.environ.get("MUSICDIFF_REFERENCE_DATA") or "/nonexistent")
    if not (folder / "pairs_dev.csv").exists():
        pytest.skip("MUSICDIFF_REFERENCE_DATA names no folder with the reference data")
    return folder


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_matching", BENCH)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_shelf_answers_like_a_service(bench: ModuleType) -> None:
    row = {"id": 7, "title": "Song (Live)", "artist": "Singer", "duration": 200, "isrc": "US-RC1-76-07839", "rank": "5"}
    shelf = bench.Shelf([bench.deezer(row, isrc=True), bench.deezer(row | {"id": 8, "title": "Other"}, isrc=False)])
    wanted = bench.spotify({"id": "s", "name": "Song - Live", "artists": ["Singer"], "duration_s": 200}, isrc=True)
    assert [track.id for track in shelf.search("song singer")] == ["7", "8"]
    decision, evidence = bench.converse(wanted, shelf, Rules())
    assert isinstance(decision, Match) and decision.target == "7"
    assert len(evidence.asked) == 1


@pytest.mark.parametrize(("isrc", "precision", "recall"), [(True, 0.995, 0.98), (False, 0.99, 0.95)])
def test_precision_and_recall(bench: ModuleType, reference: Path, isrc: bool, precision: float, recall: float) -> None:
    sources = {row["id"]: bench.spotify(row, isrc=isrc) for row in bench.rows(reference, "spotify_tracks.jsonl.gz")}
    shelf = bench.Shelf([bench.deezer(row, isrc=isrc) for row in bench.rows(reference, "deezer_tracks.jsonl.gz")])
    answers: dict[str, str | None] = {}
    for id_ in bench.benchmark_ids(reference, "dev"):
        decision, _ = bench.converse(sources[id_], shelf, Rules())
        answers[id_] = decision.target if isinstance(decision, Match) else None
    truth: dict[str, set[str]] = defaultdict(set)
    full: set[str] = set()  # pairs whose Deezer row is a whole track object, not a search row without version words
    wrong: set[str] = set()
    with (reference / "pairs_dev.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["grade"] in "AB":
                truth[row["spotify_id"]].update([row["deezer_id"], *row["also_acceptable"].split()])
                if row["deezer_quality"] == "api":
                    full.add(row["spotify_id"])
            elif row["grade"] == "N" and answers[row["spotify_id"]] is not None:
                wrong.add(row["spotify_id"])
    with (reference / "negatives_dev.csv").open(encoding="utf-8", newline="") as lines:
        accepted = [row for row in csv.DictReader(lines) if answers[row["spotify_id"]] == row["deezer_id"]]
    right = {id_ for id_, ids in truth.items() if answers[id_] in ids}
    wrong |= {id_ for id_ in truth if id_ not in right and answers[id_] is not None}
    assert accepted == []
    assert len(right) / (len(right) + len(wrong)) >= precision, sorted(wrong)
    assert len(right & full) / len(full) >= recall
    assert len(right) / len(truth) >= 0.95
