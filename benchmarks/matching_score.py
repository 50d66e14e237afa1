"""Right, wrong or missed: a matcher's answers judged by the reference data's own definitions.

Each Spotify id counts once::

    grades A and B  right: a listed Deezer id, or one listed as also acceptable; wrong: another id; missed: none
    grade N         right: none; wrong: any id (no row here is by any of the track's artists)
    grade C         not judged
    grade W         wrong: the listed id; anything else is right (held-out set only)
    negatives       wrong: the forbidden id; other answers for an id that stands in no pair are not judged

    precision = right / (right + wrong), wrong being every wrong answer of any kind
    recall    = right / all A and B              F1 = their harmonic mean

A test compares these figures with those of the scorer that comes with the data.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Verdict = Literal["right", "wrong", "missed"]
Table = dict[str, Counter[str]]
"""Verdicts counted by label."""

FULL_ROWS = ("A, api row", "B, api row")
"""The labels of pairs whose Deezer row is a whole track object (the others have neither version nor album)."""
NO_COUNTERPART = ("N, title exists by another artist", "N, other")
_GRADE_W = "negative: grade W"


class Answer(NamedTuple):
    """What a matcher said about one track. ``target`` is a Deezer id, None for no match; ``method`` is free."""

    target: str | None
    method: str = "-"
    score: float = 0.0


class Judged(NamedTuple):
    """One answer that counts, and the first of the ids that were expected, None if none was."""

    spotify_id: str
    expected: str | None
    given: str | None
    label: str


class Figures(NamedTuple):
    """How many were right, wrong and missed. The three quotients are None where nothing was there to divide by."""

    right: int
    wrong: int
    missed: int
    pairs: int

    @property
    def precision(self) -> float | None:
        """The share of right ones among all answers."""
        return _share(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float | None:
        """The share of the pairs that was found."""
        return _share(self.right, self.pairs)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both."""
        p, r = self.precision, self.recall
        return 2 * p * r / (p + r) if p and r else None


@dataclass(slots=True)
class Score:
    """The judgement on all answers of one run.

    ``table`` has the scorer's labels, ``kinds`` the full reason of each negative; a negative is counted once for each
    forbidden id. ``not_judged`` are answers of which the truth says nothing.
    """

    right: list[Judged] = field(default_factory=list)
    wrong: list[Judged] = field(default_factory=list)
    missed: list[Judged] = field(default_factory=list)
    table: Table = field(default_factory=lambda: defaultdict(Counter))
    kinds: Table = field(default_factory=lambda: defaultdict(Counter))
    methods: Table = field(default_factory=lambda: defaultdict(Counter))
    pairs: int = 0
    not_judged: int = 0

    def figures(self, forgiven: frozenset[tuple[str, str]] = frozenset()) -> Figures:
        """The totals. Wrong answers that are ``forgiven`` (Spotify id, Deezer id) count as right: those that are
        another true copy of what was wanted."""
        pardoned = [one for one in self.wrong if one.given and (one.spotify_id, one.given) in forgiven]
        return Figures(len(self.right) + len(pardoned), len(self.wrong) - len(pardoned), len(self.missed), self.pairs)

    def of_pairs(self) -> list[Judged]:
        """Every pair, however it was judged."""
        return [*self.right, *self.missed, *(one for one in self.wrong if one.expected is not None)]

    def full_rows(self) -> Figures:
        """The pairs whose Deezer row is full; wrong are every wrong answer that is not to a pair with another row."""
        total = sum((self.table[label] for label in FULL_ROWS), Counter[str]())
        elsewhere = sum(one.expected is not None and one.label not in FULL_ROWS for one in self.wrong)
        return Figures(total["right"], len(self.wrong) - elsewhere, total["missed"], total.total())

    def accepted_negatives(self) -> tuple[int, int]:
        """How many of the forbidden pairs were answered, and how many there are."""
        rows = [count for label, count in self.table.items() if label.startswith("negative: ") and label != _GRADE_W]
        return sum(count["wrong"] for count in rows), sum(count.total() for count in rows)

    def matched_without_counterpart(self) -> tuple[int, int]:
        """How many tracks that have no counterpart were matched to something, and how many there are."""
        rows = [self.table[label] for label in NO_COUNTERPART]
        return sum(count["wrong"] for count in rows), sum(count.total() for count in rows)


def judge(
    pairs: Iterable[Mapping[str, str]], negatives: Iterable[Mapping[str, str]], answers: Mapping[str, Answer]
) -> Score:
    """Judge the answers; an id without one counts as not matched."""
    score = Score()
    known: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    nobody: dict[str, Mapping[str, str]] = {}
    forbidden: dict[str, dict[str, str]] = defaultdict(dict)
    for row in pairs:
        match row["grade"]:
            case "A" | "B":
                known[row["spotify_id"]].append(row)
            case "N":
                nobody[row["spotify_id"]] = row
            case "W":
                forbidden[row["spotify_id"]][row["deezer_id"]] = _GRADE_W.removeprefix("negative: ")
            case _:
                pass  # C: not judged
    for row in negatives:
        forbidden[row["spotify_id"]][row["deezer_id"]] = row["why"]
    score.pairs = len(known)
    _judge_pairs(score, known, answers)
    for spotify_id, row in nobody.items():
        given = _given(answers, spotify_id)
        label = NO_COUNTERPART["same base title" not in row["method"]]
        score.table[label]["right" if given is None else "wrong"] += 1
        if given is not None:
            score.wrong.append(Judged(spotify_id, None, given, label))
    _judge_negatives(score, forbidden, known.keys() | nobody.keys(), answers)
    for verdict, judged in (("right", score.right), ("wrong", score.wrong)):
        for one in judged:
            score.methods[answers[one.spotify_id].method][verdict] += 1
    return score


def _judge_pairs(score: Score, known: Mapping[str, list[Mapping[str, str]]], answers: Mapping[str, Answer]) -> None:
    for spotify_id, rows in known.items():
        given = _given(answers, spotify_id)
        accepted = {id_ for row in rows for id_ in (row["deezer_id"], *row["also_acceptable"].split())}
        verdict: Verdict = "missed" if given is None else "right" if given in accepted else "wrong"
        labels = _labels(min(rows, key=lambda row: row["grade"]))
        outcome = {"right": score.right, "wrong": score.wrong, "missed": score.missed}[verdict]
        outcome.append(Judged(spotify_id, rows[0]["deezer_id"], given, labels[0]))
        for label in labels:
            score.table[label][verdict] += 1


def _judge_negatives(
    score: Score, forbidden: Mapping[str, dict[str, str]], judged: set[str], answers: Mapping[str, Answer]
) -> None:
    for spotify_id, whys in forbidden.items():
        given = _given(answers, spotify_id)
        for target, why in whys.items():
            verdict = "wrong" if given == target else "right"
            label = f"negative: {why.split(':')[0]}"
            score.table[label][verdict] += 1
            score.kinds[why][verdict] += 1
            if given == target and spotify_id not in judged:
                score.wrong.append(Judged(spotify_id, None, given, label))
        if given is not None and given not in whys and spotify_id not in judged:
            score.not_judged += 1


def _labels(row: Mapping[str, str]) -> tuple[str, ...]:
    """What is counted apart: the grade and kind of row, and three properties of the pair."""
    code = row["isrc_deezer"]
    return (
        f"{row['grade']}, {row['deezer_quality']} row",
        "durations known on both sides" if row["dur_diff"] else "a duration is missing",
        "ISRC equal in both rows" if code and code == row["isrc_spotify"] else "no common ISRC in the rows",
        "titles equal as strings"
        if row["title_spotify"].casefold() == row["title_deezer"].casefold()
        else "titles differ as strings",
    )


def _given(answers: Mapping[str, Answer], spotify_id: str) -> str | None:
    answer = answers.get(spotify_id)
    return answer.target if answer else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
