"""What a first sync and a run with nothing to do cost in calls: this program, measured, beside what others' code says.

    python benchmarks/bench_peers.py [--playlists P --tracks T] [--json FILE]

Theory. Other programs are not run here: their calls are computed from the shape of the library by formulas that were
read from their published code, at the commit that is named. They are the calls where nothing goes wrong: no retries, no
tracks that cannot be found. One line of MusicDiff's was also measured on strict fakes of both services, and came to
the formula's calls plus those repeated after refusals. Ours are counted by the sandbox. A library is P playlists of T
tracks each, U different tracks in all, nothing on the target.

- MusicDiff (MarcoMartignone/MusicDiff a484fc0), Spotify to Deezer: reads every playlist in pages of 100 in every run;
  looks every entry up by ISRC, in every list anew; fetches the list of target playlists (pages of 100) before and after
  each creation, adds 20 at a time. Nothing to do: compares whole playlists, source and target, the latter twice.
- spotify_to_tidal (spotify2tidal/spotify_to_tidal 8a66f5f), Spotify to TIDAL: lists by 50, pages of 100; two searches
  for each different track that is found by title (three where its album is tried first), creates a list, adds 20 at a
  time with a read before each. Nothing to do: reads both sides whole, the target's in pages of 20.
- SyncDisBoi (SilentVoid13/SyncDisBoi f064ecd), Spotify to TIDAL: reads both sides whole in every run, Spotify in pages
  of 50, the target in pages of 100; one search for each entry; creates a list and adds to it in two calls.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import NamedTuple

from bench_calls import FAST, sandbox


class Shape(NamedTuple):
    """A library: playlists, tracks of each, different tracks in all."""

    playlists: int
    tracks: int
    different: int

    @property
    def entries(self) -> int:
        """Of all playlists."""
        return self.playlists * self.tracks

    def pages(self, size: int) -> int:
        """To read every playlist whole."""
        return self.playlists * ceil(self.tracks / size)


class Calls(NamedTuple):
    """To the source and to the target."""

    source: int
    target: int


Formula = Callable[[Shape], Calls]


def musicdiff_first(shape: Shape) -> Calls:
    each = 2 * (1 + ceil(shape.playlists / 100)) + 1 + shape.tracks + ceil(shape.tracks / 20)
    return Calls(shape.pages(100), 1 + shape.playlists * each)


def musicdiff_again(shape: Shape) -> Calls:
    return Calls(shape.pages(100), 1 + 2 * (shape.playlists + shape.pages(100)))


def spotify_to_tidal_first(shape: Shape) -> Calls:
    """At its least: two searches for each entry, no album tried."""
    each = 1 + 2 * shape.tracks + 2 * ceil(shape.tracks / 20)
    return Calls(ceil(shape.playlists / 50) + 1 + shape.pages(100), shape.playlists * each)


def spotify_to_tidal_again(shape: Shape) -> Calls:
    listing = ceil(shape.playlists / 10)
    return Calls(ceil(shape.playlists / 50) + 1 + shape.pages(100), listing + shape.pages(20))


def syncdisboi_first(shape: Shape) -> Calls:
    return Calls(1 + ceil(shape.playlists / 50) + shape.pages(50), 1 + shape.playlists * (1 + shape.tracks + 2))


def syncdisboi_again(shape: Shape) -> Calls:
    listing = 1 + ceil(shape.playlists / 100)
    return Calls(1 + ceil(shape.playlists / 50) + shape.pages(50), listing + shape.pages(100))


PEERS: dict[str, tuple[Formula, Formula]] = {
    "MusicDiff": (musicdiff_first, musicdiff_again),
    "spotify_to_tidal": (spotify_to_tidal_first, spotify_to_tidal_again),
    "SyncDisBoi": (syncdisboi_first, syncdisboi_again),
}
"""Calls of a first sync and of one with nothing to do."""


def ours(playlists: int, tracks: int) -> tuple[Shape, Calls, Calls]:
    """The shape of the sandbox's library, and what this program's two runs cost on it."""
    settings = {**FAST, "MUSICDIFF_SYNC_ENTITIES": "playlists", "MUSICDIFF_BUDGET_DEEZER_PER_HOUR": "1000000"}
    with sandbox(f"synthetic:{playlists}x{tracks}+0") as place:
        made, summaries = [], []
        for _ in range(2):
            summary, _, _ = place.run(**settings)
            summaries.append(summary)
            made.append(Calls(summary["api_calls"]["spotify"], summary["api_calls"]["deezer"]))
        counts = summaries[0]["matching"]
    return Shape(playlists, tracks, sum(counts.values())), made[0], made[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--playlists", type=int, default=50)
    parser.add_argument("--tracks", type=int, default=100)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    asked = parser.parse_args()
    shape, first, again = ours(asked.playlists, asked.tracks)
    rows = {
        "this program, measured": (first, again),
        **{f"{name}, computed": (one(shape), other(shape)) for name, (one, other) in PEERS.items()},
    }
    print(f"{shape.playlists} playlists of {shape.tracks} tracks")
    print("| program | first sync: source + target | nothing to do: source + target |")
    print("| --- | --- | --- |")
    for name, (one, other) in rows.items():
        print(f"| {name} | {one.source:,} + {one.target:,} | {other.source:,} + {other.target:,} = {sum(other):,} |")
    if asked.json:
        named = {name: [one._asdict(), other._asdict()] for name, (one, other) in rows.items()}
        asked.json.write_text(json.dumps({"shape": shape._asdict(), "calls": named}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
