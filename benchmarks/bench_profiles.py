"""What a thousand profiles cost: their settings, a run of all in one process, an Indexed Job of one process each.

The first three are measured on this machine, with profiles that have nothing to do: each has a checkpoint that says
to call nobody, as most have at most times. The last is a simulation, because a thousand Pods and Deezer's limit are not
at hand: Pods take the profiles by their index, at most ``parallelism`` of them at once, and each makes its calls as
fast as its own window (the job's own code, ``core.budget.RollingWindow``) lets it, on a clock of the simulation.

``python benchmarks/bench_profiles.py [PROFILES]``
"""

from __future__ import annotations

import heapq
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from bisect import bisect_right
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from musicdiff_job.clock import StopFlag, SystemClock
from musicdiff_job.core.budget import RollingWindow
from musicdiff_job.core.checkpoint import Checkpoint, NotBefore
from musicdiff_job.core.timestamps import to_iso
from musicdiff_job.settings import Reading
from musicdiff_job.store.file import FileStore

LIMIT, SPAN = 50, 5.0
"""What Deezer allows to one address."""
LATENCY = 0.15
START = 3.0
"""Seconds from the end of one Pod to the first call of the next: scheduling, the container's start, the job's own."""
SIZES = ((1, 35), (2, 17), (5, 7), (10, 3), (2, 25), (10, 5), (2, 50), (10, 50))
"""Parallelism, and the window of each Pod: with room for what the Pod before has left, without, and not divided."""
PODS = 40
"""Processes that are started for real."""


def prepare(folder: Path, profiles: int) -> dict[str, str]:
    """A settings file, a folder of secrets and checkpoints of as many people; the environment of a run."""
    names = [f"user{number:05}" for number in range(profiles)]
    text = '[checkpoint]\nurl = "state/{profile}.json"\n' + "".join(f"[profiles.{name}]\n" for name in names)
    (folder / "musicdiff.toml").write_text(text)
    secrets, state = folder / "secrets", folder / "state"
    secrets.mkdir()
    state.mkdir()
    clock = SystemClock(StopFlag())
    closed = NotBefore(to_iso(clock.now() + timedelta(days=1)), "a rest")
    for name in names:
        for credential in ("SPOTIFY_REFRESH_TOKEN", "DEEZER_ARL"):
            (secrets / f"{name}.{credential}").write_text(f"{name}-{credential}-0123456789abcdef")
        store = FileStore(state / f"{name}.json", clock=clock, app_version="bench")
        with store.lease("bench", datetime(2026, 1, 1, tzinfo=UTC)) as lease:
            lease.save(Checkpoint(not_before={"spotify": closed, "deezer": closed}))
    (secrets / "SPOTIFY_CLIENT_ID").write_text("app")
    for file in secrets.iterdir():
        file.chmod(0o600)
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return {**kept, "HOME": str(folder), "MUSICDIFF_SECRETS_DIR": str(secrets)}


class Spent(NamedTuple):
    """What commands took, and the last line that each printed."""

    seconds: float
    cpu: float
    lines: list[str]


def run(folder: Path, env: dict[str, str], arguments: list[list[str]], at_once: int = 1) -> Spent:
    """Run the command with each list of arguments, so many at once."""

    def one(given: list[str]) -> str:
        command = [sys.executable, "-m", "musicdiff_job", "run", *given]
        done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()[-1]

    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        lines = list(pool.map(one, arguments))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(time.perf_counter() - started, cpu, lines)


class Outcome(NamedTuple):
    """What a simulated Job came to. ``most`` is the largest number of calls in any ``SPAN`` seconds."""

    served: list[int]
    seconds: float
    calls: int
    most: int


def work(index: int) -> int:
    """Deezer calls of a profile's run: most have nothing new, some a playlist, a few, one after the other, a first
    sync."""
    return 600 if index % 100 in (7, 8) else 60 if index % 10 == 3 else 1


def simulate(profiles: int, parallelism: int, per_5s: int) -> Outcome:
    """An Indexed Job with a window of ``per_5s`` in every Pod."""
    waiting: Iterator[int] = iter(range(profiles))
    events: list[tuple[float, int, str]] = []
    windows: dict[int, RollingWindow] = {}
    left: dict[int, int] = {}
    made: list[float] = []
    served: list[int] = []
    now = 0.0

    def begin(at: float) -> None:
        if (index := next(waiting, None)) is not None:
            windows[index], left[index] = RollingWindow(per_5s, SPAN), work(index)
            heapq.heappush(events, (at + START, index, "call"))

    for _ in range(parallelism):
        begin(0.0)
    while events:
        now, index, kind = heapq.heappop(events)
        if kind == "answer":
            windows[index].end(now)
            continue
        if kind == "over":
            served.append(index)
            del windows[index]
            begin(now)
        elif (delay := windows[index].delay(now)) > 0:
            heapq.heappush(events, (now + delay, index, "call"))
        else:
            windows[index].begin()
            made.append(now)
            left[index] -= 1
            heapq.heappush(events, (now + LATENCY, index, "answer"))
            heapq.heappush(events, (now, index, "call") if left[index] else (now + LATENCY, index, "over"))
    most = max(bisect_right(made, at + SPAN - 1e-9) - number for number, at in enumerate(made))
    return Outcome(served, now, len(made), most)


def main(profiles: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = prepare(folder, profiles)
        started = time.perf_counter()
        one = Reading(None, env, None, {}, folder)
        one.load(one.chosen(index=profiles - 1))
        print(f"settings of one of {profiles:,} profiles, by index: {time.perf_counter() - started:.2f} s")
        started = time.perf_counter()
        Reading(None, env, None, {}, folder).load_every()
        print(f"settings of all of them: {time.perf_counter() - started:.2f} s")

        every = run(folder, env, [["--profile", "all", "--log-format", "json"]])
        total = json.loads(every.lines[0])
        assert len(total["profiles"]) == profiles and total["outcome"] == "rate_limited"
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(
            f"run --profile all, none due: {every.seconds:.1f} s ({every.cpu / profiles * 1000:.1f} ms CPU each), "
            f"{peak:.0f} MB"
        )
        pods = min(PODS, profiles)
        each = run(folder, env, [["--profile-index", str(index)] for index in range(pods)], at_once=2)
        assert len({json.loads(line)["profile"] for line in each.lines}) == pods
        print(
            f"one process each, two at once: {each.seconds / pods:.2f} s a profile ({each.cpu / pods:.2f} s CPU), "
            f"so {each.seconds / pods * profiles / 60:.0f} min for all"
        )

    print(f"\nan Indexed Job of {profiles:,} (simulated): 2 % first syncs, 10 % with a new playlist, the rest in step")
    print("| parallelism | window of each Pod | minutes | Deezer calls | most in any 5 s |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for parallelism, per_5s in SIZES:
        found = simulate(profiles, parallelism, per_5s)
        assert sorted(found.served) == list(range(profiles))
        print(f"| {parallelism} | {per_5s} | {found.seconds / 60:.0f} | {found.calls:,} | {found.most} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
