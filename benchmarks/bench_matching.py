"""Matching, measured on real pairs of Spotify and Deezer recordings with known truth.

    MUSICDIFF_REFERENCE_DATA=DIR python benchmarks/bench_matching.py [answers.csv] [--no-isrc] [--no-row-isrc] ...

The product's matcher looks every benchmark track up in a Deezer made of the recorded rows, over HTTP
(``matching_run``). Its answers are judged by the definitions of the data (``matching_score``), beside what other
programs' rules make of the same candidates (``peers``), and every forbidden track is offered alone
(``matching_offers``). With ``answers.csv`` it runs the one mode that the flags name and writes
``spotify_id,deezer_id_or_none,method,score``; without it, it runs all three. A set with rows of its own is scored by
``--set NAME --data DIR``, and ``--rows DIR`` for further rows.
"""

from __future__ import annotations

import argparse
import csv
import os
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import mean
from typing import Any

import msgspec
from matching_offers import SAME_TITLE, Offer, offers, taken_alone, this_matcher
from matching_reference import MissingRows, Reference, load
from matching_run import Mode, Run, run, wanted_in
from matching_score import Answer, Figures, Judged, Score, judge
from peers import RULES, Rule
from true_copies import TRUE_COPIES

THIS = "this matcher"
SAME_CANDIDATES = "this matcher, the same candidates"
GROUPS = {"version clashes": ("version",), "other artists": ("other artist", SAME_TITLE), "grade W": ("grade W",)}
"""The groups of forbidden tracks, and how their reasons begin."""
EQUAL_LENGTH = "version clashes of equal length"
"""The same clashes with the candidate made as long as the wanted track (synthetic): by their rule all are more than
3 s apart, so it takes no understanding of titles to refuse them. Re-recordings and remixes may be equally long."""


def percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"


def measured(reference: Reference, done: Run) -> dict[str, Any]:
    """One mode's figures as plain values: the JSON file's part of it."""
    score = judge(reference.pairs, reference.negatives, done.answers)
    asked = sorted(done.asked.values())
    kinds = {label: dict(count) for label, count in sorted(score.table.items())}
    peers: dict[str, dict[str, Answer]] = {THIS: done.answers, SAME_CANDIDATES: done.limited}
    for name, rule in RULES.items():
        peers[name] = {
            id_: Answer(rule(wanted_in(reference, done.mode, id_), found), name)
            for id_, found in done.candidates.items()
        }
    alone = offered_alone(reference, done.mode)
    return {
        "mode": str(done.mode),
        "tracks": len(done.answers),
        "all": figures(score.figures()),
        "copies_counted_right": figures(score.figures(frozenset(TRUE_COPIES))),
        "full_rows": figures(score.full_rows()),
        "no_counterpart_matched": score.matched_without_counterpart(),
        "negatives_accepted": score.accepted_negatives(),
        "not_judged": score.not_judged,
        "by": kinds,
        "negatives": {why: dict(count) for why, count in sorted(score.kinds.items())},
        "methods": {method: dict(count) for method, count in sorted(score.methods.items())},
        "lookups_per_track": {
            "mean": mean(asked),
            "mean_of_pairs": mean(done.asked[one.spotify_id] for one in score.of_pairs()),
            "most": asked[-1],
            "calls_per_track": done.calls / len(asked),
        },
        "rules": {
            name: {**compared(judge(reference.pairs, reference.negatives, given)), "offered_alone": alone[name]}
            for name, given in peers.items()
        },
        "wrong": [described(reference, one, done.answers) for one in _sorted(score.wrong)],
        "missed": [described(reference, one, done.answers) for one in _sorted(score.missed)],
    }


def figures(found: Figures) -> dict[str, Any]:
    return {**found._asdict(), "precision": found.precision, "recall": found.recall, "f1": found.f1}


def compared(score: Score) -> dict[str, Any]:
    """A line of the comparison."""
    return {
        **figures(score.figures()),
        "negatives_accepted": score.accepted_negatives(),
        "no_counterpart_matched": score.matched_without_counterpart(),
    }


def offered_alone(reference: Reference, mode: Mode) -> dict[str, dict[str, tuple[int, int]]]:
    """How many forbidden tracks each rule takes when nothing else is offered, and of how many, by group."""
    counted: dict[str, dict[str, tuple[int, int]]] = {}
    grouped: dict[str, list[Offer]] = {
        group: [offer for offer in offers(reference, mode) if offer.why.startswith(begins)]
        for group, begins in GROUPS.items()
    }
    grouped[EQUAL_LENGTH] = [offer.of_equal_length() for offer in grouped["version clashes"]]
    rules: dict[str, Rule] = {THIS: this_matcher, SAME_CANDIDATES: this_matcher, **RULES}
    for name, rule in rules.items():
        counted[name] = {
            group: (sum(taken_alone(offer, rule) for offer in these), len(these)) for group, these in grouped.items()
        }
    return counted


def described(reference: Reference, one: Judged, answers: dict[str, Answer]) -> dict[str, Any]:
    wanted = reference.wanted[one.spotify_id]
    seconds = f"{wanted.duration_ms / 1000:.1f} s" if wanted.duration_ms else "? s"
    code, given = wanted.isrc or "no ISRC", answers[one.spotify_id]
    return {
        "spotify_id": one.spotify_id,
        "label": one.label,
        "method": given.method,
        "spotify": f"{'; '.join(wanted.artists)} - {wanted.title} [{wanted.album or '?'}] {seconds} {code}",
        "expected": one.expected,
        "expected_row": _row(reference, one.expected),
        "given": one.given,
        "given_row": _row(reference, one.given),
        "another_true_copy": TRUE_COPIES.get((one.spotify_id, one.given or "")),
    }


def _row(reference: Reference, id_: str | None) -> str:
    row = reference.deezer.get(id_ or "")
    if row is None:
        return ""
    length = f"{row['duration']} s" if row.get("duration") else "? s"
    return f"{row['artist']} - {row['title']} [{row.get('album') or '?'}] {length} {row.get('isrc') or ''}".strip()


def _sorted(judged: Iterable[Judged]) -> list[Judged]:
    return sorted(judged, key=lambda one: (one.label, one.spotify_id))


def show(result: dict[str, Any], listed: int) -> None:
    """One mode, for people."""
    print(f"\n== {result['mode']}: {result['tracks']} tracks")
    for name, key in (
        ("all pairs", "all"),
        ("other true copies counted as right", "copies_counted_right"),
        ("pairs with full Deezer rows", "full_rows"),
    ):
        f = result[key]
        quotients = (f"{word} {percent(f[word]):>5}" for word in ("precision", "recall", "f1"))
        counts = f"right {f['right']}, wrong {f['wrong']}, missed {f['missed']} of {f['pairs']}"
        print(f"{name:36} {'  '.join(quotients)}  {counts}")
    for name, key in (
        ("without counterpart, matched anyway", "no_counterpart_matched"),
        ("negatives accepted", "negatives_accepted"),
    ):
        part, whole = result[key]
        print(f"{name:36} {part} of {whole} ({percent(part / whole if whole else None)} %)")
    asked = result["lookups_per_track"]
    print(
        f"{'look-ups per track':36} {asked['mean']:.2f} alone, {asked['mean_of_pairs']:.2f} of pairs,"
        f" at most {asked['most']}; {asked['calls_per_track']:.2f} HTTP calls in one run"
    )
    for title, key in (("by grade and kind", "by"), ("by kind of negative", "negatives"), ("by method", "methods")):
        print(f"\n{title:46} {'ids':>6} {'right':>6} {'wrong':>6} {'missed':>6}")
        for label, count in result[key].items():
            cells = (count.get(verdict, 0) for verdict in ("right", "wrong", "missed"))
            print(f"{label:46} {sum(count.values()):>6} " + " ".join(f"{cell:>6}" for cell in cells))
    print(f"\n{'rules on the same candidates':50} {'prec':>5} {'recall':>6} {'F1':>5}  taken when offered alone")
    for name, f in result["rules"].items():
        shares = f"{percent(f['precision']):>5} {percent(f['recall']):>6} {percent(f['f1']):>5}"
        alone = ", ".join(f"{group} {taken}/{of}" for group, (taken, of) in f["offered_alone"].items() if of)
        print(f"{name:50} {shares}  {alone}")
    for title in ("wrong", "missed"):
        rows = result[title]
        print(f"\n{len(rows)} {title}" + (f", the first {listed}" if len(rows) > listed else ""))
        for one in rows[:listed]:
            print(f"- {one['spotify_id']}  {one['label']}; {one['method']}\n    wanted   {one['spotify']}")
            for key in ("expected", "given"):
                if one[key]:
                    print(f"    {key:8} {one[key]} {one[f'{key}_row']}")
            if one["another_true_copy"]:
                print(f"    another true copy: {one['another_true_copy']}")


def _one_mode(reference: Reference, mode: Mode) -> tuple[Run, dict[str, Any]]:
    done = run(reference, mode, reference.ids())
    return done, measured(reference, done)


def _several_modes(reference: Reference, modes: Sequence[Mode]) -> list[tuple[Run, dict[str, Any]]]:
    """A process each: every mode keeps one processor busy."""
    with ProcessPoolExecutor(min(len(modes), os.cpu_count() or 1)) as pool:
        return list(pool.map(_one_mode, [reference] * len(modes), modes))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("answers", type=Path, nargs="?", help="write one mode's answers here")
    parser.add_argument("--no-isrc", action="store_true", help="one mode: no ISRC on either side")
    parser.add_argument("--no-row-isrc", action="store_true", help="one mode: no ISRC in search rows")
    parser.add_argument("--set", default="dev", help="which pairs and negatives (dev)")
    parser.add_argument("--data", type=Path, default=os.environ.get("MUSICDIFF_REFERENCE_DATA"), help="their folder")
    parser.add_argument("--rows", type=Path, action="append", default=[], help="a further folder of rows")
    parser.add_argument("--list", type=int, default=20, help="how many wrong and missed ones to name (20)")
    parser.add_argument("--json", type=Path, help="write all figures here")
    args = parser.parse_args()
    if args.data is None:
        parser.error("set MUSICDIFF_REFERENCE_DATA to the folder of the reference data")
    try:
        reference = load(Path(args.data), args.set, args.rows)
    except FileNotFoundError as error:
        parser.error(f"there is no {error.filename}; see --data and --set")
    except MissingRows as error:
        parser.error(f"{error}; name their folder with --rows")
    one = Mode.HIDDEN if args.no_isrc else Mode.ROWS_WITHOUT if args.no_row_isrc else Mode.ISRC
    chosen = [one] if args.answers or args.no_isrc or args.no_row_isrc else list(Mode)
    started = time.perf_counter()
    done = _several_modes(reference, chosen)
    for _, result in done:
        show(result, args.list)
    print(f"\n{time.perf_counter() - started:.0f} s")
    if args.answers:
        with args.answers.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(["spotify_id", "deezer_id_or_none", "method", "score"])
            for id_, answer in done[0][0].answers.items():
                writer.writerow([id_, answer.target or "none", answer.method, answer.score])
    if args.json:
        args.json.write_bytes(msgspec.json.format(msgspec.json.encode([result for _, result in done])) + b"\n")


if __name__ == "__main__":
    main()
