"""A whole large library in many small runs, to the point at which nothing is left to do; then once more.

``python benchmarks/bench_library.py [--small]``. The command and the sandbox are processes of their own; every run may
make 500 calls. Prints a table, and ends with a traceback if a run goes wrong, exceeds its calls, leaves a list behind,
or if the second pass writes anything or makes more than six calls besides signing in.
"""

from __future__ import annotations

import argparse
import gzip
import time
from pathlib import Path
from typing import Any

from bench_calls import FAST, Place, row, sandbox

WHOLE, SMALL = "synthetic:60x60+3500+400+200", "synthetic:6x12+60+12+8"
"""Playlists, tracks in each, liked songs, albums, artists."""
CALLS, CALLS_SMALL = 500, 40
"""What one run may make."""
RUNS = 200
"""More than this are no progress."""
SECOND_PASS = 6
"""Calls of a run that finds nothing new, besides signing in."""
ON_THE_WAY = {"changed", "more_to_do", "in_sync"}
SETTLED = {"changed", "in_sync"}


def made(summary: dict[str, Any]) -> int:
    """Calls of a run without signing in."""
    calls = summary["api_calls"]
    return int(calls["spotify"] + calls["deezer"])


def synced(place: Place, budget: int) -> list[dict[str, Any]]:
    """Runs until one has nothing to do."""
    summaries: list[dict[str, Any]] = []
    while len(summaries) < RUNS:
        summary, _, _ = place.run("--max-calls", str(budget), **FAST)
        summaries.append(summary)
        assert summary["outcome"] in ON_THE_WAY and not summary["errors"], summary
        assert made(summary) <= budget, f"run {len(summaries)} made {made(summary)} calls"
        if summary["outcome"] == "in_sync":
            return summaries
    raise AssertionError(f"after {RUNS} runs there is still work: {summaries[-1]['totals']}")


def placed(summary: dict[str, Any], kind: str) -> str:
    """How much of the collections of a kind has its counterpart."""
    lines = [line for line in summary["collections"] if line["kind"] == kind]
    return f"{sum(line['matched'] for line in lines)} of {sum(line['entries'] for line in lines)}"


def measure(library: str, budget: int) -> None:
    """Sync a library, look again, and say what that took."""
    with sandbox(library) as place:
        began = time.monotonic()
        runs = synced(place, budget)
        seconds = time.monotonic() - began
        last = runs[-1]
        row(f"{library}, {budget} calls a run", f"{len(runs)} runs, {seconds:.0f} s")
        row("  calls", f"{sum(map(made, runs))}, {sum(run['lookups'] for run in runs)} of them look-ups")
        row("  writes", f"{sum(run['writes'] for run in runs)}")
        for kind, name in (
            ("playlist", "playlists'"),
            ("liked", "liked songs"),
            ("albums", "albums"),
            ("artists", "artists"),
        ):
            row(f"  {name} entries placed" if kind == "playlist" else f"  {name} placed", placed(last, kind))
        left = [line["name"] for line in last["collections"] if line["state"] not in SETTLED]
        assert not left, f"left behind: {left}"
        packed = Path(place.environment["MUSICDIFF_CHECKPOINT_URL"]).read_bytes()
        row("  checkpoint", f"{len(packed):,} bytes, unpacked {len(gzip.decompress(packed)):,}")
        second, _, _ = place.run("--max-calls", str(budget), **FAST)
        row("  second pass", f"{second['outcome']}, {made(second)} calls, {second['writes']} writes")
        assert second["outcome"] == "in_sync" and second["writes"] == 0, second
        assert made(second) <= SECOND_PASS, second["api_calls"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a smaller library, for a look")
    if parser.parse_args().small:
        measure(SMALL, CALLS_SMALL)
    else:
        measure(WHOLE, CALLS)


if __name__ == "__main__":
    main()
