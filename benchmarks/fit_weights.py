"""Fits the weights and thresholds of ``core/likeness.py`` on recorded real pairs, and says what the fit is worth.

    MUSICDIFF_REFERENCE_DATA=DIR python benchmarks/fit_weights.py [--folds 5] [--seed 0]

Takes ``pairs_dev``, ``negatives_dev`` and ``version_groups_dev`` of the reference data. Every wanted track meets all
Deezer rows that share its artist or its title, so what is measured is the judgement, not the search. A member of a
version group meets the other members, spelled as Deezer would, and any of another length is wrong. Each case is judged
with ISRC, without, and without ISRC and length. The penalties' values do not depend on the weights, so they are
computed once; a refusal stays one whatever the weights are.

Fitting is a coordinate search from today's values and from random ones, which moves only where the loss falls: a wrong
answer costs as much as ``WRONG`` missing ones. It is cross-validated by artist: no artist is in two folds. Printed are
each fold's held-out figures for fitted and for today's values, the pooled ones, what happens when one value is halved
or doubled, and how far apart the lengths of one recording are (which is where ``LONGEST_APART`` comes from).

What came of it when the script was written: halving or doubling a weight changes at most 4 of some 800 answers, since
what tells recordings apart is decided by rule. Over all modes, held out, fitted values take 2 wrong where today's take
6, and miss 46 where today's miss 36. With ISRC and with ISRC hidden neither takes a wrong one; the wrong ones avoided
are tracks without length and version groups 4.0 to 4.5 s apart, which is Deezer's rounding. So the weights stayed.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import msgspec
from matching_reference import Row, rows, table, wanted_track

from musicdiff_job.core import match
from musicdiff_job.core.likeness import WEIGHTS, Rules, Scored, score
from musicdiff_job.core.model import Track
from musicdiff_job.core.text import artist_names, canonical_name, canonical_title, compact, normalise_isrc
from musicdiff_job.core.versions import main_title, split_version

WRONG = 5
"""How many missing answers one wrong answer is worth."""
STEPS = (0.25, 0.5, 0.75, 0.9, 1.1, 1.25, 1.5, 2.0, 3.0)
"""What the search tries to multiply a value by. ``min_score`` moves by its distance from 1."""
SAME_LENGTH = 4.0
"""Seconds further than which two members of a version group are not one recording."""
MODES = {"with ISRC": (True, True), "ISRC hidden": (False, True), "ISRC and length hidden": (False, False)}
BINS = (1, 2, 3, 4, 5, 6, 8, 12, 20)

TODAY: dict[str, float] = {**WEIGHTS, "min_score": Rules().min_score, "min_gap": Rules().min_gap}

Tally = Counter[str]
"""How many answers were right, wrong, missed and, where no answer is right, rightly none."""


class Case(NamedTuple):
    """A wanted track in one mode with the candidates that no rule refuses. ``right`` is empty where none is."""

    mode: str
    artist: str
    wanted: Track
    candidates: tuple[Scored, ...]
    right: frozenset[str]
    wrong: frozenset[str] | None
    """None: every answer that is not right is wrong."""


def decided(case: Case, values: dict[str, float]) -> str | None:
    """The id that the matcher takes under these values, or None."""
    rules = Rules(min_score=values["min_score"], min_gap=values["min_gap"])
    weighed = [
        msgspec.structs.replace(item, score=1.0 - sum(values[p.name] * p.value for p in item.penalties))
        for item in case.candidates
    ]
    good = sorted((item for item in weighed if item.score >= rules.min_score), key=match._order)
    outcome = match._choose(case.wanted, good, rules, swept=False) if good else None
    return outcome.target if isinstance(outcome, match.Match) else None


def judge(case: Case, answer: str | None) -> str:
    if answer is None:
        return "missed" if case.right else "none"
    if answer in case.right:
        return "right"
    return "wrong" if case.wrong is None or answer in case.wrong else "none"


def tally(cases: Iterable[Case], values: dict[str, float]) -> Tally:
    return Counter(judge(case, decided(case, values)) for case in cases)


def loss(counts: Tally) -> int:
    return WRONG * counts["wrong"] + counts["missed"]


def stepped(values: dict[str, float], name: str, factor: float) -> dict[str, float]:
    old = values[name]
    new = 1.0 - (1.0 - old) * factor if name == "min_score" else old * factor
    return {**values, name: round(min(1.0, max(0.0, new)), 4)}


def fit(cases: Sequence[Case], starts: Iterable[dict[str, float]]) -> dict[str, float]:
    """The values with the least loss on ``cases`` that the search finds; of equals those found first."""
    best: tuple[int, dict[str, float]] | None = None
    for values in starts:
        least = loss(tally(cases, values))
        moved = True
        while moved and least:
            moved = False
            for name in values:
                for factor in STEPS:
                    tried = stepped(values, name, factor)
                    found = loss(tally(cases, tried))
                    if found < least:
                        least, values, moved = found, tried, True
        if best is None or least < best[0]:
            best = least, values
    assert best is not None
    return best[1]


def fold_of(artist: str, folds: int) -> int:
    return zlib.crc32(artist.encode()) % folds


def deezer(row: Row) -> Track:
    return Track(
        id=str(row["id"]),
        title=row["title"],
        artists=(row["artist"],),
        album=row.get("album") or "",
        duration_ms=row["duration"] * 1000 if row.get("duration") else None,
        isrc=normalise_isrc(row.get("isrc")),
        explicit=row.get("explicit"),
        rank=int(row.get("rank") or 0),
    )


def as_deezer(track: Track) -> Track:
    """A Spotify track as Deezer would list it: one artist, whole seconds, version words in brackets, no ISRC."""
    return msgspec.structs.replace(
        track,
        title=re.sub(r" - ([^()\[\]]+)$", r" (\1)", track.title),
        artists=track.artists[:1],
        duration_ms=None if track.duration_ms is None else track.duration_ms // 1000 * 1000,
        isrc=None,
    )


def first_artist(track: Track) -> str:
    return compact(canonical_name(track.artists[0])) if track.artists else ""


def keys(track: Track) -> set[str]:
    """Whatever two descriptions of one recording have at least one of in common."""
    base = split_version(track.title).base
    return {f"by {compact(name)}" for name in artist_names(track.artists)} | {
        f"called {compact(canonical_title(name))}" for name in (base, main_title(base))
    }


def in_mode(
    mode: str, wanted: Track, found: Iterable[Track], right: Iterable[str], wrong: Iterable[str] | None
) -> Case:
    isrc, length = MODES[mode]
    if not isrc:
        wanted = msgspec.structs.replace(wanted, isrc=None)
    if not length:
        wanted = msgspec.structs.replace(wanted, duration_ms=None)
    scored = (score(wanted, track, Rules()) for track in found)
    candidates = tuple(item for item in scored if not item.refused)
    bad = None if wrong is None else frozenset(wrong)
    return Case(mode, first_artist(wanted), wanted, candidates, frozenset(right), bad)


def pair_cases(folder: Path, mode: str, sources: dict[str, Track]) -> list[Case]:
    shelf: dict[str, list[Track]] = defaultdict(list)
    for track in map(deezer, rows([folder], "deezer")):
        for key in keys(track):
            shelf[key].append(track)
    right: dict[str, set[str]] = defaultdict(set)
    wrong: dict[str, set[str]] = defaultdict(set)
    graded: set[str] = set()
    for row in table(folder / "pairs_dev.csv"):
        if row["grade"] in "ABN":
            graded.add(row["spotify_id"])
        if row["grade"] in "AB":
            right[row["spotify_id"]].update([row["deezer_id"], *row["also_acceptable"].split()])
    for row in table(folder / "negatives_dev.csv"):
        wrong[row["spotify_id"]].add(row["deezer_id"])
    found: list[Case] = []
    for id_ in sorted(graded | set(wrong)):
        wanted = sources[id_]
        near = {track.id: track for key in keys(wanted) for track in shelf[key]}
        found.append(in_mode(mode, wanted, near.values(), right[id_], None if id_ in graded else wrong[id_]))
    return found


def group_cases(folder: Path, mode: str, sources: dict[str, Track]) -> list[Case]:
    groups: dict[str, list[Track]] = defaultdict(list)
    for row in table(folder / "version_groups_dev.csv"):
        groups[row["group"]].append(sources[row["spotify_id"]])
    found: list[Case] = []
    for group in groups.values():
        for wanted in group:
            if wanted.duration_ms is None:
                continue
            others = [track for track in group if track.id != wanted.id and track.duration_ms is not None]
            far = [t.id for t in others if abs((t.duration_ms or 0) - wanted.duration_ms) > SAME_LENGTH * 1000]
            found.append(in_mode(mode, wanted, map(as_deezer, others), (), far))
    return found


def lengths(tracks: Iterable[Track]) -> dict[int, tuple[int, int]]:
    """Of pairs with one title, version and artist: how many share their ISRC and how many do not, by how many seconds
    apart they are at most (0: further)."""
    same: dict[tuple[object, ...], list[Track]] = defaultdict(list)
    for track in tracks:
        if track.isrc and track.duration_ms and track.artists:
            parts = split_version(track.title)
            same[first_artist(track), canonical_title(parts.base), parts.tags].append(track)
    counts: dict[int, list[int]] = {limit: [0, 0] for limit in (*BINS, 0)}
    for members in same.values():
        for one, other in combinations(members, 2):
            apart = abs((one.duration_ms or 0) - (other.duration_ms or 0)) / 1000
            counts[next((limit for limit in BINS if apart <= limit), 0)][one.isrc != other.isrc] += 1
    return {limit: (shared, differing) for limit, (shared, differing) in counts.items()}


def shown(counts: Tally) -> str:
    answers, findable = counts["right"] + counts["wrong"], counts["right"] + counts["missed"]
    precision = 100 * counts["right"] / answers if answers else 100.0
    recall = 100 * counts["right"] / findable if findable else 100.0
    numbers = ", ".join(f"{name} {counts[name]}" for name in ("right", "wrong", "missed"))
    return f"{precision:6.2f} / {recall:6.2f} %  {numbers}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--starts", type=int, default=1, help="random starting points besides today's values")
    parser.add_argument("--data", type=Path, default=os.environ.get("MUSICDIFF_REFERENCE_DATA"))
    args = parser.parse_args()
    if args.data is None:
        parser.error("set MUSICDIFF_REFERENCE_DATA to the folder of the reference data")
    folder, luck = Path(args.data), random.Random(args.seed)
    sources = {row["id"]: wanted_track(row) for row in rows([folder], "spotify")}
    pairs = [case for mode in MODES for case in pair_cases(folder, mode, sources)]
    groups = [case for mode in list(MODES)[1:2] for case in group_cases(folder, mode, sources)]
    cases = [case for case in pairs + groups if case.candidates or case.right]
    print(f"{len(pairs)} judgements of pairs and {len(groups)} of version groups, {len(cases)} of them open to weights")

    print("\nheld out by artist (precision / recall)")
    before, after = Tally(), Tally()
    for fold in range(args.folds):
        train = [case for case in cases if fold_of(case.artist, args.folds) != fold]
        held = [case for case in cases if fold_of(case.artist, args.folds) == fold]
        drawn = ({name: v * luck.uniform(0.5, 1.5) for name, v in WEIGHTS.items()} for _ in range(args.starts))
        fitted = fit(train, [TODAY, *({**TODAY, **weights} for weights in drawn)])
        old, new = tally(held, TODAY), tally(held, fitted)
        before, after = before + old, after + new
        print(f"fold {fold}  today   {shown(old)}\n        fitted  {shown(new)}")
        moved = ", ".join(f"{name} {fitted[name]:g}" for name in TODAY if fitted[name] != TODAY[name])
        print(f"        moved   {moved or 'nothing'}")
    print(f"pooled  today   {shown(before)}\n        fitted  {shown(after)}")

    print("\ntoday's values, by kind")
    for mode in MODES:
        print(f"{mode:32} {shown(tally((case for case in pairs if case.mode == mode), TODAY))}")
    print(f"{'version groups':32} {tally(groups, TODAY)['wrong']} of {len(groups)} took a member of another length")

    print("\nhow flat it is (all cases)")
    print(f"{'today':32} {shown(tally(cases, TODAY))}")
    for name in TODAY:
        for factor in (0.5, 2.0):
            tried = stepped(TODAY, name, factor)
            print(f"{name + f' {TODAY[name]:g} -> {tried[name]:g}':32} {shown(tally(cases, tried))}")

    print("\nseconds apart of Spotify tracks with one title, version and artist")
    for limit, (shared, differing) in lengths(sources.values()).items():
        share = 100 * shared / (shared + differing) if shared + differing else 0.0
        label = f"up to {limit}" if limit else "further"
        print(f"{label:10} one ISRC {shared:5d}, two {differing:4d}  {share:5.1f} %")


if __name__ == "__main__":
    main()
