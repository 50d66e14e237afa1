"""The benchmark judges as the scorer that comes with the data does."""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from matching_score import Answer, Score, judge

COLUMNS = (
    *("spotify_id", "grade", "method", "deezer_id", "also_acceptable", "deezer_quality", "dur_diff"),
    *("isrc_spotify", "isrc_deezer", "title_spotify", "title_deezer"),
)


def pair(spotify_id: str, grade: str, deezer_id: str = "", **more: str) -> dict[str, str]:
    return {
        **dict.fromkeys(COLUMNS, ""),
        "spotify_id": spotify_id,
        "grade": grade,
        "deezer_id": deezer_id,
        "deezer_quality": "api",
        **more,
    }


PAIRS = [
    pair("one", "B", "1", also_acceptable="2 3", title_spotify="Song", title_deezer="SONG"),
    pair("one", "A", "4", dur_diff="1", isrc_spotify="X", isrc_deezer="X"),
    pair("two", "B", "5", deezer_quality="search-list"),
    pair("three", "N", method="same base title exists by another artist"),
    pair("four", "N", method="nobody"),
    pair("five", "C", "6"),
    pair("six", "W", "7"),
]
NEGATIVES = [
    {"spotify_id": "one", "deezer_id": "8", "why": "version: live vs plain"},
    {"spotify_id": "seven", "deezer_id": "9", "why": "other artist"},
    {"spotify_id": "seven", "deezer_id": "10", "why": "version: plain vs remix"},
]
MANY_ANSWERS: list[dict[str, str | None]] = [
    {"one": "3", "two": "5"},
    {"one": "8", "two": None, "three": "1", "four": "1", "five": "1", "six": "7", "seven": "10"},
    {"one": "11", "two": "12", "six": "13", "seven": "14"},
    {},
]


def judged(answers: Mapping[str, str | None]) -> Score:
    return judge(PAIRS, NEGATIVES, {id_: Answer(target, "search") for id_, target in answers.items()})


def test_each_id_counts_once() -> None:
    score = judged(MANY_ANSWERS[1])
    assert score.figures() == (0, 5, 1, 2)
    assert {one.spotify_id for one in score.wrong} == {"one", "three", "four", "six", "seven"}
    assert score.accepted_negatives() == (2, 3)
    assert score.matched_without_counterpart() == (2, 2)
    assert score.methods == {"search": {"wrong": 5}}
    assert score.full_rows() == (0, 5, 0, 1)


def test_precision_recall_and_their_mean() -> None:
    score = judged({"one": "1", "two": "99"})
    assert (score.figures().precision, score.figures().recall, score.figures().f1) == (0.5, 0.5, 0.5)
    assert score.full_rows() == (1, 0, 0, 1), "the wrong one is to a pair without a full row"
    assert judged({}).figures().precision is None


def test_another_true_copy_is_counted_both_ways() -> None:
    score = judged({"one": "1", "two": "99"})
    assert score.figures(frozenset({("two", "99")})) == (2, 0, 0, 2)
    assert score.figures(frozenset({("two", "98")})) == (1, 1, 0, 2)


def shipped(scorer: Path, folder: Path, part: str, answers: Mapping[str, str | None], scratch: Path) -> dict[str, Any]:
    """What the shipped scorer says of these answers."""
    given = scratch / "answers.csv"
    given.write_text("".join(f"{id_},{target or 'none'},search,1\n" for id_, target in answers.items()))
    command = [sys.executable, str(scorer), str(given), "--data", str(folder), "--set", part, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def ours(score: Score) -> dict[str, Any]:
    found = score.figures()
    return {
        "precision": found.precision,
        "recall": found.recall,
        "f1": found.f1,
        "right": found.right,
        "wrong": found.wrong,
        "missed": found.missed,
        "pairs": found.pairs,
        "not_judged": score.not_judged,
        "by": {label: dict(count) for label, count in score.table.items()},
    }


def without_zeros(said: dict[str, Any]) -> dict[str, Any]:
    return said | {"by": {label: {k: v for k, v in count.items() if v} for label, count in said["by"].items()}}


@pytest.fixture
def scorer(reference_folder: Path) -> Path:
    found = reference_folder.parent / "tools" / "score_matching.py"
    if not found.exists():
        pytest.skip("the reference data has no tools/score_matching.py beside it")
    return found


def write(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    rows = list(rows)
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize("answers", MANY_ANSWERS)
def test_small_cases_are_judged_as_by_the_shipped_scorer(
    scorer: Path, tmp_path: Path, answers: dict[str, str | None]
) -> None:
    write(tmp_path / "pairs_x.csv", PAIRS)
    write(tmp_path / "negatives_x.csv", NEGATIVES)
    assert ours(judged(answers)) == without_zeros(shipped(scorer, tmp_path, "x", answers, tmp_path))


def test_the_whole_set_is_judged_as_by_the_shipped_scorer(scorer: Path, reference_folder: Path, tmp_path: Path) -> None:
    tables = []
    for name in ("pairs_dev.csv", "negatives_dev.csv"):
        with (reference_folder / name).open(encoding="utf-8", newline="") as lines:
            tables.append(list(csv.DictReader(lines)))
    pairs, negatives = tables
    chance = random.Random(1)
    answers: dict[str, str | None] = {}
    for one in (*pairs, *negatives):
        listed = "1" if one["deezer_id"] == "none" else one["deezer_id"]
        answers[one["spotify_id"]] = chance.choice([listed, "1", None, *one.get("also_acceptable", "").split()])
    score = judge(pairs, negatives, {id_: Answer(target, "search") for id_, target in answers.items()})
    assert score.right and score.wrong and score.missed and score.not_judged
    assert ours(score) == without_zeros(shipped(scorer, reference_folder, "dev", answers, tmp_path))
