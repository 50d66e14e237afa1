"""Counts that depend on the program and not on the machine, to notice when a change makes it do more.

    python benchmarks/counts.py [--instructions] [--update]

Compares with ``baseline.json`` beside it and fails when a count is more than its tolerance above, or so far below that
the record is out of date. ``--update`` records what is counted now. ``--instructions`` counts those of two pure
functions too, by callgrind, which needs valgrind and takes a minute; it is skipped with a word where there is none.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench_calls import FAST
from startup import own, start

from musicdiff_job.sandbox.deezer_switches import DeezerSwitches
from musicdiff_job.sandbox.server import Sandbox
from musicdiff_job.sandbox.world import synthetic_world

HERE = Path(__file__).parent
BASELINE = HERE / "baseline.json"
TOLERANCES = {"calls": 0.0, "look-ups": 0.05, "modules": 0.03, "bytes": 0.05, "instructions": 0.05}
"""By what a count is of. Calls are exact but for look-ups: which of them are needed depends a little on which answer
comes first, and so do the bytes. Python and the libraries change the others."""
PLAYLISTS, TRACKS, LIKED = 6, 40, 20
HOT = {
    "instructions: canonical spelling of a title": (
        "from musicdiff_job.core.text import canonical_title",
        "canonical_title(f'Señorita No. {n} (feat. Zoë) - Remastered 2011')",
    ),
    "instructions: scoring a candidate": (
        "from musicdiff_job.core.model import Track\n"
        "from musicdiff_job.core.likeness import score\n"
        "from musicdiff_job.core.match import Rules\n"
        "one = Track('a', 'Morning Song (Live)', ('Ann', 'Bob'), 'Songs', 200_000)",
        "score(one, Track('b', f'Morning Songs {n}', ('Ann',), 'Songs (Deluxe)', 201_000), Rules())",
    ),
}
ROUNDS = 300
"""Of a hot function; those of the same process without it are subtracted."""


def of_runs() -> dict[str, int]:
    """What a first run, one with nothing to do and one with an added track cost, and what they import and save."""
    account = synthetic_world(PLAYLISTS, TRACKS, LIKED, seed=1)
    counts: dict[str, int] = {}
    with (
        Sandbox(account, switches=DeezerSwitches(quota_calls=None)) as sandbox,
        tempfile.TemporaryDirectory() as folder,
    ):
        checkpoint = Path(folder) / "checkpoint.json"
        environment = {
            **sandbox.environment("arl"),
            **FAST,
            "MUSICDIFF_CHECKPOINT_URL": str(checkpoint),
            "MUSICDIFF_SYNC_ENTITIES": "liked,playlists",
            "PYTHONHASHSEED": "0",
        }
        _count_run(counts, "first run", environment)
        counts["bytes: checkpoint after the first run"] = checkpoint.stat().st_size
        modules = _count_run(counts, "nothing to do", environment)
        counts["modules: all, nothing to do"] = len(modules)
        counts["modules: ours, nothing to do"] = len(own(modules))
        for line in ("--version", "status"):
            counts[f"modules: all, {line}"] = len(start([line], environment).modules)
        playlist = account.playlists()[0]
        there = {entry.content.id for entry in playlist.entries}  # type: ignore[union-attr]
        fresh = max(id_ for id_, track in account.catalogue.spotify.items() if track.deezer_id and id_ not in there)
        account.add_track(playlist.id, fresh)
        _count_run(counts, "one track added", environment)
    return counts


def _count_run(counts: dict[str, int], what: str, environment: Mapping[str, str]) -> frozenset[str]:
    modules, output = start(["run"], environment)
    summary = json.loads(output.splitlines()[-1])
    made: dict[str, Any] = summary["api_calls"]
    counts[f"calls: Spotify, {what}"] = made["spotify"]
    counts[f"calls: Deezer besides look-ups, {what}"] = made["deezer"] - summary["lookups"]
    counts[f"calls: writes, {what}"] = summary["writes"]
    counts[f"look-ups: {what}"] = summary["lookups"]
    return modules


def of_instructions() -> dict[str, int]:
    """Instructions of one round of each hot function; empty where valgrind is not installed."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        print("valgrind is not installed: no instructions are counted")
        return {}
    return {
        what: (_instructions(valgrind, begin, each, ROUNDS) - _instructions(valgrind, begin, each, 0)) // ROUNDS
        for what, (begin, each) in HOT.items()
    }


def _instructions(valgrind: str, begin: str, each: str, rounds: int) -> int:
    # Both processes warm up, so that what is imported and compiled at the first use is in both.
    script = f"{begin}\ndef each(n):\n    {each}\nfor n in range(5): each(n)\nfor n in range({rounds}): each(n + 5)\n"
    done = subprocess.run(
        [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, "-c", script],
        env={"PATH": os.defpath, "PYTHONHASHSEED": "0", "PYTHONPATH": str(HERE.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"Collected : (\d+)", done.stderr)
    if found is None:
        raise RuntimeError(done.stderr)
    return int(found[1])


def judge(found: Mapping[str, int], recorded: Mapping[str, int]) -> list[str]:
    """What is wrong with what was found, in words; nothing about what was not counted."""
    said = []
    for what, count in found.items():
        if what not in recorded:
            said.append(f"{what}: {count:,}, and nothing is recorded")
            continue
        before = recorded[what]
        room = before * TOLERANCES[what.partition(":")[0]]
        if count > before + room:
            said.append(f"{what}: {count:,}, recorded {before:,} ({count / max(before, 1) - 1:+.0%})")
        elif count < before - room:
            said.append(f"{what}: {count:,}, better than the {before:,} recorded: record it")
    return said


def surroundings() -> dict[str, str]:
    """On what instructions and modules depend besides our own code."""
    names = ("click", "msgspec", "rapidfuzz", "requests", "spotipy", "tenacity")
    versions = {name: importlib.metadata.version(name) for name in names}
    return {"python": platform.python_version(), "machine": platform.machine(), **versions}


def comparable(found: Mapping[str, int], where: Mapping[str, str], recorded_where: Mapping[str, str]) -> dict[str, int]:
    """The counts that may be compared with those of other surroundings: what is called and saved, always."""
    if dict(where) == dict(recorded_where):
        return dict(found)
    return {what: count for what, count in found.items() if what.startswith(("calls:", "look-ups:", "bytes:"))}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--instructions", action="store_true")
    parser.add_argument("--update", action="store_true")
    asked = parser.parse_args()
    found = {**of_runs(), **(of_instructions() if asked.instructions else {})}
    baseline = json.loads(BASELINE.read_text(encoding="utf-8")) if BASELINE.exists() else {"where": {}, "counts": {}}
    for what, count in found.items():
        print(f"{what:<52} {count:>12,} {baseline['counts'].get(what, 0):>12,}")
    if asked.update:
        document = {"where": surroundings(), "counts": {**baseline["counts"], **found}}
        BASELINE.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return 0
    if (where := surroundings()) != baseline["where"]:
        print(f"recorded on {baseline['where']}, this is {where}: modules and instructions are not compared")
    said = judge(comparable(found, where, baseline["where"]), baseline["counts"])
    print(*said, sep="\n")
    return 1 if said else 0


if __name__ == "__main__":
    raise SystemExit(main())
