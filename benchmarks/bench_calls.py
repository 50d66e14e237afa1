"""What a run costs: calls, seconds, memory. The command and the sandbox are processes of their own.

``python benchmarks/bench_calls.py [--small]``. Prints a table; asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from musicdiff_job.sandbox.catalogue import load_catalogue

FAST = {
    "MUSICDIFF_DEEZER_REQUESTS_PER_5S": "1000000",
    "MUSICDIFF_DEEZER_WRITE_INTERVAL": "0s",
    "MUSICDIFF_BUDGET_SPOTIFY_PER_DAY": "1000000",
    "MUSICDIFF_BUDGET_CALLS": "1000000",
    "MUSICDIFF_BUDGET_TIME": "2h",
}
LIBRARIES = "import requests, spotipy, httpx, deezer, msgspec, click, filelock, tenacity, rapidfuzz"
JOB = (sys.executable, "-m", "musicdiff_job")


class Place:
    """A sandbox process and a folder for one checkpoint."""

    def __init__(self, url: str, environment: dict[str, str], folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            **environment,
            "MUSICDIFF_CHECKPOINT_URL": str(folder / "checkpoint.json.gz"),
        }

    def admin(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(
            f"{self.url}/sandbox/{path}", method=method, data=None if body is None else json.dumps(body).encode()
        )
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or b"null")

    def run(self, *arguments: str, **environment: str) -> tuple[dict[str, Any], float, float]:
        """One run: its summary, its seconds from start to exit, and its peak memory in MB."""
        command = (*JOB, "run", *arguments)
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        output = process.stdout.read()
        process.stdout.close()
        _, _, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = 0
        return json.loads(output.splitlines()[-1]), seconds, usage.ru_maxrss / 1024


@contextmanager
def sandbox(library: str, latency: float = 0.0, *, real_quota: bool = False) -> Iterator[Place]:
    command = [sys.executable, "-m", "musicdiff_job.sandbox", "--library", library, "--latency", str(latency)]
    if not real_quota:
        command.append("--no-quota")
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process,
    ):
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        try:
            yield Place(told["url"], told["environment"], Path(folder))
        finally:
            process.send_signal(signal.SIGTERM)


def calls(summary: dict[str, Any]) -> str:
    made = summary["api_calls"]
    return f"{made['spotify']} Spotify + {made['deezer']} Deezer (+ {made['auth']} sign-in)"


def row(what: str, figure: str) -> None:
    print(f"{what:<58} {figure}", flush=True)


def nothing_to_do(library: str, repeats: int) -> None:
    with sandbox(library) as place:
        first, seconds, memory = place.run(**FAST)
        distinct = first["totals"]["matched"] + first["totals"]["unmatched"]
        row(f"first sync of {library}", f"{first['outcome']}, {calls(first)}, {seconds:.1f} s, {memory:.0f} MB")
        row("  look-ups per entry", f"{first['lookups'] / distinct:.2f}")
        imports, runs = [], []
        for _ in range(repeats):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", LIBRARIES], check=True)
            imports.append(time.perf_counter() - began)
            runs.append(place.run(**FAST))
        summary = runs[-1][0]
        job = statistics.median(seconds for _, seconds, _ in runs)
        importing = statistics.median(imports)
        row("nothing to do", f"{summary['outcome']}, {calls(summary)}, {summary['writes']} writes")
        row(
            "  start to exit, beside importing the libraries",
            f"{job:.2f} s / {importing:.2f} s = {job / importing:.2f}",
        )
        row("  peak memory", f"{max(memory for _, _, memory in runs):.0f} MB")
        fresh = max(track.id for track in load_catalogue().spotify.values() if track.deezer_id)
        place.admin("POST", "edit", {"verb": "spotify.add_track", "playlist": "Synthetic 0007", "track": fresh})
        summary, _, _ = place.run(**FAST)
        row("one track added", f"{calls(summary)}, {summary['lookups']} look-ups, {summary['writes']} writes")


QUOTA_CALLS, QUOTA_SECONDS = 50, 5.0


def use_of_quota(at: list[float]) -> float:
    """The share of what Deezer allows that calls at these times have used: 50 at once, and 10 a second after that."""
    allowed = QUOTA_CALLS * (1 + (max(at) - min(at)) / QUOTA_SECONDS)
    return len(at) / allowed


LOOK_UPS = ("/track/", "/search", "/album/", "/artist/")


def quota(one_list: str, library: str, latencies: tuple[float, ...]) -> None:
    """While the tracks of one list are looked up, and over a whole first sync, writes and their pace included."""
    for latency in latencies:
        with sandbox(one_list, latency, real_quota=True) as place:
            place.run("--dry-run", MUSICDIFF_SYNC_ENTITIES="playlists")
            log = [call for call in place.admin("GET", "log") if call["path"].startswith(LOOK_UPS)]
            look_ups = use_of_quota([call["at"] for call in log])
            refused = sum(call["status"] != 200 for call in log)
        with sandbox(library, latency, real_quota=True) as place:
            summary, _, _ = place.run(MUSICDIFF_SYNC_ENTITIES="playlists")
            log = [call["at"] for call in place.admin("GET", "log") if call["counted_as"] == "deezer"]
            row(
                f"use of Deezer's quota at {latency * 1000:.0f} ms, look-ups / whole first sync",
                f"{look_ups:.0%} ({refused} refused) / {use_of_quota(log):.0%} of {summary['duration_seconds']:.0f} s",
            )


def endings(library: str) -> None:
    with sandbox(library, latency=0.02) as place:
        process = subprocess.Popen(
            [*JOB, "run"], env={**place.environment, **FAST}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(4)  # noqa: TID251 - the run needs time to be in the middle
        began = time.perf_counter()
        process.send_signal(signal.SIGTERM)
        status = process.wait(timeout=60)
        row("SIGTERM in the middle", f"exit {status} after {time.perf_counter() - began:.2f} s")
    with sandbox(library) as place:
        place.admin(
            "POST",
            "faults",
            [
                {
                    "effect": {"type": "status", "code": 429, "headers": {"Retry-After": "86400"}},
                    "service": "spotify",
                    "count": 1000,
                }
            ],
        )
        for turn in ("429 with Retry-After: 86400", "  the run after it"):
            summary, seconds, _ = place.run(**FAST)
            row(turn, f"{summary['outcome']}, {calls(summary)}, {seconds:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a smaller library, for a look")
    small = parser.parse_args().small
    nothing_to_do("synthetic:10x20+20" if small else "synthetic:50x100+200", 5)
    endings("synthetic:10x60+20")
    if small:
        quota("synthetic:1x200+0", "synthetic:2x60+0", (0.15,))
    else:
        quota("synthetic:1x400+0", "synthetic:8x60+20", (0.0, 0.05, 0.15, 0.4))
    print(f"peak memory of this script's children: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()
