"""Matching, measured on real pairs of Spotify and Deezer recordings with known truth.

    MUSICDIFF_REFERENCE_DATA=DIR python benchmarks/bench_matching.py answers.csv [--no-isrc] [--no-row-isrc]

Reads ``spotify_tracks``, ``deezer_tracks``, ``pairs_<set>`` and ``negatives_<set>`` from the folder, puts a small
search (word index, best 25) and an ISRC look-up (over the rows' own ISRCs) in front of the Deezer rows, drives
``decide`` to its end for every benchmark id, writes ``spotify_id,deezer_id_or_none,method,score`` and prints counts.
Precision and recall are then computed from the file by the scorer that comes with the data.

    --no-isrc      the wanted tracks have no ISRC (a source that does not give it)
    --no-row-isrc  the Deezer rows have none either, neither for look-up nor for comparison
"""

from __future__ import annotations

import argparse
import csv
import gzip
import math
import os
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, assert_never

import msgspec

from musicdiff_job.core.match import (
    Ask,
    ByFields,
    ById,
    ByIsrc,
    BySearch,
    Evidence,
    Match,
    Question,
    Rules,
    Unmatched,
    decide,
)
from musicdiff_job.core.model import Track
from musicdiff_job.core.text import canonical_title, normalise_isrc

FOUND = 25
"""Rows in one answer of Deezer's search."""


class Shelf:
    """The Deezer rows with a search in front, standing in for the service."""

    def __init__(self, tracks: list[Track]) -> None:
        self.by_id = {track.id: track for track in tracks}
        self.by_isrc: dict[str, Track] = {}
        self.words: dict[str, set[str]] = defaultdict(set)
        for track in tracks:
            if track.isrc:
                self.by_isrc.setdefault(track.isrc, track)
            for word in canonical_title(f"{track.title} {' '.join(track.artists)}").split():
                self.words[word].add(track.id)

    def answer(self, question: Question) -> list[Track]:
        """What a service holding just these rows might answer."""
        match question:
            case ByIsrc(isrc):
                return [self.by_isrc[isrc]] if isrc in self.by_isrc else []
            case ById(id_):
                return [self.by_id[id_]] if id_ in self.by_id else []
            case BySearch(text):
                return self.search(text)
            case ByFields(artist, title):
                return self.search(f"{artist} {title}")
            case _:
                assert_never(question)

    def search(self, text: str) -> list[Track]:
        """The rows that share the rarest words with ``text``."""
        weight: Counter[str] = Counter()
        for word in set(canonical_title(text).split()):
            rows = self.words.get(word, set())
            for row in rows:
                weight[row] += math.log(1 + len(self.by_id) / len(rows))  # type: ignore[assignment]
        return [self.by_id[row] for row in sorted(weight, key=lambda row: (-weight[row], int(row)))[:FOUND]]


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    with gzip.open(folder / name, "rb") as lines:
        return [msgspec.json.decode(line) for line in lines]


def spotify(row: dict[str, Any], *, isrc: bool) -> Track:
    duration = row.get("duration_ms") or (row["duration_s"] * 1000 if row.get("duration_s") else None)
    return Track(
        id=row["id"],
        title=row["name"],
        artists=tuple(row.get("artists") or ()),
        album=row.get("album") or "",
        duration_ms=duration,
        isrc=normalise_isrc(row.get("isrc")) if isrc else None,
        explicit=row.get("explicit"),
    )


def deezer(row: dict[str, Any], *, isrc: bool) -> Track:
    return Track(
        id=str(row["id"]),
        title=row["title"],
        artists=(row["artist"],),
        album=row.get("album") or "",
        duration_ms=row["duration"] * 1000 if row.get("duration") else None,
        isrc=normalise_isrc(row.get("isrc")) if isrc else None,
        explicit=row.get("explicit"),
        rank=int(row.get("rank") or 0),
    )


def converse(wanted: Track, shelf: Shelf, rules: Rules) -> tuple[Match | Unmatched, Evidence]:
    """Ask until it is decided."""
    evidence = Evidence()
    while True:
        step = decide(wanted, evidence, rules)
        match step:
            case Ask(question):
                evidence = evidence.with_answer(question, shelf.answer(question))
            case Match() | Unmatched():
                return step, evidence
            case _:
                assert_never(step)


def benchmark_ids(folder: Path, part: str) -> list[str]:
    found: set[str] = set()
    for kind in ("pairs", "negatives"):
        with (folder / f"{kind}_{part}.csv").open(encoding="utf-8", newline="") as lines:
            found.update(row["spotify_id"] for row in csv.DictReader(lines))
    return sorted(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("answers", type=Path)
    parser.add_argument("--no-isrc", action="store_true")
    parser.add_argument("--no-row-isrc", action="store_true")
    parser.add_argument("--set", default="dev")
    parser.add_argument("--data", type=Path, default=os.environ.get("MUSICDIFF_REFERENCE_DATA"))
    args = parser.parse_args()
    if args.data is None:
        parser.error("set MUSICDIFF_REFERENCE_DATA to the folder of the reference data")
    folder = Path(args.data)
    sources = {row["id"]: spotify(row, isrc=not args.no_isrc) for row in rows(folder, "spotify_tracks.jsonl.gz")}
    shelf = Shelf([deezer(row, isrc=not args.no_row_isrc) for row in rows(folder, "deezer_tracks.jsonl.gz")])
    outcomes: Counter[str] = Counter()
    asked = 0
    ids = benchmark_ids(folder, args.set)
    started = time.perf_counter()
    with args.answers.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["spotify_id", "deezer_id_or_none", "method", "score"])
        for id_ in ids:
            decision, evidence = converse(sources[id_], shelf, Rules())
            asked += len(evidence.asked)
            match decision:
                case Match(target, method, value):
                    writer.writerow([id_, target, method, value])
                    outcomes[method] += 1
                case Unmatched(reason):
                    writer.writerow([id_, "none", reason, 0])
                    outcomes[reason] += 1
                case _:
                    assert_never(decision)
    seconds = time.perf_counter() - started
    for name, count in outcomes.most_common():
        print(f"{count:6d} {name}")
    print(f"{asked / len(ids):.2f} questions per track, {seconds:.1f} s for {len(ids)} tracks")


if __name__ == "__main__":
    main()
