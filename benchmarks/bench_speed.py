"""How fast the pure parts are, and what each command costs before it does anything.

    python benchmarks/bench_speed.py

Processor time, the median of several. Distinct titles, so that no cache helps; beside each stands a yardstick of the
same machine and the same minute.
"""

from __future__ import annotations

import statistics
import sys
import time
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime

from growth import spent
from startup import own, start

from musicdiff_job.core.budget import deezer_rule, spotify_rule
from musicdiff_job.core.checkpoint import Checkpoint, MatchRecord, Mirror
from musicdiff_job.core.likeness import score
from musicdiff_job.core.match import Reason, Rules, Unmatched
from musicdiff_job.core.model import CollectionId, Kind, Service, SourceId, Track
from musicdiff_job.core.policy import Policy
from musicdiff_job.core.text import canonical_title
from musicdiff_job.report.html import html_page
from musicdiff_job.report.overview import Standpoint, overview_of

MANY = 4_000
TURNS = 5
COMMANDS = ("--version", "--help", "status", "check --help", "run --help")


def rate(each: Callable[[int], object]) -> float:
    """Calls a second of processor time, the median of several turns, each over numbers that no turn had before."""
    rates = []
    for turn in range(TURNS):
        began = time.process_time()
        for number in range(turn * MANY, (turn + 1) * MANY):
            each(number)
        rates.append(MANY / (time.process_time() - began))
    return statistics.median(rates)


def candidate(number: int) -> Track:
    """One like the wanted track, and like no other candidate."""
    return Track(f"b{number}", f"Morning Songs {number} (Live)", ("Ann",), f"Songs {number} (Deluxe)", 201_000)


def seconds(command: list[str]) -> float:
    """Of processor time, the median of several."""
    return statistics.median(spent(command, {"PATH": "/usr/bin:/bin", "HOME": "/"})[1].seconds for _ in range(TURNS))


def rendered(playlists: int, unmatched: int) -> tuple[float, int]:
    """Seconds of processor time from the checkpoint to the page, and the page's bytes."""
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    tracks = [Track(f"{number:022}", f"Morning Song {number}", ("Ann", "Bob")) for number in range(unmatched)]
    lists = {
        (identity := CollectionId(f"spotify:playlist:{number:022}")): Mirror(
            identity,
            Kind.PLAYLIST,
            f"Songs {number}",
            waiting=tuple(SourceId(track.id) for track in tracks[number::playlists]),
        )
        for number in range(playlists)
    }
    records = {SourceId(track.id): MatchRecord(track, Unmatched(Reason.NOT_FOUND), tries=1) for track in tracks}
    checkpoint = Checkpoint(mirrors=lists, matches=records)
    ledgers = {Service.SPOTIFY: spotify_rule(1_000), Service.DEEZER: deezer_rule(30_000)}
    view = Standpoint("default", Policy(), Rules(), ledgers, None)
    began = time.process_time()
    page = html_page(overview_of(view, checkpoint, None, now), now)
    return time.process_time() - began, len(page.encode())


def main() -> None:
    wanted, rules = Track("a", "Morning Song (Live)", ("Ann", "Bob"), "Songs", 200_000), Rules()
    print("| what | a second |")
    print("| --- | --- |")
    yardstick = rate(lambda n: unicodedata.normalize("NFKC", f"Señorita No. {n} (feat. Zoë)").casefold())
    print(f"| yardstick: NFKC and casefold of a title | {yardstick:,.0f} |")
    print(
        f"| canonical spelling of a title | {rate(lambda n: canonical_title(f'Señorita No. {n} (feat. Zoë)')):,.0f} |"
    )
    print(f"| candidates scored | {rate(lambda n: score(wanted, candidate(n), rules)):,.0f} |")
    print("\n| the dashboard of | s | MB |")
    print("| --- | --- | --- |")
    for playlists, unmatched in ((50, 100), (1_000, 20_000)):
        took, size = rendered(playlists, unmatched)
        print(f"| {playlists:,} playlists, {unmatched:,} without a counterpart | {took:.2f} | {size / 1e6:.2f} |")
    print("\n| command | modules | ours | s | of Python alone |")
    print("| --- | --- | --- | --- | --- |")
    python = seconds([sys.executable, "-c", "pass"])
    for line in COMMANDS:
        modules, _ = start(line.split(), {})
        took = seconds([sys.executable, "-m", "musicdiff_job", *line.split()])
        print(f"| `{line}` | {len(modules)} | {len(own(modules))} | {took:.2f} | {took / python:.1f} x |", flush=True)


if __name__ == "__main__":
    main()
