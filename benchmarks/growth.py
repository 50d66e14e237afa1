"""How a run grows with the library, beside the least that it could cost.

    python benchmarks/growth.py [--sizes 5,10,20,40] [--pictures FOLDER]

For each size (playlists of 50 tracks) a first sync and a run with nothing to do against the sandbox without its quota.
Calls are exact; seconds of processor time and memory are this machine's. Prints a table and draws each column over the
tracks, with the least as a dashed line:

- calls of a first sync: on Spotify one page for each playlist (50 tracks fit one) and one for the listing; on Deezer
  its listing, one look-up for ten tracks (an album's), and for each playlist
  a creation and an addition;
- calls with nothing to do: one for 50 Spotify playlists and one for the listing of Deezer's;
- seconds and memory: what Python needs to import the libraries, whatever the size.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import NamedTuple

from bench_calls import FAST, JOB, LIBRARIES, Place, sandbox
from line_chart import Curve, draw

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
TRACKS = 50


class Cost(NamedTuple):
    """Of one process: API calls, seconds of processor time, MB at its peak."""

    calls: int
    seconds: float
    memory: float


class Size(NamedTuple):
    """One library, and its two runs."""

    tracks: int
    first: Cost
    again: Cost
    least_first: int
    least_again: int


def spent(command: Sequence[str], environment: dict[str, str]) -> tuple[str, Cost]:
    """What a process said, and what it cost besides calls."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    output = process.stdout.read()
    process.stdout.close()
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return output, Cost(0, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def run(place: Place) -> Cost:
    """One run of the job."""
    settings = {**FAST, "MUSICDIFF_SYNC_ENTITIES": "playlists", "MUSICDIFF_BUDGET_DEEZER_PER_HOUR": "1000000"}
    output, cost = spent([*JOB, "run"], {**place.environment, **settings})
    made = json.loads(output.splitlines()[-1])["api_calls"]
    return cost._replace(calls=made["spotify"] + made["deezer"])


def measured(playlists: int) -> Size:
    """One size of library."""
    with sandbox(f"synthetic:{playlists}x{TRACKS}+0") as place:
        first, again = run(place), run(place)
    listing = ceil(playlists / 50) + 1
    tracks = playlists * TRACKS
    return Size(tracks, first, again, listing + playlists + ceil(tracks / 10) + 2 * playlists, listing)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="5,10,20,40", help="playlists, with commas")
    parser.add_argument("--pictures", type=Path, default=PICTURES)
    asked = parser.parse_args()
    print("| tracks | first sync: calls, least, s, MB | nothing to do: calls, least, s, MB |")
    print("| --- | --- | --- |")
    sizes = []
    for playlists in map(int, asked.sizes.split(",")):
        sizes.append(size := measured(playlists))
        cells = [
            f"{cost.calls:,}, {least:,}, {cost.seconds:.1f}, {cost.memory:.0f}"
            for cost, least in ((size.first, size.least_first), (size.again, size.least_again))
        ]
        print(f"| {size.tracks:,} | {cells[0]} | {cells[1]} |", flush=True)
    _, imports = spent([sys.executable, "-c", LIBRARIES], dict(os.environ))
    print(f"| importing the libraries | {imports.seconds:.1f} s, {imports.memory:.0f} MB | |")
    asked.pictures.mkdir(parents=True, exist_ok=True)
    at = [size.tracks for size in sizes]
    for what, unit, first, again, least in (
        ("calls", "API calls", [s.first.calls for s in sizes], [s.again.calls for s in sizes], None),
        ("seconds", "seconds of processor time", [s.first.seconds for s in sizes], [s.again.seconds for s in sizes],
         imports.seconds),
        ("memory", "MB at the peak", [s.first.memory for s in sizes], [s.again.memory for s in sizes], imports.memory),
    ):  # fmt: skip
        curves = [Curve("first sync", first), Curve("nothing to do", again)]
        if least is None:
            curves.append(Curve("least, first sync", [size.least_first for size in sizes], dashed=True))
            curves.append(Curve("least, nothing to do", [size.least_again for size in sizes], dashed=True))
        else:
            curves.append(Curve("importing the libraries", [least] * len(sizes), dashed=True))
        picture = draw(f"{unit} over tracks in the library", at, curves)
        (asked.pictures / f"growth-{what}.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
