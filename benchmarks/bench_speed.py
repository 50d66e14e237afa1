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

from growth import spent
from startup import own, start

from musicdiff_job.core.likeness import score
from musicdiff_job.core.match import Rules
from musicdiff_job.core.model import Track
from musicdiff_job.core.text import canonical_title

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
    print("\n| command | modules | ours | s | of Python alone |")
    print("| --- | --- | --- | --- | --- |")
    python = seconds([sys.executable, "-c", "pass"])
    for line in COMMANDS:
        modules, _ = start(line.split(), {})
        took = seconds([sys.executable, "-m", "musicdiff_job", *line.split()])
        print(f"| `{line}` | {len(modules)} | {len(own(modules))} | {took:.2f} | {took / python:.1f} x |", flush=True)


if __name__ == "__main__":
    main()
